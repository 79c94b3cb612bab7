"""The matrix on the fake engine: many more schedules in the same time, and answers that go wrong one by one."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from fake import FakeEngine  # noqa: E402
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

    def left_of_runs(self, instance):
        mine = (f"dev.slipway.instance={instance}", "dev.slipway.run")
        return (self.names("/containers/json?all=1", lambda c: f"container {c['Names'][0]}", *mine)
                + self.names("/volumes", lambda v: f"volume {v['Name']}", *mine)
                + self.names("/networks", lambda n: f"network {n['Name']}", *mine))

    def spoil(self, cell, rule):
        """The answer to the cell's call goes wrong as the rule says."""
        method, path = cell.point.split()[1:3]
        pattern = re.escape(path).replace(r"\*", "[^/]+" if path.count("*") == 1 else ".+")
        self.faults({"method": method, "path": pattern, "nth": cell.passing} | rule)

    def spoilt(self):
        return any(rule["acted"] for rule in self.call("GET", "/_faults"))


def listed(answer):
    return answer.get("Volumes") or [] if isinstance(answer, dict) else answer


class Rig:
    """Debian's docker-registry on loopback, and no hosts."""
    hosts = 0

    def __init__(self, folder):
        self.folder = folder
        self.registry = f"127.0.0.1:{free_port()}"
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        with open(f"{folder}/registry.yml", "w", encoding="utf-8") as file:
            json.dump({"version": 0.1, "log": {"level": "error"}, "http": {"addr": self.registry},
                       "storage": {"filesystem": {"rootdirectory": f"{folder}/data"}}}, file)
        self.process = None
        self.up()

    def up(self):
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(["docker-registry", "serve", f"{self.folder}/registry.yml"],
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(500):
            try:
                return urllib.request.urlopen(f"http://{self.registry}/v2/", timeout=5).close()
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("docker-registry did not come up")

    def down(self):
        self.process.kill()
        self.process.wait()

    def kill_pid(self, _name):
        self.down()

    def settings(self):
        return {"registries": {self.registry: {"insecure": True}}}

    def digest(self, repository, tag):
        request = urllib.request.Request(f"http://{self.registry}/v2/{repository}/manifests/{tag}", method="HEAD",
                                         headers={"Accept": "application/vnd.docker.distribution.manifest.v2+json"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.headers["Docker-Content-Digest"]
        except urllib.error.HTTPError:
            return ""
