"""Pulls and pushes: what the Engine tells about them, and what they do to images."""

import asyncio
import base64
import hashlib
import json

from images import familiar, repository_of
from registry import Registry, compressed, plain, split
from server import Refusal


def decoded(header):
    """X-Registry-Auth and its like: garbage is taken for nothing."""
    try:
        return json.loads(base64.urlsafe_b64decode(header + "==="))
    except ValueError:
        return {}


class Transfers:
    def __init__(self, engine):
        self.engine = engine

    async def pull(self, request, answer):
        repository, reference = request.text("fromImage"), request.text("tag") or "latest"
        name = familiar(f"{repository}{'@' if ':' in reference else ':'}{reference}")
        image, digest = await self.fetch_from(name, decoded(request.headers.get("x-registry-auth", "")))
        await answer.stream(headers={"Content-Type": "application/json"})
        await tell(answer, status=f"Pulling from {repository}", id=reference)
        await tell(answer, status=f"Digest: {digest}")
        await tell(answer, status=f"Status: Downloaded newer image for {name}")
        await answer.end()

    async def fetch(self, name, config):
        """A build's base image, with the credentials that came along."""
        name = familiar(name)
        host = name.split("/")[0]
        auth = decoded(config or "").get(host) if config else None
        try:
            return (await self.fetch_from(name, auth))[0]
        except Refusal as refusal:
            if not config and "no basic auth" in str(refusal):
                raise Refusal(500, f"failed to load metadata for {name}: no active sessions") from None
            raise

    async def fetch_from(self, name, auth):
        repository, reference = split(name)
        registry = Registry(repository, auth)
        digest, manifest = await asyncio.to_thread(registry.manifest, reference)
        document = (await asyncio.to_thread(registry.blob, manifest["config"]["digest"])).decode()
        for layer in manifest["layers"]:
            self.engine.images.layers.add(plain(await asyncio.to_thread(registry.blob, layer["digest"])))
        image = self.engine.images.add(document)
        if "@" not in name:
            self.engine.images.tag(image, name)
        self.engine.images.add_digest(image, f"{repository}@{digest}")
        self.engine.effects.add("pulled", name=name, id=image["Id"], digest=digest)
        return image, digest

    async def push(self, request, answer, name):
        if "x-registry-auth" not in request.headers:
            raise Refusal(400, "Bad parameters and missing X-Registry-Auth: EOF")
        full = familiar(f"{name}:{request.text('tag') or 'latest'}")
        if not any(full in image["RepoTags"] for image in self.engine.images.all.values()):
            raise Refusal(404, f"An image does not exist locally with the tag: {name}")
        image = self.engine.images.find(full)
        await answer.stream(headers={"Content-Type": "application/json"})
        await tell(answer, status=f"The push refers to repository [{name}]")
        try:
            digest, size = await self.send(image, full, decoded(request.headers["x-registry-auth"]), answer)
            tag = full.rpartition(":")[2]
            await tell(answer, status=f"{tag}: digest: {digest} size: {size}")
            await tell(answer, progressDetail={}, aux={"Tag": tag, "Digest": digest, "Size": size})
        except Refusal as refusal:
            await tell(answer, errorDetail={"message": str(refusal)}, error=str(refusal))
        await answer.end()

    async def send(self, image, full, auth, answer):
        registry = Registry(repository_of(full), auth)
        layers = [compressed(self.engine.images.layers.read(layer)) for layer in image["layers"]]
        for layer, data in zip(image["layers"], layers):
            await tell(answer, status="Preparing", progressDetail={}, id=layer[:12])
        for layer, data in zip(image["layers"], layers):
            there = await self.put(registry, data)
            await tell(answer, status="Layer already exists" if there else "Pushed", progressDetail={}, id=layer[:12])
        document = image["document"].encode()
        await self.put(registry, document)
        digest, size = await asyncio.to_thread(registry.put_manifest, full.rpartition(":")[2], document, layers)
        self.engine.images.add_digest(image, f"{repository_of(full)}@{digest}")
        self.engine.effects.add("pushed", name=full, id=image["Id"], digest=digest)
        return digest, size

    async def put(self, registry, data):
        """True if it was there."""
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        if await asyncio.to_thread(registry.has_blob, digest):
            return True
        await asyncio.to_thread(registry.put_blob, data)
        return False


async def refuse(answer, message):
    await answer.stream(headers={"Content-Type": "application/json"})
    await tell(answer, errorDetail={"message": message}, error=message)
    await answer.end()


async def tell(answer, **value):
    await answer.piece(json.dumps(value).encode() + b"\r\n")
