"""The /containers and /exec calls that carry bytes or wait: logs, attach, exec, archives, wait."""

import asyncio
import base64
import json
import secrets
import tarfile

import health
import logs
from files import NotAFolder
from server import Refusal


class Streams:
    def __init__(self, engine):
        self.engine, self.containers = engine, engine.containers
        self.execs = {}

    async def wait(self, request, answer, name):
        """The headers come at once, the body with the exit."""
        container = self.containers.must(name)
        condition, exits = request.text("condition", "not-running"), container.exits
        await answer.stream(headers={"Content-Type": "application/json"})
        while not self.engine.stopping:
            if condition == "removed" and container.removed:
                break
            if condition == "next-exit" and container.exits > exits:
                break
            if condition == "not-running" and not container.running:
                break
            await container.change.wait()
        stopping = self.engine.stopping and container.running
        code = 137 if stopping else container.state["ExitCode"]
        await answer.piece(json.dumps({"Error": None, "StatusCode": code}).encode() + b"\n")
        await answer.end()

    async def logs(self, request, answer, name):
        container = self.containers.must(name)
        await logs.read(container.log, lambda: container.running and not self.engine.stopping, container.tty, request, answer)

    async def put_archive(self, request, answer, name):
        container, path = self.containers.must(name), request.text("path")
        try:
            container.files.unpack(path, request.body)
        except FileNotFoundError:
            raise Refusal(404, f"Could not find the file {path} in container {name}") from None
        except NotAFolder:
            raise Refusal(500, f"extraction point is not a directory: {path}") from None
        except tarfile.TarError as error:
            raise Refusal(500, f"Error processing tar file(exit status 1): {error}") from None
        self.engine.lifecycle.note("filled", container, path=path, bytes=len(request.body))
        await answer.send()

    async def get_archive(self, request, answer, name):
        container, path = self.containers.must(name), request.text("path")
        found = container.files.stat(path)
        if not found:
            raise Refusal(404, f"Could not find the file {path} in container {name}")
        stat = {"X-Docker-Container-Path-Stat": base64.b64encode(json.dumps(found).encode()).decode()}
        if request.method == "HEAD":
            return await answer.send(headers=stat)
        await answer.stream(headers={"Content-Type": "application/x-tar", **stat})
        await answer.piece(container.files.pack(path))
        await answer.end()

    async def attach(self, request, answer, name):
        container = self.containers.must(name)
        await answer.hijack()
        if request.flag("logs"):
            for entry in container.log.entries:
                answer.writer.write(logs.framed(entry, False, container.tty))
        if request.flag("stdout") or request.flag("stderr"):
            container.attached.append(answer.writer)
        asyncio.create_task(self.feed(request, answer, container))
        while not answer.writer.is_closing() and not container.removed:
            await container.change.wait()

    async def feed(self, request, answer, container):
        """What the client writes is the program's input; the client's leaving ends the attachment."""
        while data := await self.from_client(answer.reader):
            if request.flag("stdin") and container.process:
                container.process.stdin.put_nowait(data)
        if request.flag("stdin") and container.process and container.config.get("StdinOnce"):
            container.process.stdin.put_nowait(b"")

    async def from_client(self, reader):
        try:
            return await reader.read(65536)
        except ConnectionError:
            return b""

    async def exec(self, request, answer, name):
        container = self.containers.must(name)
        if not container.running:
            raise Refusal(409, f"Container {container.id} is not running")
        identity = secrets.token_hex(32)
        self.execs[identity] = {"container": container, "spec": request.json(), "Running": False, "ExitCode": None}
        await answer.json({"Id": identity}, 201)

    async def exec_start(self, request, answer, identity):
        run = self.must_exec(identity)
        await answer.hijack()
        output, code = await health.run(self.engine, run["container"], run["spec"]["Cmd"], run["spec"], answer.reader)
        for stream, data in output:
            answer.writer.write(data if run["spec"].get("Tty") else logs.frame(stream, data))
        await answer.writer.drain()
        run["ExitCode"] = code

    async def exec_inspect(self, request, answer, identity):
        run = self.must_exec(identity)
        await answer.json({"ID": identity, "Running": run["Running"], "ExitCode": run["ExitCode"], "Pid": 1})

    def must_exec(self, identity):
        if identity not in self.execs:
            raise Refusal(404, f"No such exec instance: {identity}")
        return self.execs[identity]
