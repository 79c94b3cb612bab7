"""Images: their configuration, the folders that hold their files, and their names."""

import hashlib
import json
import time

from events import label_matches
from image_config import apply
from journal import stamp
from layers import Layers, tar_of
from server import Refusal

# What is there from the start: repository → what a container of it runs, and programs beyond programs.py.
BASES = {
    "busybox": {"Cmd": ["sh"], "programs": []},
    "python": {"Cmd": ["python3"], "programs": ["python3", "python"]},
    "haproxy": {"Cmd": ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"], "programs": ["haproxy"]},
}


def familiar(name):
    """Without docker.io, with a tag."""
    name = name.removeprefix("docker.io/").removeprefix("library/")
    return name if "@" in name or ":" in name.rsplit("/", 1)[-1] else name + ":latest"


def repository_of(name):
    return name.split("@")[0] if "@" in name else name.rpartition(":")[0]


class Images:
    def __init__(self, engine):
        self.engine = engine
        self.layers = Layers(engine.journal)
        self.all = {record["Id"]: record for record in engine.journal.load("images")}
        if not self.all:
            for name, base in BASES.items():
                layer = self.layers.add(tar_of("etc/os-release", f"ID={name}\n".encode()))
                config = {"Cmd": base["Cmd"], "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"]}
                image = self.make(config, [layer], base["programs"], "2026-01-01T00:00:00Z")
                self.tag(image, name + ":latest")

    def make(self, config, layers, programs, created):
        """Its id is the digest of its configuration, as it is of a real one."""
        document = {"architecture": "amd64", "os": "linux", "created": created, "config": config, "programs": programs,
                    "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}" for layer in layers]}}
        return self.add(json.dumps(document, sort_keys=True))

    def add(self, document):
        """The image with this text for a configuration; its layers are here."""
        identity = "sha256:" + hashlib.sha256(document.encode()).hexdigest()
        if identity not in self.all:
            read = json.loads(document)
            layers = [digest.split(":")[1] for digest in read["rootfs"]["diff_ids"]]
            self.all[identity] = {
                "Id": identity, "RepoTags": [], "RepoDigests": [], "Created": read["created"], "created_at": int(time.time()),
                "Size": sum(len(self.layers.read(layer)) for layer in layers), "Config": read["config"] or {},
                "Os": read["os"], "Architecture": read["architecture"], "layers": layers, "document": document}
            self.save(self.all[identity])
        return self.all[identity]

    def save(self, image):
        self.engine.journal.save("images", image["Id"], image)

    def folders(self, image):
        """The newest layer's first."""
        return [self.layers.folder(layer) for layer in reversed(image["layers"])]

    def serves(self, identity, program):
        """Whether an image brings a program that no file of it shows. Of images made elsewhere nobody knows."""
        programs = json.loads(self.all[identity]["document"]).get("programs") if identity in self.all else None
        return programs is None or program in programs

    def find(self, name):
        if name in self.all:
            return self.all[name]
        full = familiar(name)
        for image in self.all.values():
            if full in image["RepoTags"] or full in image["RepoDigests"]:
                return image
        if len(name) >= 12 and ":" not in name.removeprefix("sha256:"):
            return next((one for one in self.all.values() if one["Id"].split(":")[1].startswith(name.split(":")[-1])), None)
        return None

    def must(self, name):
        image = self.find(name)
        if not image:
            raise Refusal(404, f"No such image: {name if name.startswith('sha256:') else familiar(name)}")
        return image

    def tag(self, image, name):
        name = familiar(name)
        for other in self.all.values():
            if other is not image and name in other["RepoTags"]:
                other["RepoTags"].remove(name)
                self.save(other)
        if name not in image["RepoTags"]:
            image["RepoTags"].append(name)
            self.save(image)
            self.engine.events.add("image", "tag", image["Id"], {"name": name})

    def add_digest(self, image, name):
        if name not in image["RepoDigests"]:
            image["RepoDigests"].append(name)
            self.save(image)

    def remove(self, name, force):
        image = self.must(name)
        by_id = image["Id"].split(":")[1].startswith(name.removeprefix("sha256:"))
        names = image["RepoTags"]
        if by_id and len(names) > 1 and not force:
            raise Refusal(409, f"conflict: unable to delete {image['Id'][7:19]} (must be forced) - image is referenced in multiple repositories")
        told = []
        for tag in list(names) if by_id else [familiar(name)]:
            told.append({"Untagged": tag})
            for listed in (names, image["RepoDigests"]):
                if tag in listed:
                    listed.remove(tag)
            repository = repository_of(tag)
            if not any(repository_of(other) == repository for other in names):
                image["RepoDigests"][:] = [one for one in image["RepoDigests"] if repository_of(one) != repository]
        if names:
            self.save(image)
            return told
        users = [one for one in self.engine.containers.all.values() if one.record["image_id"] == image["Id"]]
        if users and not force:
            names[:] = [entry["Untagged"] for entry in told]
            raise Refusal(409, f"conflict: unable to remove repository reference \"{name}\" (must force) - container {users[0].id[:12]} is using its referenced image {image['Id'][7:19]}")
        self.forget(image)
        return told + [{"Deleted": image["Id"]}]

    def forget(self, image):
        del self.all[image["Id"]]
        self.engine.journal.forget("images", image["Id"])
        self.engine.effects.add("image removed", id=image["Id"])
        self.engine.events.add("image", "delete", image["Id"], {"name": image["Id"]})

    def inspect(self, image):
        shown = {key: value for key, value in image.items() if key not in ("layers", "document", "created_at")}
        return {**shown, "RootFS": json.loads(image["document"])["rootfs"], "GraphDriver": {"Name": "overlay2"}}

    def listed(self, filters):
        rows = []
        for image in self.all.values():
            labels = image["Config"].get("Labels") or {}
            fits = all(label_matches(labels, value) for value in filters.get("label", []))
            fits = fits and (not filters.get("reference") or any(
                value in (tag, repository_of(tag)) for value in filters["reference"] for tag in image["RepoTags"]))
            dangling = filters.get("dangling", [""])[0] in ("true", "1")
            if fits and (not dangling or not image["RepoTags"]):
                rows.append({"Id": image["Id"], "RepoTags": image["RepoTags"] or None, "RepoDigests": image["RepoDigests"],
                             "Labels": labels, "Size": image["Size"], "Created": image["created_at"], "Containers": -1})
        return rows

    def prune(self, filters):
        users = {one.record["image_id"] for one in self.engine.containers.all.values()}
        unused = [row["Id"] for row in self.listed(filters) if row["Id"] not in users]
        for identity in unused:
            self.forget(self.all[identity])
        return [{"Deleted": identity} for identity in unused]

    def imported(self, tar, name, changes):
        config = {"Labels": {}, "Env": []}
        for change in changes:
            apply(config, change)
        image = self.make(config, [self.layers.add(tar)], [], stamp())
        if name:
            self.tag(image, name)
        self.engine.effects.add("image imported", id=image["Id"], name=name)
        return image
