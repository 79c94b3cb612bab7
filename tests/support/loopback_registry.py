"""Debian's docker-registry on loopback, in plain HTTP and without accounts."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request

from slipwayd import free_port

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class LoopbackRegistry:
    """Keeps its data in `folder`; the process may be killed and brought up again."""

    def __init__(self, folder):
        self.folder = folder
        self.host = f"127.0.0.1:{free_port()}"
        self.process = None
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/registry.yml", "w", encoding="utf-8") as file:
            json.dump({"version": 0.1, "log": {"level": "error"}, "http": {"addr": self.host},
                       "storage": {"filesystem": {"rootdirectory": f"{folder}/data"}}}, file)
        self.up()

    def up(self):
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(["docker-registry", "serve", f"{self.folder}/registry.yml"],
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(500):
            try:
                return urllib.request.urlopen(f"http://{self.host}/v2/", timeout=5).close()
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("docker-registry did not come up")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def digest(self, repository, tag):
        """What it has under that tag; empty if nothing."""
        request = urllib.request.Request(f"http://{self.host}/v2/{repository}/manifests/{tag}", method="HEAD", headers={"Accept": MANIFEST})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.headers["Docker-Content-Digest"]
        except urllib.error.HTTPError:
            return ""
