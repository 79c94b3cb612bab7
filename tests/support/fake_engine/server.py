"""HTTP/1.1 over asyncio streams: as much of it as clients of the Engine use."""

import asyncio
import json
import re
import urllib.parse


class Refusal(Exception):
    """What a handler raises to answer with the Engine's error body."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class ClientGone(Exception):
    """The connection was lost, or a fault wants it lost."""


class Request:
    def __init__(self, method, target, headers, body):
        address = urllib.parse.urlsplit(target)
        self.method, self.headers, self.body = method, headers, body
        self.path = re.sub(r"^/v1\.\d+(?=/)", "", urllib.parse.unquote(address.path))
        self.query = urllib.parse.parse_qs(address.query, keep_blank_values=True)

    def text(self, name, default=""):
        return self.query.get(name, [default])[0]

    def flag(self, name):
        return self.text(name).lower() not in ("", "0", "no", "false", "none")

    def json(self):
        try:
            return json.loads(self.body or b"{}")
        except ValueError:
            raise Refusal(400, "invalid JSON") from None

    def filters(self, known):
        """{"label": ["a=b"]}, as a list or as the older map of true values."""
        try:
            given = json.loads(self.text("filters") or "{}")
        except ValueError:
            raise Refusal(400, "invalid filter") from None
        for name in given:
            if name not in known:
                raise Refusal(400, f"Invalid filter '{name}'")
        return {name: list(values) for name, values in given.items()}


class Answer:
    """The answer to one request. A fault may make it `mute` (the peer sees a closed connection) or cut it short."""

    def __init__(self, reader, writer, method):
        self.reader, self.writer = reader, writer
        self.head_only = method == "HEAD"
        self.begun = self.hijacked = self.chunked = False
        self.mute = False
        self.cut_after = None
        self.watch = None

    def head(self, status, headers):
        self.begun = True
        lines = [f"HTTP/1.1 {status} {'OK' if status < 300 else 'No'}", "Api-Version: 1.41", "Ostype: linux"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def put(self, data):
        if self.mute:
            raise ClientGone
        self.writer.write(data)
        await self.writer.drain()

    async def body(self, data):
        """Bytes of a body, up to where a fault cuts it."""
        if self.cut_after is not None and len(data) > self.cut_after:
            self.writer.write(data[: self.cut_after])
            await self.writer.drain()
            raise ClientGone
        if self.cut_after is not None:
            self.cut_after -= len(data)
        await self.put(data)

    async def send(self, data=b"", status=200, headers=None, kind="application/json"):
        fields = dict(headers or {})
        if status not in (204, 304):
            fields["Content-Length"] = len(data)
            if data:
                fields["Content-Type"] = kind
        head = self.head(status, fields)
        if self.head_only or not data:
            return await self.put(head)
        if self.cut_after is None:
            return await self.put(head + data)
        await self.put(head)
        await self.body(data)

    async def json(self, value, status=200):
        await self.send(json.dumps(value).encode() + b"\n", status)

    async def stream(self, status=200, headers=None):
        """Begins a chunked answer; the handler is cancelled when the client leaves."""
        self.chunked = True
        await self.put(self.head(status, {"Transfer-Encoding": "chunked", **(headers or {})}))
        handler = asyncio.current_task()
        self.watch = asyncio.create_task(self.reader.read(1))
        self.watch.add_done_callback(lambda done: done.cancelled() or handler.cancel())

    async def stop_watching(self):
        """Until it has ended nobody else may read."""
        if self.watch and not self.watch.done():
            self.watch.cancel()
            await asyncio.wait([self.watch])

    async def piece(self, data):
        if not data:
            return
        if self.cut_after is not None and len(data) > self.cut_after:
            data = data[: self.cut_after]
            await self.put(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            raise ClientGone
        if self.cut_after is not None:
            self.cut_after -= len(data)
        await self.put(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def end(self):
        await self.stop_watching()
        await self.put(b"0\r\n\r\n")

    async def hijack(self):
        """From here on the connection is the handler's: raw bytes both ways."""
        self.hijacked = True
        kind = {"Content-Type": "application/vnd.docker.raw-stream", "Connection": "Upgrade", "Upgrade": "tcp"}
        await self.put(self.head(101, kind))


class Server:
    """Reads requests and gives them to `dispatch(request, answer)`."""

    def __init__(self, dispatch):
        self.dispatch = dispatch

    async def serve(self, reader, writer):
        try:
            while await self.one(reader, writer):
                pass
        except (ClientGone, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.transport.abort()
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            writer.close()

    async def one(self, reader, writer):
        request = await self.read(reader, writer)
        if not request:
            return False
        answer = Answer(reader, writer, request.method)
        try:
            await self.dispatch(request, answer)
        except Refusal as refusal:
            if answer.begun:
                raise ClientGone from None
            await answer.json({"message": str(refusal)}, refusal.status)
        finally:
            await answer.stop_watching()
        return not answer.hijacked

    async def read(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        if headers.get("expect") == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("transfer-encoding") == "chunked":
            body = await self.chunks(reader)
        else:
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Request(method, target, headers, body)

    async def chunks(self, reader):
        body = bytearray()
        while size := int(await self.line(reader), 16):
            body += await reader.readexactly(size)
            await self.line(reader)
        await self.line(reader)
        return bytes(body)

    async def line(self, reader):
        line = await reader.readline()
        if not line:
            raise ClientGone
        return line
