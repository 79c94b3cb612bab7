"""The /images calls."""

import json


class ImageCalls:
    KNOWN = {"label", "reference", "dangling", "before", "since"}

    def __init__(self, engine):
        self.engine, self.images = engine, engine.images

    async def list(self, request, answer):
        await answer.json(self.images.listed(request.filters(self.KNOWN)))

    async def inspect(self, request, answer, name):
        await answer.json(self.images.inspect(self.images.must(name)))

    async def tag(self, request, answer, name):
        self.images.tag(self.images.must(name), f"{request.text('repo')}:{request.text('tag', 'latest')}")
        await answer.send(status=201)

    async def remove(self, request, answer, name):
        await answer.json(self.images.remove(name, request.flag("force")))

    async def prune(self, request, answer):
        await answer.json({"ImagesDeleted": self.images.prune(request.filters(self.KNOWN | {"until"})), "SpaceReclaimed": 0})

    async def create(self, request, answer):
        if request.text("fromSrc") == "-":
            name = request.text("repo") and f"{request.text('repo')}:{request.text('tag') or 'latest'}"
            image = self.images.imported(request.body, name, request.query.get("changes", []))
            return await answer.send(json.dumps({"status": image["Id"]}).encode() + b"\n")
        await self.engine.transfers.pull(request, answer)

    async def push(self, request, answer, name):
        await self.engine.transfers.push(request, answer, name)
