"""What a build tells its client, in the words of either builder."""

import base64
import hashlib
import json
import time


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes((number,))


def field(number, value):
    """One of a protobuf message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def moment(seconds):
    return field(1, int(seconds)) + field(2, int(seconds % 1 * 1e9))


class Report:
    def __init__(self, answer):
        self.answer = answer

    async def put(self, value):
        await self.answer.piece(json.dumps(value).encode() + b"\r\n")

    async def fail(self, message, **more):
        await self.put({"errorDetail": {"message": message, **more}, "error": message})


class BuildKit(Report):
    """moby.buildkit.trace: StatusResponse in base64."""

    def __init__(self, answer):
        super().__init__(answer)
        self.vertex, self.begun = b"", 0

    async def trace(self, message):
        await self.put({"id": "moby.buildkit.trace", "aux": base64.b64encode(message).decode()})

    async def step(self, name, number, total, stage, cached):
        where = f"{stage} {number}/{total}" if stage else f"{number}/{total}"
        title = f"[{where}] {name}"
        self.begun = time.time()
        self.vertex = field(1, "sha256:" + hashlib.sha256(title.encode()).hexdigest()) + field(3, title)
        self.digest = "sha256:" + hashlib.sha256(title.encode()).hexdigest()
        await self.trace(field(1, self.vertex + field(4, int(cached)) + field(5, moment(self.begun))))
        self.cached = cached

    async def output(self, stream, data):
        log = field(1, self.digest) + field(2, moment(time.time())) + field(3, stream) + field(4, data)
        await self.trace(field(3, log))

    async def done(self, image):
        times = field(5, moment(self.begun)) + field(6, moment(time.time()))
        await self.trace(field(1, self.vertex + field(4, int(self.cached)) + times))

    async def step_failed(self, command, code):
        message = f"executor failed running [/bin/sh -c {command}]: exit code: {code}"
        await self.lost(message)
        await self.fail(message)

    async def lost(self, message):
        times = field(5, moment(self.begun)) + field(6, moment(time.time()))
        await self.trace(field(1, self.vertex + times + field(7, message)))

    async def failed(self, message):
        if self.vertex:
            await self.lost(message)
        await self.fail(message)

    async def made(self, image, tags):
        await self.put({"id": "moby.image.id", "aux": {"ID": image["Id"]}})


class Classic(Report):
    async def say(self, text):
        await self.put({"stream": text})

    async def step(self, name, number, total, stage, cached):
        await self.say(f"Step {number}/{total} : {name}")
        await self.say("\n")
        if cached:
            await self.say(" ---> Using cache\n")

    async def output(self, stream, data):
        text = data.decode(errors="replace")
        await self.say(text if stream == 1 else f"\x1b[91m{text}\x1b[0m")

    async def done(self, image):
        await self.say(f" ---> {image[:12]}\n")

    async def step_failed(self, command, code):
        await self.fail(f"The command '/bin/sh -c {command}' returned a non-zero code: {code}", code=code)

    async def failed(self, message):
        await self.fail(message)

    async def made(self, image, tags):
        await self.put({"aux": {"ID": image["Id"]}})
        await self.say(f"Successfully built {image['Id'][7:19]}\n")
        for tag in tags:
            await self.say(f"Successfully tagged {tag}\n")
