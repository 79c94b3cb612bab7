"""The matrix on the fake engine: many more schedules in the same time, and answers that go wrong one by one."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.parse
import urllib.request

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from fake import FakeEngine  # noqa: E402
from loopback_registry import LoopbackRegistry  # noqa: E402
from scenarios import GROUPS  # noqa: E402
from slipwayd import free_port  # noqa: E402


class Engine(FakeEngine):
    """What engine.Engine is, without dockerd."""

    @property
    def starts(self):
        """Container name → what tells its starts apart."""
        starts = {}
        for number, effect in enumerate(self.effects("started")):
            starts.setdefault(effect["container"], set()).add(number)
        return starts

    def die(self):
        self.kill()

    def mend(self):
        """Nothing here stands still or is left dead."""

    def quit(self):
        self.kill(signal.SIGTERM)

    def signal(self, number):
        self.process.send_signal(number)

    def remove(self):
        self.close()

    def names(self, path, of, *labels):
        filters = urllib.parse.quote(json.dumps({"label": list(labels)}))
        return [of(one) for one in listed(self.call("GET", f"{path}{'&' if '?' in path else '?'}filters={filters}"))]

    def remove_all(self, instance):
        for name in self.names("/containers/json?all=1", lambda c: c["Id"], f"dev.slipway.instance={instance}"):
            self.call("DELETE", f"/containers/{name}?force=1")

    def running_of(self, instance, run):
        """Containers of steps and services of that run."""
        return self.names("/containers/json", lambda c: c["Names"][0].removeprefix("/"), f"dev.slipway.instance={instance}",
                          f"dev.slipway.run={run}", "dev.slipway.step")

    def left_of_runs(self, instance):
        mine = (f"dev.slipway.instance={instance}", "dev.slipway.run")
        return (self.names("/containers/json?all=1", lambda c: f"container {c['Names'][0]}", *mine)
                + self.names("/volumes", lambda v: f"volume {v['Name']}", *mine)
                + self.names("/networks", lambda n: f"network {n['Name']}", *mine))

    def spoil(self, point, passing, rule):
        """The answer to that call goes wrong as the rule says."""
        method, path = point.split()[-2:]
        named = ".+" if path.startswith("/images/") or path.count("*") > 1 else "[^/]+"  # images have slashes in their names
        pattern = re.escape(path).replace(r"\*", named)
        self.faults({"method": method, "path": pattern, "nth": passing} | rule)

    def spoilt(self):
        return any(rule["acted"] for rule in self.call("GET", "/_faults"))


def listed(answer):
    return answer.get("Volumes") or [] if isinstance(answer, dict) else answer


class Host(Engine):
    """A fake engine that is a target of rollouts: it has an address of its own on loopback."""

    def __init__(self, number, tls):
        self.address = address_of(number)
        self.port = free_port()
        super().__init__("--address", self.address, "--tcp", f"{self.address}:{self.port}", "--tls", tls)


class Rig:
    """Debian's docker-registry, and hosts that are fake engines. All of it on loopback."""

    def __init__(self, folder, hosts=3):
        self.folder, self.hosts = folder, hosts
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        certify(folder, hosts)
        self.engines = {f"h{number}": Host(number, folder) for number in range(1, hosts + 1)}
        self.server = LoopbackRegistry(f"{folder}/registry")
        self.registry = self.server.host

    def up(self):
        self.server.up()

    def down(self):
        self.kill_pid("registry")
        for host in self.engines.values():
            host.close()

    def kill_pid(self, name):
        """"registry", or "hosts/h2"."""
        if name == "registry":
            self.server.kill()
        else:
            self.engines[name.split("/")[1]].kill()

    def script(self, _verb, name):
        """host-up"""
        self.engines[name].start()

    def settings(self):
        hosts = {name: {"endpoint": f"tcp://{host.address}:{host.port}", "address": host.address, "groups": GROUPS[name],
                        "ca": f"{self.folder}/ca.pem", "cert": f"{self.folder}/cert.pem", "key": f"{self.folder}/key.pem"}
                 for name, host in self.engines.items()}
        return {"registries": {self.registry: {"insecure": True}}, "hosts": hosts}

    def running(self, host, application):
        """The application's running containers on a host: name → digest and generation."""
        def shown(one):
            return one["Names"][0], (one["Labels"]["dev.slipway.digest"], int(one["Labels"]["dev.slipway.generation"]))
        return dict(self.engines[f"h{host}"].names("/containers/json", shown, f"dev.slipway.application={application}"))

    def standing(self, host, application):
        """(name, state) of all of them."""
        return self.engines[f"h{host}"].names("/containers/json?all=1", lambda c: (c["Names"][0], c["State"]),
                                              f"dev.slipway.application={application}")

    def leases(self, host, application):
        """The numbers that are marked there."""
        return self.engines[f"h{host}"].names("/volumes", lambda v: int(v["Name"].rsplit("-", 1)[1]), f"dev.slipway.lease={application}")

    def answer(self, host, port):
        try:
            with urllib.request.urlopen(f"http://{self.engines[f'h{host}'].address}:{port}/version", timeout=3) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    def spoilable(self, cell):
        """The host whose call the cell is about, and the how-manieth of that host's it is; calls come to them in turn."""
        number = (cell.passing - 1) % self.hosts
        return self.engines[f"h{number + 1}"], (cell.passing - 1) // self.hosts + 1

    def digest(self, repository, tag):
        return self.server.digest(repository, tag)


def address_of(host):
    """On loopback, of this process's own, so that matrices run beside each other."""
    own = os.getpid() % 50_000
    return f"127.{1 + own // 250}.{own % 250}.{host}"


def certify(folder, hosts):
    """One certificate, its own authority, for both sides and all hosts."""
    addresses = ",".join(f"IP:{address_of(number)}" for number in range(1, hosts + 1))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-subj", "/CN=slipway fault rig", "-addext", f"subjectAltName={addresses}",
                    "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"], check=True, capture_output=True)
    shutil.copy(f"{folder}/cert.pem", f"{folder}/ca.pem")
