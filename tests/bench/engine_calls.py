"""The Engine calls of one offline step and nothing else: what slipway's overhead is measured against."""

import http.client
import json
import socket


class Engine(http.client.HTTPConnection):
    """One keep-alive connection to the Engine's Unix socket."""

    def __init__(self, path="/var/run/docker.sock"):
        super().__init__("engine")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)

    def call(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        self.request(method, path, data, {"Content-Type": "application/json"} if data else {})
        answer = self.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:200]}")
        return content


def offline_step(engine, name, image="busybox:latest", command=("true",)):
    """create, start, wait, logs, remove: the calls of design.md's step, with NetworkDisabled as slipway sets it."""
    spec = {
        "Image": image,
        "Cmd": list(command),
        "NetworkDisabled": True,
        "HostConfig": {"LogConfig": {"Type": "json-file", "Config": {}}, "NetworkMode": "none"},
    }
    created = json.loads(engine.call("POST", f"/v1.41/containers/create?name={name}", spec))["Id"]
    engine.call("POST", f"/v1.41/containers/{created}/start")
    engine.call("POST", f"/v1.41/containers/{created}/wait")
    engine.call("GET", f"/v1.41/containers/{created}/json")
    engine.call("GET", f"/v1.41/containers/{created}/logs?stdout=1&stderr=1")
    engine.call("DELETE", f"/v1.41/containers/{created}?v=1")
