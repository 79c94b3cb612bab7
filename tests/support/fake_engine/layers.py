"""Layers of images: tars that are named by their digest, each with its unpacked folder beside it."""

import hashlib
import io
import os
import tarfile

from files import unpack


class Layers:
    def __init__(self, journal):
        self.journal = journal

    def add(self, tar):
        """Its name: the hex digits of its digest."""
        name = hashlib.sha256(tar).hexdigest()
        path = self.path(name)
        if not os.path.exists(path):
            unpack(self.folder(name), tar)
            with open(f"{path}.new", "wb") as file:
                file.write(tar)
            os.replace(f"{path}.new", path)
        return name

    def path(self, name):
        return self.journal.path("layers", f"{name}.tar")

    def folder(self, name):
        return self.journal.path("layers", name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()


def tar_of_folder(folder):
    """The same bytes for the same content, whenever it was made."""

    def plain(info):
        info.mtime = info.uid = info.gid = 0
        info.uname = info.gname = ""
        return info

    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for place, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names + folders):
                path = os.path.join(place, name)
                tar.add(path, os.path.relpath(path, folder), recursive=False, filter=plain)
    return data.getvalue()


def tar_of(name, content):
    """One file."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return data.getvalue()
