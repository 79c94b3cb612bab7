"""What outlives this program: one file an object, replaced as a whole, and the list of effects."""

import asyncio
import json
import os
import time


class Journal:
    """Kept in `folder`. Not synced: it has to survive the death of this program, not of the machine."""

    def __init__(self, folder):
        self.folder = folder
        for part in ("containers", "networks", "volumes", "images", "layers", "cache", "logs", "roots", "data"):
            os.makedirs(f"{folder}/{part}", exist_ok=True)

    def path(self, *parts):
        return "/".join((self.folder, *parts))

    def save(self, part, key, record):
        path = self.path(part, f"{key}.json")
        with open(f"{path}.new", "w") as file:
            json.dump(record, file)
        os.replace(f"{path}.new", path)

    def forget(self, part, key):
        try:
            os.unlink(self.path(part, f"{key}.json"))
        except FileNotFoundError:
            pass

    def load(self, part):
        records = []
        for name in sorted(os.listdir(self.path(part))):
            if name.endswith(".json"):
                with open(self.path(part, name)) as file:
                    records.append(json.load(file))
        return records


class Effects:
    """What was really done, in order: for checkers, who must not take the API's word for it."""

    def __init__(self, journal):
        self.path = journal.path("effects")
        self.file = open(self.path, "a")

    def add(self, what, **fields):
        self.file.write(json.dumps({"time": time.time(), "what": what, **fields}) + "\n")
        self.file.flush()

    def all(self):
        with open(self.path) as file:
            return [json.loads(line) for line in file if line.endswith("\n")]


def stamp(nanoseconds=None):
    """RFC 3339 with nine digits, UTC."""
    now = time.time_ns() if nanoseconds is None else nanoseconds
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 10**9)) + f".{now % 10**9:09}Z"


NEVER = "0001-01-01T00:00:00Z"


class Signal:
    """Wakes all who wait for the next change."""

    def __init__(self):
        self.future = None

    async def wait(self):
        if not self.future:
            self.future = asyncio.get_running_loop().create_future()
        await asyncio.shield(self.future)

    def wake(self):
        if self.future:
            self.future.set_result(None)
            self.future = None
