"""A slipwayd with fresh data, and projects in local repositories: for the benchmarks and the fake engine's own test."""

import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.request

PORT = 8097


class Daemon:
    def __init__(self, build, engine="unix:///var/run/docker.sock", port=PORT, **more):
        """`more` adds to the settings or replaces some."""
        self.folder = tempfile.TemporaryDirectory(prefix="slipway-bench-")
        self.url = f"http://127.0.0.1:{port}"
        settings = {
            "listen": f"127.0.0.1:{port}",
            "data": f"{self.folder.name}/data",
            "engine": engine,
            "git": {"allow_local": True},
            "limits": {"runs": 1},
            **more,
        }
        path = f"{self.folder.name}/slipwayd.yml"
        with open(path, "w") as file:
            json.dump(settings, file)
        self.log = open(f"{self.folder.name}/log", "w+")
        self.process = subprocess.Popen([f"{build}/orchestrator/daemon/slipwayd", "--config", path], stdout=self.log, stderr=self.log)
        self.token = self.first_token()

    def first_token(self):
        for _ in range(1200):
            time.sleep(0.05)
            with open(self.log.name) as file:
                found = re.search(r"token=(slw_[\w-]+)", file.read())
            if found and self.ready():
                return found.group(1)
        raise RuntimeError(f"slipwayd did not start, see {self.log.name}")

    def ready(self):
        try:
            return urllib.request.urlopen(f"{self.url}/readyz", timeout=2).status == 200
        except OSError:
            return False

    def api(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}{path}", data, {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def rss_bytes(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) * 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()
        self.folder.cleanup()


class Project:
    """A local bare repository registered under `name`, and signed pushes to it."""

    def __init__(self, daemon, name):
        self.daemon, self.name = daemon, name
        self.secret = os.urandom(20).hex()
        self.bare = f"{daemon.folder.name}/{name}.git"
        self.work = f"{daemon.folder.name}/{name}"
        self.git("init", "-q", "--bare", "-b", "main", self.bare)
        self.git("init", "-q", "-b", "main", self.work)
        daemon.api("POST", "/api/v1/projects", {"name": name, "clone_url": self.bare, "hook_secret": self.secret})

    def git(self, *words):
        return subprocess.run(["git", "-c", "user.name=b", "-c", "user.email=b@example.invalid", *words], check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, pipeline):
        with open(f"{self.work}/slipway.yml", "w") as file:
            file.write(pipeline)
        self.git("-C", self.work, "add", "-A")
        self.git("-C", self.work, "commit", "-q", "--allow-empty", "-m", "bench")
        self.git("-C", self.work, "push", "-q", self.bare, "HEAD:main")
        return self.git("-C", self.work, "rev-parse", "HEAD")

    def fetch_by_hand(self, commit):
        """What git has to do for a new commit: into a mirror, its pipeline file read, its tree checked out."""
        mirror = f"{self.work}.mirror"
        if not os.path.exists(mirror):
            self.git("init", "-q", "--bare", mirror)
        self.git("-C", mirror, "fetch", "-q", "--no-tags", "--depth=1", "--no-write-fetch-head", self.bare, f"{commit}:refs/by-hand/{commit}")
        self.git("-C", mirror, "cat-file", "-p", f"{commit}:slipway.yml")
        with tempfile.TemporaryDirectory() as tree:
            self.git("-C", mirror, f"--work-tree={tree}", "checkout", "-q", "--force", commit, "--", ".")

    def hook(self, commit):
        """Posts the webhook; the moment (time.time) just after it was answered."""
        body = json.dumps({"event": "push", "ref": "refs/heads/main", "after": commit}).encode()
        now = str(int(time.time()))
        signature = hmac.new(self.secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
        request = urllib.request.Request(
            f"{self.daemon.url}/hooks/{self.name}/generic", body,
            {"Content-Type": "application/json", "X-Slipway-Timestamp": now, "X-Slipway-Signature": f"sha256={signature}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()
        return time.time()

    def finished_run(self, commit):
        """The run of that commit once it has ended."""
        for _ in range(6000):
            runs = self.daemon.api("GET", f"/api/v1/runs?project={self.name}&commit={commit}")["items"]
            if runs and runs[0]["state"] == "finished":
                if runs[0]["verdict"] != "passed":
                    raise RuntimeError(f"run ended {runs[0]}")
                return self.daemon.api("GET", f"/api/v1/runs/{runs[0]['id']}")
            time.sleep(0.01)
        raise RuntimeError("run did not end")
