"""Health checks of containers, and other programs that run in them."""

import asyncio

from journal import stamp
from process import Process
from programs import PROGRAMS


def begin(engine, container):
    check = container.config.get("Healthcheck") or {}
    test = check.get("Test") or []
    if test[:1] not in (["CMD"], ["CMD-SHELL"]):
        return
    container.state["Health"] = {"Status": "starting", "FailingStreak": 0, "Log": []}
    container.save()
    asyncio.create_task(probe(engine, container, container.process, check))


async def probe(engine, container, process, check):
    interval = (check.get("Interval") or 30 * 10**9) / 1e9 / engine.speed
    while True:
        await asyncio.sleep(interval)
        if container.process is not process:
            return
        output, code = await run(engine, container, words_of(check["Test"]))
        if container.process is process:
            text = b"".join(data for _, data in output).decode(errors="replace")
            note(engine, container, code, text, check.get("Retries") or 3)


def words_of(test):
    return ["sh", "-c", test[1]] if test[0] == "CMD-SHELL" else test[1:]


async def run(engine, container, words, spec=None, reader=None):
    """A program in a running container: pieces of output, each with its stream, and the exit code."""
    output, spec = [], spec or {}

    async def keep(stream, data):
        output.append((stream, data))

    environment = dict(pair.split("=", 1) for pair in container.record["env"] + (spec.get("Env") or []))
    workdir = spec.get("WorkingDir") or container.config.get("WorkingDir") or "/"
    if words[0].rsplit("/", 1)[-1] not in PROGRAMS:
        return [(1, f"exec failed: {words[0]}: no such file or directory\r\n".encode())], 127
    program = Process(words, environment, workdir, container.files, keep, engine.speed,
                      engine.listening.namespace(container))
    feeding = asyncio.create_task(feed(reader, program)) if reader and spec.get("AttachStdin") else None
    code = await program.code
    if feeding:
        feeding.cancel()
    return output, code


async def feed(reader, program):
    while data := await reader.read(65536):
        program.stdin.put_nowait(data)
    program.stdin.put_nowait(b"")


def note(engine, container, code, output, retries):
    health = container.state["Health"]
    before = health["Status"]
    health["FailingStreak"] = 0 if code == 0 else health["FailingStreak"] + 1
    health["Log"] = (health["Log"] + [{"Start": stamp(), "End": stamp(), "ExitCode": code, "Output": output}])[-5:]
    if code == 0:
        health["Status"] = "healthy"
    elif health["FailingStreak"] >= retries:
        health["Status"] = "unhealthy"
    container.save()
    if health["Status"] != before:
        engine.events.add("container", f"health_status: {health['Status']}", container.id, container.attributes())
