"""The Engine calls of one offline step and nothing else: what slipway's overhead is measured against."""

import concurrent.futures
import http.client
import io
import json
import socket
import tarfile
import time
import urllib.parse


def workspace(files):
    """The tar of a checkout with these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


class Engine(http.client.HTTPConnection):
    """One keep-alive connection to the Engine's Unix socket."""

    def __init__(self, path="/var/run/docker.sock"):
        super().__init__("engine")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)

    def call(self, method, path, body=None):
        data, kind = body, "application/x-tar"
        if body is not None and not isinstance(body, bytes):
            data, kind = json.dumps(body).encode(), "application/json"
        self.request(method, f"/v1.41{path}", data, {"Content-Type": kind} if data else {})
        answer = self.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:200]}")
        return content


def spec(volume):
    """What slipway asks for when a pipeline says nothing: workspace, limits, nothing privileged."""
    return {
        "Image": "busybox:latest",
        "Entrypoint": ["/bin/sh"],
        "Cmd": ["-c", "set -e\ntrue"],
        "WorkingDir": "/workspace",
        "NetworkDisabled": True,
        "HostConfig": {
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "536870912", "max-file": "2"}},
            "NetworkMode": "none",
            "Memory": 2 << 30,
            "MemorySwap": 2 << 30,
            "NanoCpus": 2000000000,
            "PidsLimit": 1024,
            "CapDrop": ["AUDIT_WRITE", "MKNOD", "NET_RAW", "SETFCAP", "SETPCAP"],
            "SecurityOpt": ["no-new-privileges"],
            "Mounts": [{"Type": "volume", "Source": volume, "Target": "/workspace", "VolumeOptions": {"NoCopy": True}}],
        },
    }


def create(engine, name, volume):
    return json.loads(engine.call("POST", f"/containers/create?name={name}", spec(volume)))["Id"]


def create_filled(engine, name, files):
    """With a workspace of the same name, which is filled."""
    created = create(engine, name, name)
    engine.call("PUT", f"/containers/{created}/archive?path=/workspace", workspace(files))
    return created


def run_to_its_end(engine, container):
    """start, wait, inspect, logs: with these the step's outcome is known."""
    engine.call("POST", f"/containers/{container}/start")
    engine.call("POST", f"/containers/{container}/wait")
    engine.call("GET", f"/containers/{container}/json")
    engine.call("GET", f"/containers/{container}/logs?stdout=1&stderr=1&timestamps=1")


def overlapped_steps(connect, name, files, count):
    """`count` steps of a job one after the other, of which each is created while the one before runs, as slipway does it: what
    only overlapping the calls brings. `connect` makes a connection to the Engine; the containers that are left."""
    engine, beside = connect(), connect()
    containers = []
    with concurrent.futures.ThreadPoolExecutor(1) as creating:
        container = create_filled(engine, name, files)
        for further in range(1, count + 1):
            following = creating.submit(create, beside, f"{name}-{further}", name) if further < count else None
            run_to_its_end(engine, container)
            containers.append(container)
            container = following.result() if following else None
    return containers


def remove(engine, container):
    engine.call("DELETE", f"/containers/{container}?v=1&force=1")


def remove_volume(engine, name):
    engine.call("DELETE", f"/volumes/{name}")


def leftovers(engine, prefix):
    """The names of the containers and volumes there that begin so."""
    filters = urllib.parse.quote(json.dumps({"name": [prefix]}))
    containers = json.loads(engine.call("GET", f"/containers/json?all=1&filters={filters}"))
    volumes = json.loads(engine.call("GET", f"/volumes?filters={filters}"))["Volumes"] or []
    names = [name.lstrip("/") for container in containers for name in container["Names"]] + [volume["Name"] for volume in volumes]
    return [name for name in names if name.startswith(prefix)]


def last_removal(engine, prefix, since):
    """When the engine removed the last container or volume whose name begins so; both are moments as of time.time."""
    filters = urllib.parse.quote(json.dumps({"type": ["container", "volume"], "event": ["destroy"]}))
    until = time.time() + 0.1  # what is gone from the lists may not have been told yet
    told = engine.call("GET", f"/events?since={since:.9f}&until={until:.9f}&filters={filters}")
    events = [json.loads(line) for line in told.splitlines() if line]
    return max(event["timeNano"] / 1e9 for event in events if name_in(event).startswith(prefix))


def name_in(event):
    return event["Actor"]["Attributes"]["name"] if event["Type"] == "container" else event["Actor"]["ID"]
