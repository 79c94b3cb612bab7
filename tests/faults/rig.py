"""The registry and the hosts of the matrix: a rig of its own, so that breaking it disturbs no other test."""

import base64
import os
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")
SCRIPT = os.path.join(SUPPORT, "rig", "rig.sh")
sys.path.append(SUPPORT)
import processes  # noqa: E402
from loopback_registry import MANIFEST  # noqa: E402


class Rig:
    def __init__(self, folder, place, hosts=3):
        self.folder, self.hosts = folder, hosts
        self.name, self.subnet = f"faults{place}", f"198.18.{1 + place}"
        # Without live-restore an Engine 20.10 that was killed leaves the network namespaces of the containers it then
        # starts anew: their addresses answer twice, and the container that gets such an address later can't be reached.
        self.environment = os.environ | {"SLIPWAY_RIG_NAME": self.name, "SLIPWAY_RIG_SUBNET": self.subnet,
                                         "SLIPWAY_RIG_HOST_OPTIONS": "--live-restore"}
        self.registry = f"{self.subnet}.1:5000"
        self.up()

    def script(self, verb, *words):
        subprocess.run(["bash", SCRIPT, verb, self.folder, *words], check=True, env=self.environment, capture_output=True)

    def up(self):
        self.script("up", "--hosts", str(self.hosts))

    def down(self):
        self.script("down")

    def settings(self):
        """What slipwayd has to know of it."""
        tls = f"{self.folder}/tls"
        password = f"{self.folder}/registry-password"
        with open(password, "w", encoding="utf-8") as file:
            file.write("slipway-test")
        hosts = {f"h{i}": {"endpoint": f"tcp://{self.address(i)}:2376", "address": self.address(i), "groups": ["production"],
                           "ca": f"{tls}/ca.pem", "cert": f"{tls}/cert.pem", "key": f"{tls}/key.pem"}
                 for i in range(1, self.hosts + 1)}
        return {"registries": {self.registry: {"username": "slipway", "password_file": password, "ca": f"{tls}/ca.pem"}},
                "hosts": hosts}

    def address(self, host):
        return f"{self.subnet}.{10 + host}"

    def digest(self, repository, tag):
        """What the registry has under that tag; empty if nothing."""
        trust = ssl.create_default_context(cafile=f"{self.folder}/tls/ca.pem")
        credentials = base64.b64encode(b"slipway:slipway-test").decode()
        request = urllib.request.Request(f"https://{self.registry}/v2/{repository}/manifests/{tag}", method="HEAD",
                                         headers={"Accept": MANIFEST, "Authorization": f"Basic {credentials}"})
        try:
            with urllib.request.urlopen(request, context=trust, timeout=10) as answer:
                return answer.headers["Docker-Content-Digest"]
        except urllib.error.HTTPError:
            return ""

    def running(self, host, application):
        """The digests of the application's running containers on a host, by container name."""
        text = subprocess.run(["docker", "-H", f"unix://{self.folder}/hosts/h{host}/docker.sock", "ps", "--filter",
                               f"label=dev.slipway.application={application}", "--format",
                               '{{.Names}} {{.Label "dev.slipway.digest"}}'],
                              check=True, capture_output=True, text=True, timeout=30).stdout
        return dict(line.split() for line in text.splitlines())

    def answer(self, host, port):
        try:
            with urllib.request.urlopen(f"http://{self.address(host)}:{port}/version", timeout=3) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    def link(self, host, state):
        subprocess.run(["ip", "link", "set", f"{self.name}-v{host}", state], check=True)

    def kill_pid(self, name):
        """"registry", or "hosts/h2"."""
        processes.end(f"{self.folder}/{name}/pid", signal.SIGKILL)
