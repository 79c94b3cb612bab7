"""A container's files: its volumes and what was written, over what its image brings."""

import io
import os
import shutil
import stat
import tarfile

# Folders that every image has.
USUAL = {"/", "/bin", "/dev", "/etc", "/home", "/proc", "/root", "/tmp", "/usr", "/var"}


class NotAFolder(Exception):
    pass


def unpack(place, data):
    """Files, folders and symlinks of a tar below the folder `place`, and nothing outside it."""
    root = os.path.realpath(place)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            path = os.path.join(root, os.path.normpath("/" + member.name).lstrip("/"))
            if os.path.commonpath([root, os.path.realpath(os.path.dirname(path))]) != root:
                continue
            if member.isdir():
                os.makedirs(path, exist_ok=True)
                continue
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if os.path.lexists(path):
                os.unlink(path)
            if member.issym():
                os.symlink(member.linkname, path)
            elif member.isfile():
                with open(path, "wb") as file:
                    file.write(tar.extractfile(member).read())
                os.chmod(path, member.mode & 0o777)


class Files:
    """`layers`: folders of this machine, the container's own first. `mounts`: path in the container → folder here."""

    def __init__(self, layers, mounts):
        self.layers, self.mounts = layers, dict(mounts)

    def places(self, path):
        """Where `path` may be on this machine, the place to write to first."""
        path = os.path.normpath("/" + path.lstrip("/"))
        for mount in sorted(self.mounts, key=len, reverse=True):
            if path == mount or path.startswith(mount.rstrip("/") + "/"):
                return [self.mounts[mount] + path[len(mount.rstrip("/")):]]
        return [layer + path for layer in self.layers]

    def find(self, path):
        return next((place for place in self.places(path) if os.path.lexists(place)), None)

    def is_folder(self, path):
        path = os.path.normpath("/" + path.lstrip("/"))
        place = self.find(path)
        return os.path.isdir(place) if place else path in USUAL or path in self.mounts

    def read(self, path):
        place = self.find(path)
        if not place or not os.path.isfile(place):
            return None
        with open(place, "rb") as file:
            return file.read()

    def write(self, path, data, append=False):
        """False if the folder is missing."""
        if not self.is_folder(os.path.dirname(os.path.normpath(path))):
            return False
        place = self.places(path)[0]
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "ab" if append else "wb") as file:
            file.write(data)
        return True

    def make_folder(self, path):
        os.makedirs(self.places(path)[0], exist_ok=True)

    def remove_folder(self, path):
        place = self.places(path)[0]
        if os.path.isdir(place):
            os.rmdir(place)

    def remove(self, path):
        """Of the topmost layer: what an image brings stays."""
        place = self.places(path)[0]
        if os.path.isdir(place) and not os.path.islink(place):
            shutil.rmtree(place)
        elif os.path.lexists(place):
            os.unlink(place)

    def link(self, target, path):
        place = self.places(path)[0]
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.symlink(target, place)

    def unpack(self, path, data):
        """FileNotFoundError: no such folder. NotAFolder: it is a file. tarfile.TarError: no tar."""
        if not self.is_folder(path):
            raise NotAFolder if self.find(path) else FileNotFoundError
        place = self.places(path)[0]
        os.makedirs(place, exist_ok=True)
        unpack(place, data)

    def pack(self, path):
        """A tar of the file or folder, whose top is its name."""
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w", format=tarfile.GNU_FORMAT) as tar:
            place = self.find(path)
            name = os.path.basename(os.path.normpath(path)) or "."
            if place:
                tar.add(place, name)
            else:
                folder = tarfile.TarInfo(name)
                folder.type, folder.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(folder)
        return data.getvalue()

    def stat(self, path):
        """What X-Docker-Container-Path-Stat tells; none if there is nothing."""
        place = self.find(path)
        name = os.path.basename(os.path.normpath(path)) or "/"
        if not place:
            return {"name": name, "size": 4096, "mode": 1 << 31 | 0o755} if self.is_folder(path) else None
        found = os.lstat(place)
        kinds = {stat.S_IFDIR: 1 << 31, stat.S_IFLNK: 1 << 27}
        mode = stat.S_IMODE(found.st_mode) | kinds.get(stat.S_IFMT(found.st_mode), 0)
        link = os.readlink(place) if stat.S_ISLNK(found.st_mode) else ""
        return {"name": name, "size": found.st_size, "mode": mode, "linkTarget": link}
