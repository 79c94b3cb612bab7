"""An application to roll out under load: HTTP/1.1 with kept connections, POST bodies, slow answers and WebSockets.

It ends at once when it is told to, whatever it is doing: that nothing is lost is the rollout's work, not its own.
"""
import asyncio
import base64
import hashlib
import os
import random
import signal

VERSION = os.environ.get("VERSION", "none")
ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455


async def read_head(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ", 2)
    headers = {}
    for line in lines[1:]:
        if ":" in line:
            name, value = line.split(":", 1)
            headers[name.strip().lower()] = value.strip()
    return method, path, headers


async def websocket(reader, writer, headers):
    accept = base64.b64encode(hashlib.sha1(headers["sec-websocket-key"].encode() + ACCEPT).digest())
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    while True:  # what comes is sent back: short text frames only
        start = await reader.readexactly(2)
        mask = await reader.readexactly(4)
        data = bytes(b ^ mask[i % 4] for i, b in enumerate(await reader.readexactly(start[1] & 127)))
        if start[0] & 15 == 8:
            writer.write(b"\x88" + bytes([len(data)]) + data)
            return
        writer.write(b"\x81" + bytes([len(data)]) + data)


async def answer(reader, method, path, headers):
    length = int(headers.get("content-length", 0))
    body = await reader.readexactly(length) if length else b""
    if VERSION == "hanging" and path != "/healthz":
        await asyncio.sleep(60)
    if path.startswith("/slow"):
        await asyncio.sleep(2)
    text = hashlib.sha256(body).hexdigest() if method == "POST" else VERSION
    status = "200 OK"
    if VERSION == "sick" and path == "/healthz":
        status = "503 Service Unavailable"
    if VERSION == "broken" and path == "/" and random.random() < 0.5:
        status = "500 Internal Server Error"
    return f"HTTP/1.1 {status}\r\nX-Version: {VERSION}\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()


async def serve(reader, writer):
    try:
        while True:
            method, path, headers = await read_head(reader)
            if headers.get("upgrade", "").lower() == "websocket":
                await websocket(reader, writer, headers)
                return
            writer.write(await answer(reader, method, path, headers))
            await writer.drain()
            if headers.get("connection", "").lower() == "close":
                return
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, os._exit, 0)
    server = await asyncio.start_server(serve, "0.0.0.0", 8080)
    async with server:
        await server.serve_forever()


asyncio.run(main())
