"""What the Engine does not have: faults are set and effects are told, for tests and their checkers."""

import base64
import hashlib
import re

from logs import Log
from server import Refusal


class Control:
    def __init__(self, engine):
        self.engine = engine

    async def set_faults(self, request, answer):
        try:
            self.engine.faults.set(request.json())
        except (ValueError, re.error, AttributeError, TypeError) as error:
            raise Refusal(400, str(error)) from None
        await answer.send(status=204)

    async def faults(self, request, answer):
        await answer.json(self.engine.faults.told())

    async def effects(self, request, answer):
        """What was done, in order. See Effects."""
        await answer.json(self.engine.effects.all())

    async def written(self, request, answer, name):
        """The log of a container by id or by the newest of a name, removed or not: its bytes are what was written."""
        ids = [one["id"] for one in self.engine.effects.all() if name in (one.get("container"), one.get("id"))]
        if not ids:
            raise Refusal(404, f"no container has ever been {name}")
        container = self.engine.containers.find(ids[-1])
        log = container.log if container else Log(self.engine.journal.path("logs", ids[-1]))
        data = b"".join(entry.data for entry in log.entries)
        entries = [[entry.stream, base64.b64encode(entry.data).decode()] for entry in log.entries]
        await answer.json({"id": ids[-1], "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "entries": entries})
