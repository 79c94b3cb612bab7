"""GET /events: what happened, to those who listen and to those who ask later."""

import collections
import json
import time

from journal import Signal
from server import Refusal

KNOWN = {"type", "event", "container", "image", "network", "volume", "label", "daemon", "scope", "node", "service"}


def moment(text):
    """Nanoseconds of "seconds.nanoseconds"."""
    seconds, _, rest = text.partition(".")
    if not seconds.isdigit() or (rest and not rest.isdigit()):
        raise Refusal(400, f'failed to parse value as time or duration: "{text}"')
    return int(seconds) * 10**9 + int(rest.ljust(9, "0")[:9] or 0)


def label_matches(labels, wanted):
    name, equals, value = wanted.partition("=")
    return name in labels and (not equals or labels[name] == value)


class Events:
    """Keeps the last 256, as the Engine does."""

    def __init__(self):
        self.kept = collections.deque(maxlen=256)
        self.count = 0
        self.news = Signal()
        self.last = 0
        self.closing = False

    def add(self, kind, action, actor, attributes):
        self.last = max(time.time_ns(), self.last + 1)
        event = {"Type": kind, "Action": action, "Actor": {"ID": actor, "Attributes": attributes}, "scope": "local",
                 "time": self.last // 10**9, "timeNano": self.last}
        if kind == "container":
            event = {"status": action, "id": actor, "from": attributes.get("image", ""), **event}
        self.kept.append(event)
        self.count += 1
        self.news.wake()

    async def follow(self, request, answer):
        filters = request.filters(KNOWN)
        since, until = (moment(request.text(name)) if request.text(name) else None for name in ("since", "until"))
        seen = self.count
        await answer.stream(headers={"Content-Type": "application/json"})
        if since is not None:
            for event in list(self.kept):
                if event["timeNano"] >= since and (until is None or event["timeNano"] <= until):
                    await self.tell(event, filters, answer)
        while not self.closing and (until is None or time.time_ns() < until):
            fresh = list(self.kept)[len(self.kept) - min(self.count - seen, len(self.kept)):]
            seen = self.count
            for event in fresh:
                await self.tell(event, filters, answer)
            if seen == self.count:
                await self.news.wait()
        await answer.end()

    async def tell(self, event, filters, answer):
        if wanted(event, filters):
            await answer.piece(json.dumps(event).encode() + b"\n")


def wanted(event, filters):
    actor = event["Actor"]
    names = {actor["ID"], actor["Attributes"].get("name")}
    for name, values in filters.items():
        if name == "type" and event["Type"] not in values:
            return False
        if name == "event" and not any(event["Action"].split(":")[0] == value for value in values):
            return False
        if name == "label" and not all(label_matches(actor["Attributes"], value) for value in values):
            return False
        if name in ("container", "image", "network", "volume") and (event["Type"] != name or not names & set(values)):
            return False
    return True
