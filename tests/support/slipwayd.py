"""A slipwayd as a program that Python tests start, kill and ask, and projects that push to it."""

import hashlib
import hmac
import json
import os
import random
import re
import signal
import socket
import subprocess
import time
import urllib.request
import uuid


def free_port():
    """A port of 127.0.0.1 on which nobody listens now. Below those that outgoing connections get, since a daemon that comes
    back after a while wants it again."""
    for _ in range(1000):
        port = random.randint(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free")


class Slipwayd:
    """One data folder, one port; the process may come and go."""

    def __init__(self, build, folder, settings):
        self.program = f"{build}/orchestrator/daemon/slipwayd"
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.token = None
        self.boot_id = None  # where it isn't the machine's own
        os.makedirs(folder, exist_ok=True)
        self.configure(settings)

    def configure(self, settings):
        """From the next start on."""
        ours = {"listen": f"127.0.0.1:{self.port}", "data": f"{self.folder}/data", "git": {"allow_local": True}}
        with open(f"{self.folder}/slipwayd.yml", "w", encoding="utf-8") as file:
            json.dump(ours | settings, file)

    def next_boot(self):
        """From the next start on the machine seems to have been started anew since."""
        self.boot_id = f"{self.folder}/boot_id"
        with open(self.boot_id, "w", encoding="utf-8") as file:
            file.write(f"{uuid.uuid4()}\n")

    def command(self):
        words = [self.program, "--config", f"{self.folder}/slipwayd.yml"]
        if not self.boot_id:
            return words
        script = f'mount --bind "{self.boot_id}" /proc/sys/kernel/random/boot_id && exec "$0" "$@"'
        return ["unshare", "--mount", "sh", "-c", script, *words]

    def start(self, environment=None):
        """Does not wait until it is ready; see `await_ready`."""
        with open(f"{self.folder}/log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, env=os.environ | (environment or {}))

    def await_ready(self, seconds=30):
        """False if the process died before."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.died():
                return False
            if self.ready():
                self.token = self.token or self.first_token()
                return True
            time.sleep(0.01)
        raise RuntimeError(f"slipwayd is not ready after {seconds} s, see {self.folder}/log")

    def ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def first_token(self):
        with open(f"{self.folder}/log", encoding="utf-8") as log:
            return re.search(r"token=(slw_[\w-]+)", log.read()).group(1)

    def instance(self):
        """What the names of its containers begin with, after "slip-"."""
        with open(f"{self.folder}/log", encoding="utf-8") as log:
            return re.search(r"instance=(\w+)", log.read()).group(1)

    def rss_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) * 1024

    def died(self):
        return self.process is None or self.process.poll() is not None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def ask(self, method, path, body=None, accept="application/json"):
        """The body of the answer, as text."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Accept": accept}
        request = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def api(self, method, path, body=None):
        text = self.ask(method, f"/api/v1{path}", body)
        return json.loads(text) if text else None


class Project:
    """A local bare repository registered under `name`, and signed pushes to it."""

    def __init__(self, daemon, name):
        self.daemon, self.name = daemon, name
        self.secret = os.urandom(20).hex()
        self.bare = f"{daemon.folder}/{name}.git"
        self.work = f"{daemon.folder}/{name}"
        self.git("init", "-q", "--bare", "-b", "main", self.bare)
        self.git("init", "-q", "-b", "main", self.work)
        daemon.api("POST", "/projects", {"name": name, "clone_url": self.bare, "hook_secret": self.secret})

    def git(self, *words):
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, files):
        """Commits these files (name → text) and pushes; the commit's id. The daemon is not told: see `hook`."""
        for name, text in files.items():
            with open(f"{self.work}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        self.git("-C", self.work, "add", "-A")
        self.git("-C", self.work, "commit", "-q", "--allow-empty", "-m", "A change")
        self.git("-C", self.work, "push", "-q", self.bare, "HEAD:main")
        return self.git("-C", self.work, "rev-parse", "HEAD")

    def hook(self, commit, branch="main", stamp=None, base=""):
        """Posts the webhook, signed for that moment (else now): what was answered, and the moment (time.time) just after.
        `base`: the commit before, if the sender tells it."""
        body = json.dumps({"event": "push", "ref": f"refs/heads/{branch}", "after": commit} | ({"before": base} if base else {})).encode()
        now = str(stamp or int(time.time()))
        signature = hmac.new(self.secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Slipway-Timestamp": now, "X-Slipway-Signature": f"sha256={signature}"}
        request = urllib.request.Request(f"{self.daemon.url}/hooks/{self.name}/generic", body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read()), time.time()

    def runs(self, commit):
        return self.daemon.api("GET", f"/runs?project={self.name}&commit={commit}")["items"]
