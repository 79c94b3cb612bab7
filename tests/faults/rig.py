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
from scenarios import GROUPS  # noqa: E402


class Rig:
    def __init__(self, folder, place, hosts=3, nodes=3):
        self.folder, self.hosts = folder, hosts
        self.nodes = range(hosts + 1, hosts + nodes + 1)  # hosts, too, but of a swarm
        self.name, self.subnet = f"faults{place}", f"198.18.{1 + place}"
        # Without live-restore an Engine 20.10 that was killed leaves the network namespaces of the containers it then
        # starts anew: their addresses answer twice, and the container that gets such an address later can't be reached.
        self.environment = os.environ | {"SLIPWAY_RIG_NAME": self.name, "SLIPWAY_RIG_SUBNET": self.subnet,
                                         "SLIPWAY_RIG_HOST_OPTIONS": "--live-restore"}
        self.registry = f"{self.subnet}.1:5000"
        self.up()
        self.form_swarm()

    def script(self, verb, *words, environment=None):
        subprocess.run(["bash", SCRIPT, verb, self.folder, *words], check=True, env=environment or self.environment, capture_output=True)

    def form_swarm(self):
        """All nodes are managers."""
        for number in self.nodes:
            self.node_up(number)
            self.docker(number, "swarm", "leave", "--force", check=False)  # of an earlier matrix
        first = self.nodes[0]
        self.docker(first, "swarm", "init", "--advertise-addr", self.address(first))
        token = self.docker(first, "swarm", "join-token", "-q", "manager").strip()
        for number in self.nodes[1:]:
            self.docker(number, "swarm", "join", "--token", token, "--advertise-addr", self.address(number), f"{self.address(first)}:2377")

    def node_up(self, number):
        """An engine with live-restore can't be in a swarm."""
        self.script("host-up", f"h{number}", environment=self.environment | {"SLIPWAY_RIG_HOST_OPTIONS": ""})

    def docker(self, host, *words, check=True):
        return subprocess.run(["docker", "-H", f"unix://{self.folder}/hosts/h{host}/docker.sock", *words],
                              check=check, capture_output=True, text=True, timeout=60).stdout

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
        hosts = {f"h{i}": {"endpoint": f"tcp://{self.address(i)}:2376", "address": self.address(i),
                           "groups": GROUPS.get(f"h{i}", []),
                           "ca": f"{tls}/ca.pem", "cert": f"{tls}/cert.pem", "key": f"{tls}/key.pem"}
                 for i in range(1, self.nodes[-1] + 1)}
        return {"registries": {self.registry: {"username": "slipway", "password_file": password, "ca": f"{tls}/ca.pem"}},
                "hosts": hosts, "swarms": {"swarm": {"managers": [f"h{i}" for i in self.nodes]}}}

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
        """The application's running containers on a host: name → digest and generation."""
        text = self.docker(host, "ps", "--filter", f"label=dev.slipway.application={application}", "--format",
                           '{{.Names}} {{.Label "dev.slipway.digest"}} {{.Label "dev.slipway.generation"}}')
        return {name: (digest, int(generation)) for name, digest, generation in (line.split() for line in text.splitlines())}

    def standing(self, host, application):
        """(name, state) of all of them."""
        text = self.docker(host, "ps", "-a", "--filter", f"label=dev.slipway.application={application}", "--format", "{{.Names}} {{.State}}")
        return [tuple(line.split()) for line in text.splitlines()]

    def leases(self, host, application):
        """The numbers that are marked there."""
        names = self.docker(host, "volume", "ls", "-q", "--filter", f"label=dev.slipway.lease={application}").split()
        return [int(name.rsplit("-", 1)[1]) for name in names]

    def running_tasks(self, node, service):
        """As `running`: those of a service of the swarm, newest first."""
        text = self.docker(node, "ps", "--no-trunc", "--filter", f"label=com.docker.swarm.service.name={service}", "--format",
                           '{{.Names}} {{.Image}} {{.Label "dev.slipway.generation"}}')
        return {name: (image.split("@")[1], int(generation)) for name, image, generation in (line.split() for line in text.splitlines())}

    def answer_inside(self, node, service):
        """Of the newest task there."""
        tasks = list(self.running_tasks(node, service))
        return self.docker(node, "exec", tasks[0], "wget", "-q", "-O", "-", "http://127.0.0.1:8080/version", check=False) if tasks else ""

    def tasks(self, service, digest):
        """On which nodes the swarm has made a task of that image, one for each task it remembers. Told by a node that nothing breaks."""
        text = self.docker(self.nodes[-1], "service", "ps", service, "--no-trunc", "--no-resolve", "--format", "{{.Node}} {{.Image}}", check=False)
        return [node for node, image in (line.split() for line in text.splitlines()) if image.endswith(f"@{digest}")]  # ids: names are all the same

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
