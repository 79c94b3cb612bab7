"""Pulls and pushes."""

import json

from images import familiar
from logs import Log
from server import Refusal


def log_of(engine, identity):
    return Log(engine.journal.path("logs", identity))


async def tell(answer, **value):
    await answer.piece(json.dumps(value).encode() + b"\r\n")


async def pull(engine, request, answer):
    """Of what is here already, since nothing else can be reached."""
    repository, reference = request.text("fromImage"), request.text("tag") or "latest"
    name = familiar(f"{repository}{'@' if ':' in reference else ':'}{reference}")
    image = engine.images.find(name)
    if not image:
        raise Refusal(404, f"manifest for {name} not found: manifest unknown: manifest unknown")
    digest = "sha256:" + image["Id"].split(":")[1][::-1]
    engine.images.add_digest(image, f"{familiar(repository).rpartition(':')[0]}@{digest}")
    await answer.stream(headers={"Content-Type": "application/json"})
    await tell(answer, status=f"Digest: {digest}")
    await tell(answer, status=f"Status: Image is up to date for {name}")
    await answer.end()


async def push(engine, request, answer, name):
    raise Refusal(501, "the fake engine has no push")
