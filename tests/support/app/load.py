"""Bounded load on the routes of some hosts; prints one JSON object when it is told to stop (SIGTERM) or time is up.

  load.py SECONDS RATE ADDRESS...    RATE requests per second and address, besides slow ones and WebSockets

Kept connections, every third request a POST whose answer must be the hash of its body, per address one slow request
(2 s) after another and one WebSocket that says something every half second. A request has failed if it has no answer
in 10 s, a status over 399, or a wrong body. A WebSocket that is closed while nothing was asked is opened again and is
no failure: containers that are replaced end them at their deadline; one that can't be opened is. `--host NAME` sets the
Host header.
"""
import asyncio
import base64
import collections
import hashlib
import json
import os
import random
import signal
import sys
import time

PATIENCE = 10
KEPT = 8  # connections per address


class Count:
    def __init__(self):
        self.requests = collections.Counter()
        self.failures = []
        self.times = []
        self.versions = collections.Counter()

    def fail(self, address, what, why):
        self.failures.append({"address": address, "what": what, "why": why, "at": round(time.time(), 3)})


class Client:
    """One kept connection; it is opened again only between requests, when the proxy has closed it with an answer."""

    def __init__(self, address, host):
        self.address, self.host, self.reader, self.writer = address, host, None, None

    async def connect(self):
        name, _, port = self.address.partition(":")
        self.reader, self.writer = await asyncio.open_connection(name, int(port or 80))

    def close(self):
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None

    async def ask(self, method, path, body=b""):
        if self.writer is None:
            await self.connect()
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)
        await self.writer.drain()
        answer = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in answer[1:])}
        text = await self.reader.readexactly(int(headers["content-length"]))
        if headers.get("connection", "").lower() == "close":
            self.close()
        return int(answer[0].split(" ")[1]), headers, text


async def one(client, count, kind):
    body = os.urandom(random.randrange(1, 20000)) if kind == "post" else b""
    method, path = ("POST", "/post") if kind == "post" else ("GET", "/slow" if kind == "slow" else "/")
    begin = time.monotonic()
    count.requests[kind] += 1
    try:
        status, headers, text = await asyncio.wait_for(client.ask(method, path, body), PATIENCE)
        if status > 399:
            count.fail(client.address, kind, f"status {status}")
        elif kind == "post" and text.decode() != hashlib.sha256(body).hexdigest():
            count.fail(client.address, kind, "wrong body")
        if kind != "slow":
            count.times.append(time.monotonic() - begin)
        count.versions[headers.get("x-version", "")] += 1
    except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, KeyError, ValueError) as error:
        count.fail(client.address, kind, f"{type(error).__name__} {error}")
        client.close()


async def steady(address, host, rate, count, stop):
    """Every connection its share of the rate, however slow the answers: at most KEPT requests are open."""
    async def lane(offset):
        client, turn = Client(address, host), 0
        await asyncio.sleep(offset)
        next_at = time.monotonic()
        while not stop.is_set():
            await one(client, count, "post" if turn % 3 == 0 else "get")
            turn += 1
            next_at = max(next_at + KEPT / rate, time.monotonic())
            await asyncio.sleep(next_at - time.monotonic())
        client.close()
    await asyncio.gather(*(lane(i / rate) for i in range(KEPT)))


async def slow(address, host, count, stop):
    client = Client(address, host)
    while not stop.is_set():
        await one(client, count, "slow")
        await asyncio.sleep(0.1)
    client.close()


async def websocket(address, host, count, stop):
    while not stop.is_set():
        client = Client(address, host)
        count.requests["websocket"] += 1
        try:
            await asyncio.wait_for(open_websocket(client), PATIENCE)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError) as error:
            count.fail(address, "websocket", f"{type(error).__name__} {error}")
            client.close()
            await asyncio.sleep(0.5)
            continue
        try:
            while not stop.is_set():
                await asyncio.wait_for(talk(client), PATIENCE)
                count.requests["message"] += 1
                await asyncio.sleep(0.5)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            count.requests["websocket ended"] += 1
        client.close()


async def open_websocket(client):
    await client.connect()
    key = base64.b64encode(os.urandom(16)).decode()
    client.writer.write((f"GET /ws HTTP/1.1\r\nHost: {client.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                         f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())
    head = await client.reader.readuntil(b"\r\n\r\n")
    if b" 101 " not in head.split(b"\r\n")[0]:
        raise ValueError(head.split(b"\r\n")[0].decode("latin-1"))


async def talk(client):
    mask, data = os.urandom(4), b"hello"
    client.writer.write(b"\x81" + bytes([0x80 | len(data)]) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))
    await client.writer.drain()
    await client.reader.readexactly(2 + len(data))


async def main(seconds, rate, host, addresses):
    count, stop = Count(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.call_later(seconds, stop.set)
    work = []
    for address in addresses:
        work += [steady(address, host, rate, count, stop), slow(address, host, count, stop),
                 websocket(address, host, count, stop)]
    print("ready", flush=True)
    await asyncio.gather(*work)
    times = sorted(count.times) or [0]
    print(json.dumps({"requests": dict(count.requests), "failed": len(count.failures), "failures": count.failures[:20],
                      "failed_at": dict(collections.Counter(one["address"] for one in count.failures)),
                      "versions": dict(count.versions), "p50_ms": round(times[len(times) // 2] * 1000, 1),
                      "p99_ms": round(times[len(times) * 99 // 100] * 1000, 1)}))


arguments = sys.argv[1:]
name = "app.example.org"
if arguments[0] == "--host":
    name, arguments = arguments[1], arguments[2:]
asyncio.run(main(float(arguments[0]), min(float(arguments[1]), 200), name, arguments[2:]))
