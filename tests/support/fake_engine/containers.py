"""The /containers calls."""

import creation
from container import Container
from events import label_matches
from process import signal_number
from server import Refusal

KNOWN = {"label", "name", "id", "status", "ancestor", "volume", "network", "health", "exited", "before", "since", "is-task"}


class Containers:
    def __init__(self, engine):
        self.engine = engine
        self.all = {}
        for record in engine.journal.load("containers"):
            image = engine.images.all.get(record["image_id"])
            self.all[record["id"]] = Container(record, engine.journal, engine.images.folders(image) if image else [])

    def named(self, name):
        return next((one for one in self.all.values() if one.name == name.lstrip("/")), None)

    def find(self, name):
        prefixed = [one for one in self.all.values() if len(name) >= 12 and one.id.startswith(name)]
        return self.all.get(name) or self.named(name) or (prefixed[0] if len(prefixed) == 1 else None)

    def must(self, name):
        found = self.find(name)
        if not found:
            raise Refusal(404, f"No such container: {name}")
        return found

    def forget(self, container):
        self.all.pop(container.id, None)
        self.engine.journal.forget("containers", container.id)

    async def create(self, request, answer):
        container = creation.create(self.engine, request)
        self.all[container.id] = container
        self.engine.lifecycle.note("created", container)
        self.engine.lifecycle.tell(container, "create")
        await answer.json({"Id": container.id, "Warnings": []}, 201)

    async def list(self, request, answer):
        filters = request.filters(KNOWN)
        rows = [one for one in self.all.values() if request.flag("all") or one.running or filters.get("status")]
        rows = [one.row() for one in rows if all(fits(one, kind, values) for kind, values in filters.items())]
        await answer.json(rows[::-1])

    async def inspect(self, request, answer, name):
        await answer.json(self.must(name).inspect())

    async def start(self, request, answer, name):
        container = self.must(name)
        if container.running:
            return await answer.send(status=304)
        self.engine.lifecycle.start(container)
        await answer.send(status=204)

    async def stop(self, request, answer, name):
        container = self.must(name)
        if not container.running:
            return await answer.send(status=304)
        grace = request.text("t") or container.config.get("StopTimeout")
        await self.engine.lifecycle.stop(container, 10 if grace is None else int(grace))
        await answer.send(status=204)

    async def restart(self, request, answer, name):
        container = self.must(name)
        if container.running:
            await self.engine.lifecycle.stop(container, int(request.text("t") or 10))
        self.engine.lifecycle.start(container)
        await answer.send(status=204)

    async def kill(self, request, answer, name):
        container = self.must(name)
        if not container.running:
            raise Refusal(409, f"Cannot kill container: {name}: Container {container.id} is not running")
        self.engine.lifecycle.kill(container, signal_number(request.text("signal") or "KILL"))
        await answer.send(status=204)

    async def pause(self, request, answer, name, verb):
        container = self.must(name)
        pause = verb == "pause"
        if not container.running or bool(container.state.get("Paused")) == pause:
            raise Refusal(409, f"Container {container.id} is not {'running' if pause else 'paused'}")
        container.state.update(Paused=pause, Status="paused" if pause else "running")
        container.save()
        (container.process.unpaused.clear if pause else container.process.unpaused.set)()
        self.engine.lifecycle.tell(container, verb)
        await answer.send(status=204)

    async def rename(self, request, answer, name):
        container, wanted = self.must(name), request.text("name")
        if self.named(wanted):
            raise Refusal(409, f'Conflict. The container name "/{wanted}" is already in use')
        container.record["name"] = wanted
        container.save()
        self.engine.lifecycle.tell(container, "rename")
        await answer.send(status=204)

    async def update(self, request, answer, name):
        container = self.must(name)
        container.config.setdefault("HostConfig", {}).update(request.json())
        container.save()
        await answer.json({"Warnings": []})

    async def remove(self, request, answer, name):
        container = self.must(name)
        if container.running and not request.flag("force"):
            raise Refusal(409, f"You cannot remove a running container {container.id}. Stop the container before attempting removal or force remove")
        self.engine.lifecycle.remove(container, request.flag("v"))
        await answer.send(status=204)

    async def prune(self, request, answer):
        filters = request.filters(KNOWN | {"until"})
        ended = [one for one in self.all.values() if not one.running and fits(one, "label", filters.get("label", []))]
        for container in ended:
            self.engine.lifecycle.remove(container)
        await answer.json({"ContainersDeleted": [one.id for one in ended], "SpaceReclaimed": 0})

    async def stats(self, request, answer, name):
        self.must(name)
        await answer.json({"memory_stats": {"usage": 1 << 20, "limit": 1 << 30}, "pids_stats": {"current": 1},
                           "cpu_stats": {"cpu_usage": {"total_usage": 10**6}, "system_cpu_usage": 10**9, "online_cpus": 1}})


def fits(container, kind, values):
    if kind == "label":
        return all(label_matches(container.labels, value) for value in values)
    state = {"name": lambda value: value.strip("^/$") in container.name, "id": container.id.startswith,
             "status": container.state["Status"].__eq__, "ancestor": lambda value: value in (container.config["Image"], container.record["image_id"]),
             "volume": lambda value: any(value in (one.get("Name"), one["Destination"]) for one in container.record["mounts"]),
             "network": lambda value: value in container.record["networks"]}
    test = state.get(kind)
    return not test or any(test(value) for value in values)
