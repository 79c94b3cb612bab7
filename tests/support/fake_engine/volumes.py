"""Volumes: folders of the state folder."""

import os
import secrets
import shutil

from events import label_matches
from journal import stamp
from server import Refusal


class Volumes:
    def __init__(self, engine):
        self.engine = engine
        self.all = {record["Name"]: record for record in engine.journal.load("volumes")}

    def ensure(self, name, labels=None, options=None):
        """The one that is there is left as it is."""
        if name in self.all:
            return self.all[name]
        anonymous = not name
        name = name or secrets.token_hex(32)
        record = {"Name": name, "Driver": "local", "Mountpoint": self.engine.journal.path("data", name), "Scope": "local",
                  "Labels": labels or {}, "Options": options or {}, "CreatedAt": stamp()[:19] + "Z", "anonymous": anonymous}
        os.makedirs(record["Mountpoint"], exist_ok=True)
        self.all[name] = record
        self.engine.journal.save("volumes", name, record)
        self.engine.events.add("volume", "create", name, {"driver": "local"})
        return record

    def must(self, name):
        if name not in self.all:
            raise Refusal(404, f"get {name}: no such volume")
        return self.all[name]

    def users(self, name):
        return [one.id for one in self.engine.containers.all.values()
                if any(mount.get("Name") == name for mount in one.record["mounts"])]

    def remove(self, name):
        self.must(name)
        if users := self.users(name):
            raise Refusal(409, f"remove {name}: volume is in use - [{', '.join(users)}]")
        self.forget(name)

    def forget(self, name):
        record = self.all.pop(name)
        self.engine.journal.forget("volumes", name)
        shutil.rmtree(record["Mountpoint"], ignore_errors=True)
        self.engine.effects.add("volume removed", volume=name)
        self.engine.events.add("volume", "destroy", name, {"driver": "local"})

    def forget_anonymous(self, mounts):
        for mount in mounts:
            name = mount.get("Name")
            if name in self.all and self.all[name]["anonymous"] and not self.users(name):
                self.forget(name)

    def listed(self, filters):
        def fits(one):
            return (all(label_matches(one["Labels"], value) for value in filters.get("label", []))
                    and (not filters.get("name") or any(value in one["Name"] for value in filters["name"]))
                    and ("true" not in filters.get("dangling", []) or not self.users(one["Name"])))

        return [{key: value for key, value in one.items() if key != "anonymous"} for one in self.all.values() if fits(one)]
