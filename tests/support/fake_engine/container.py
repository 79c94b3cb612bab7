"""One container: its record, and what the API shows of it."""

from files import Files
from journal import NEVER, Signal
from logs import Log, frame


class Container:
    """`record` is kept in the journal; everything else lasts as long as this program."""

    def __init__(self, record, journal, image_layers):
        self.record, self.journal = record, journal
        self.log = Log(journal.path("logs", record["id"]))
        self.process = None
        self.attached = []  # writers
        self.change = Signal()
        self.removed = False
        self.exits = 0  # since this program began: what next-exit waits for
        self.probes = None
        mounts = {mount["Destination"]: mount["Source"] for mount in record["mounts"]}
        self.files = Files([journal.path("roots", self.id), *image_layers], mounts)

    id = property(lambda self: self.record["id"])
    name = property(lambda self: self.record["name"])
    config = property(lambda self: self.record["config"])
    host = property(lambda self: self.record["config"].get("HostConfig") or {})
    state = property(lambda self: self.record["state"])
    running = property(lambda self: self.record["state"]["Running"])
    labels = property(lambda self: self.record["config"].get("Labels") or {})
    tty = property(lambda self: bool(self.record["config"].get("Tty")))

    def save(self):
        self.journal.save("containers", self.id, self.record)

    def attributes(self, **more):
        return {**self.labels, "image": self.config["Image"], "name": self.name, **more}

    async def write(self, stream, data):
        """Output of its program: to the log, then to whoever is attached, who may hold it up."""
        if self.tty:
            stream, data = 1, data.replace(b"\n", b"\r\n")
        if (self.host.get("LogConfig") or {}).get("Type") != "none":
            self.log.write(stream, data)
        for writer in list(self.attached):
            try:
                writer.write(data if self.tty else frame(stream, data))
                await writer.drain()
            except ConnectionError:
                if writer in self.attached:
                    self.attached.remove(writer)

    def inspect(self):
        record, config = self.record, self.config
        state = {"Paused": False, "Restarting": False, "OOMKilled": False, "Dead": False, "Pid": 0, **self.state}
        return {
            "Id": self.id, "Created": record["created"], "Path": (self.words() or [""])[0], "Args": self.words()[1:],
            "State": state, "Image": record["image_id"], "Name": "/" + self.name, "Driver": "overlay2",
            "RestartCount": record["restarts"], "Platform": "linux", "Mounts": record["mounts"],
            "Config": {**config, "HostConfig": None, "NetworkingConfig": None, "Cmd": self.record["cmd"],
                       "Entrypoint": self.record["entrypoint"], "Env": self.record["env"],
                       "Hostname": config.get("Hostname") or self.id[:12]},
            "HostConfig": {"NetworkMode": "default", **self.host},
            "NetworkSettings": {"Networks": record["networks"], "Ports": self.ports()},
        }

    def words(self):
        return list(self.record["entrypoint"] or []) + list(self.record["cmd"] or [])

    def ports(self):
        return self.record["ports"] if self.running else {}

    def row(self):
        ports = [{"IP": one["HostIp"], "PrivatePort": int(key.split("/")[0]), "PublicPort": int(one["HostPort"]),
                  "Type": key.split("/")[1]} for key, bound in self.ports().items() for one in bound]
        return {
            "Id": self.id, "Names": ["/" + self.name], "Image": self.config["Image"],
            "ImageID": self.record["image_id"], "Command": " ".join(self.words()),
            "Created": self.record["created_at"], "Ports": ports, "Labels": self.labels,
            "State": self.state["Status"], "Status": self.in_words(), "Mounts": self.record["mounts"],
            "HostConfig": {"NetworkMode": self.host.get("NetworkMode", "default")},
            "NetworkSettings": {"Networks": self.record["networks"]},
        }

    def in_words(self):
        if self.state["Status"] == "exited":
            return f"Exited ({self.state['ExitCode']}) a moment ago"
        health = self.state.get("Health", {}).get("Status")
        known = {"starting": " (health: starting)", "healthy": " (healthy)", "unhealthy": " (unhealthy)"}
        return "Up a moment" + known.get(health, "") if self.running else "Created"


def fresh_state():
    return {"Status": "created", "Running": False, "ExitCode": 0, "Error": "", "StartedAt": NEVER, "FinishedAt": NEVER}
