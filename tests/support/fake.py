"""A fake engine (tests/support/fake_engine) of one's own: started, killed, asked what it really did."""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fake_engine")


class FakeEngine:
    """Runs until `close`. Its state outlives `kill`, so that `start` brings the same engine back."""

    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory(prefix="slipway-fake-")
        self.socket = f"{self.folder.name}/docker.sock"
        self.endpoint = f"unix://{self.socket}"
        self.options = options
        self.process = None
        self.start()

    def start(self):
        if self.process:
            self.process.stdin.close()  # of one that died by itself
        words = [sys.executable, PROGRAM, "--socket", self.socket, "--state", f"{self.folder.name}/state",
                 "--until-stdin-ends", *self.options]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE)
        for _ in range(3000):
            try:
                return self.call("GET", "/_ping")
            except OSError:
                time.sleep(0.01)
        raise RuntimeError("the fake engine did not come up")

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        self.process.wait(30)
        self.process.stdin.close()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        self.folder.cleanup()

    def call(self, method, path, body=None, timeout=30):
        """The answer's JSON, or its bytes where it is none."""
        connection = http.client.HTTPConnection("fake")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(timeout)
        try:
            connection.sock.connect(self.socket)
            connection.request(method, path, json.dumps(body) if body is not None else None)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text) if text[:1] in (b"{", b"[") else text

    def faults(self, *rules):
        """Replaces all rules; see fake_engine/faults.py."""
        self.call("POST", "/_faults", list(rules))

    def effects(self, *what):
        """What was really done, in order: all, or only these kinds."""
        return [one for one in self.call("GET", "/_effects") if not what or one["what"] in what]

    def starts(self):
        """How often each container was started, by name."""
        counts = {}
        for effect in self.effects("started"):
            counts[effect["container"]] = counts.get(effect["container"], 0) + 1
        return counts

    def written(self, container):
        """What the newest container of that name wrote, removed or not: (stream, bytes) in order."""
        log = self.call("GET", f"/_written/{container}")
        return [(stream, base64.b64decode(text)) for stream, text in log["entries"]]
