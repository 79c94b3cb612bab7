"""The /volumes calls."""


class VolumeCalls:
    KNOWN = {"label", "name", "driver", "dangling"}

    def __init__(self, engine):
        self.volumes = engine.volumes

    async def list(self, request, answer):
        await answer.json({"Volumes": self.volumes.listed(request.filters(self.KNOWN)), "Warnings": None})

    async def create(self, request, answer):
        body = request.json()
        await answer.json(self.volumes.ensure(body.get("Name") or "", body.get("Labels"), body.get("DriverOpts")), 201)

    async def inspect(self, request, answer, name):
        await answer.json(self.volumes.must(name))

    async def remove(self, request, answer, name):
        self.volumes.remove(name)
        await answer.send(status=204)

    async def prune(self, request, answer):
        filters = request.filters({"label", "all"})
        unused = [one["Name"] for one in self.volumes.listed({"label": filters.get("label", [])}) if not self.volumes.users(one["Name"])]
        for name in unused:
            self.volumes.forget(name)
        await answer.json({"VolumesDeleted": unused, "SpaceReclaimed": 0})
