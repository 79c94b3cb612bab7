"""A container's log as the json-file driver keeps it, and how it is read."""

import collections
import json
import time

from events import moment
from journal import Signal, stamp

PIECE = 16384

# `last`: the rest without a newline that is flushed when the container ends.
Entry = collections.namedtuple("Entry", "stream time data last")


def as_json_file(data):
    """json-file keeps text: each byte that is no UTF-8 becomes a replacement character."""
    return data.decode("utf-8", "replace").encode()


class Log:
    def __init__(self, path):
        self.path = path
        self.entries = []
        self.open_lines = {1: bytearray(), 2: bytearray()}
        self.written = {1: 0, 2: 0}  # bytes kept of each stream
        self.news = Signal()
        self.file = None
        self.load()

    def load(self):
        try:
            with open(self.path) as file:
                for line in file:
                    if line.endswith("\n"):
                        stream, nanoseconds, text, last = json.loads(line)
                        self.entries.append(Entry(stream, nanoseconds, text.encode("latin-1"), last))
                        self.written[stream] += len(self.entries[-1].data)
        except FileNotFoundError:
            pass

    def write(self, stream, data):
        line = self.open_lines[stream]
        line += data
        while line:
            end = line.find(b"\n", 0, PIECE) + 1
            if not end and len(line) < PIECE:
                break
            end = end or PIECE
            self.keep(stream, bytes(line[:end]))
            del line[:end]
        if self.file:
            self.file.flush()
        self.news.wake()

    def finish(self):
        """The container's output has ended."""
        for stream, line in self.open_lines.items():
            if line:
                self.keep(stream, bytes(line), True)
                line.clear()
        if self.file:
            self.file.close()
            self.file = None
        self.news.wake()

    def keep(self, stream, data, last=False):
        entry = Entry(stream, time.time_ns(), data, last)
        self.entries.append(entry)
        self.written[stream] += len(data)
        if not self.file:
            self.file = open(self.path, "a")
        self.file.write(json.dumps([stream, entry.time, data.decode("latin-1"), last]) + "\n")

    def selected(self, request):
        """A test for entries, and where to begin."""
        streams = {number for number, name in ((1, "stdout"), (2, "stderr")) if request.flag(name)}
        since, until = (moment(request.text(name) or "0") for name in ("since", "until"))
        tail = request.text("tail", "all")
        begin = max(0, len(self.entries) - int(tail)) if tail.isdigit() else 0

        def fits(entry):
            return entry.stream in streams and entry.time >= since and (not until or entry.time <= until)

        return fits, begin


def framed(entry, timestamps, tty):
    data = as_json_file(entry.data)
    if timestamps:
        data = stamp(entry.time).encode() + b" " + data
    return data if tty else frame(entry.stream, data)


def frame(stream, data):
    return bytes((stream, 0, 0, 0)) + len(data).to_bytes(4, "big") + data


async def refuse(answer, message):
    """What the engine says where a log's file is damaged."""
    await answer.stream()
    await answer.piece(frame(3, f"Error grabbing logs: {message}\n".encode()))
    await answer.end()


async def read(log, running, tty, request, answer):
    """GET /containers/ID/logs. `running` tells whether more may come."""
    timestamps, follow = request.flag("timestamps"), request.flag("follow") and running()
    fits, at = log.selected(request)
    await answer.stream()
    while True:
        more = follow and running()
        batch = log.entries[at: at + 1000]
        at += len(batch)
        # A follower never sees the rest without a newline (moby#43860).
        told = [framed(entry, timestamps, tty) for entry in batch if fits(entry) and not (follow and entry.last)]
        await answer.piece(b"".join(told))
        if batch:
            continue
        if not more:
            return await answer.end()
        await log.news.wait()
