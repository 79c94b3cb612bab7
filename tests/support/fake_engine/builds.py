"""POST /build."""

import asyncio
import fnmatch
import hashlib
import json
import os
import re
import shutil
import tempfile

import dockerfile
from build_reports import BuildKit, Classic
from files import Files, unpack
from image_config import apply
from images import familiar
from journal import stamp
from layers import tar_of_folder
from listening import Namespace
from process import Process
from server import Refusal


class StepFailed(Exception):
    def __init__(self, command, code):
        self.command, self.code = command, code


class Builds:
    def __init__(self, engine):
        self.engine = engine
        self.running = {}  # id → task

    async def cancel(self, request, answer):
        """Yes to anything, as the Engine says."""
        if request.text("id") in self.running:
            self.running[request.text("id")].cancel()
        await answer.send()

    async def build(self, request, answer):
        buildkit = request.text("version") == "2"
        tags = request.query.get("t", [])
        for tag in tags:
            if not re.fullmatch(r"[a-z0-9._:/-]+(:[\w.-]+)?", tag):
                raise Refusal(400, f"invalid reference format: {tag}")
        with tempfile.TemporaryDirectory(dir=self.engine.journal.folder) as context:
            unpack(context, request.body)
            try:
                work = Build(self.engine, request, context, buildkit)
            except Refusal as refusal:
                if not buildkit:
                    raise
                work = refusal  # BuildKit finds out in mid-answer
            await answer.stream(headers={"Content-Type": "application/json"})
            report = (BuildKit if buildkit else Classic)(answer)
            if isinstance(work, Refusal):
                await report.failed(f"failed to solve with frontend dockerfile.v0: {work}")
            else:
                await self.carry_out(work, report, request.text("buildid"), tags)
        await answer.end()

    async def carry_out(self, work, report, identity, tags):
        task = self.running[identity] = asyncio.ensure_future(work.run(report))
        try:
            image = await asyncio.shield(task)
            for tag in tags:
                self.engine.images.tag(image, tag)
            self.engine.effects.add("built", id=image["Id"], tags=tags)
            await report.made(image, [familiar(tag) for tag in tags])
        except StepFailed as failure:
            await report.step_failed(failure.command, failure.code)
        except Refusal as refusal:
            await report.failed(str(refusal))
        except asyncio.CancelledError:
            if not task.cancelled():
                task.cancel()
                raise  # the client left
        finally:
            self.running.pop(identity, None)


class Build:
    """One build: its context unpacked, its Dockerfile read."""

    def __init__(self, engine, request, context, buildkit):
        self.engine, self.request, self.context = engine, request, context
        self.arguments = json.loads(request.text("buildargs") or "{}")
        name = request.text("dockerfile", "Dockerfile")
        path = os.path.join(context, name)
        if not os.path.isfile(path):
            raise Refusal(500, f"failed to read dockerfile: Cannot locate specified Dockerfile: {name}")
        with open(path) as file:
            self.stages = dockerfile.parse(file.read(), name, self.arguments)
        last = dockerfile.index_of(self.stages, request.text("target"))
        self.order = dockerfile.needed(self.stages, last) if buildkit else range(last + 1)
        self.made = {}  # stage's number and name → image

    async def run(self, report):
        total = sum(len(self.stages[number].instructions) + 1 for number in self.order)
        done = 0
        for number in self.order:
            stage = self.stages[number]
            image = await self.stage(stage, report, done, total, number == self.order[-1])
            self.made[stage.name] = self.made[str(number)] = image
            done += len(stage.instructions) + 1
        return image

    async def stage(self, stage, report, done, total, last):
        await report.step(f"FROM {stage.base}", done + 1, total, stage.name, False)
        base = self.made.get(stage.base) or self.engine.images.find(stage.base)
        if not base:
            base = await self.engine.transfers.fetch(stage.base, self.request.headers.get("x-registry-config"))
        await report.done(base["Id"].split(":")[1])
        state = Step(base, self.arguments)
        for at, (word, rest) in enumerate(stage.instructions):
            await self.instruction(state, word, rest, report, done + at + 2, total, stage.name)
        if last:
            for name, value in json.loads(self.request.text("labels") or "{}").items():
                state.config["Labels"] = {**(state.config.get("Labels") or {}), name: value}
        return self.engine.images.make(state.config, state.layers, state.programs, state.created)

    async def instruction(self, state, word, rest, report, number, total, stage):
        """One that was done before on the same ground, with the same files, is not done again."""
        text = f"{word} {rest}"
        sources = self.sources(rest) if word in ("COPY", "ADD") else []
        state.key = hashlib.sha256(json.dumps([state.key, text, sources, state.values]).encode()).hexdigest()
        cache = self.engine.journal.path("cache", f"{state.key}.json")
        known = None
        if os.path.exists(cache) and not self.request.flag("nocache"):
            with open(cache) as file:
                known = json.load(file)
        await report.step(text, number, total, stage, bool(known))
        if word == "ARG":
            dockerfile.declare(state.values, rest, self.arguments)
        elif known:
            state.layers += known["layers"]
            if word not in ("RUN", "COPY", "ADD"):
                apply(state.config, f"{word} {dockerfile.substitute(rest, state.known())}")
        elif word in ("RUN", "COPY", "ADD"):
            await self.change_files(state, word, rest, report)
        else:
            apply(state.config, f"{word} {dockerfile.substitute(rest, state.known())}")
        record = known or {"created": stamp(), "layers": state.layers[state.before:]}
        state.created, state.before = record["created"], len(state.layers)
        self.engine.journal.save("cache", state.key, record)
        await report.done(state.key)

    def sources(self, rest):
        """Digests of what a COPY takes from the context."""
        words = [word for word in rest.split() if not word.startswith("--")]
        if "--from=" in rest:
            return []
        digests = []
        for pattern in words[:-1]:
            found = self.matching(self.context, pattern)
            if not found:
                raise Refusal(400, f'COPY failed: "{pattern}" not found: failed to compute cache key: not found')
            digests += [hashlib.sha256(self.bytes_of(path)).hexdigest() for path in found]
        return digests

    def matching(self, root, pattern):
        pattern = os.path.normpath("/" + pattern)[1:]
        if not pattern:
            return [root]
        names = [os.path.relpath(os.path.join(place, name), root) for place, folders, files in os.walk(root)
                 for name in folders + files]
        return [os.path.join(root, name) for name in sorted(names) if fnmatch.fnmatchcase(name, pattern)]

    def bytes_of(self, path):
        if os.path.isdir(path):
            return tar_of_folder(path)
        with open(path, "rb") as file:
            return file.read()

    async def change_files(self, state, word, rest, report):
        with tempfile.TemporaryDirectory(dir=self.engine.journal.folder) as upper:
            lower = [self.engine.images.layers.folder(layer) for layer in reversed(state.layers)]
            files = Files([upper, *lower], {})
            if word == "RUN":
                await self.execute(state, rest, files, report)
            else:
                self.copy(rest, files, state)
            if os.listdir(upper):
                state.layers.append(self.engine.images.layers.add(tar_of_folder(upper)))

    async def execute(self, state, rest, files, report):
        words = json.loads(rest) if rest.startswith("[") else ["sh", "-c", re.sub(r"^(--\S+\s+)+", "", rest)]
        environment = dict(pair.split("=", 1) for pair in state.config.get("Env") or [])
        environment.update(state.values)
        process = Process(words, environment, state.config.get("WorkingDir") or "/", files, report.output,
                          self.engine.speed, Namespace(self.engine.listening, "build"))
        try:
            code = await process.code
        finally:
            process.end_with(137)
        if code:
            raise StepFailed(rest, code)

    def copy(self, rest, files, state):
        words = [word for word in rest.split() if not word.startswith("--")]
        target = words[-1] if words[-1].startswith("/") else f"{state.config.get('WorkingDir') or '/'}/{words[-1]}"
        source = re.search(r"--from=(\S+)", rest)
        for pattern in words[:-1]:
            for path in self.found(pattern, source and source[1]):
                into = target.endswith("/") or files.is_folder(target) or os.path.normpath(target) == "/"
                place = files.places(os.path.join(target, os.path.basename(path)) if into else target)[0]
                if os.path.isdir(path):
                    shutil.copytree(path, files.places(target)[0], dirs_exist_ok=True, symlinks=True)
                    continue
                os.makedirs(os.path.dirname(place), exist_ok=True)
                shutil.copy(path, place)

    def found(self, pattern, stage):
        if not stage:
            return self.matching(self.context, pattern)
        image = self.made.get(stage) or self.engine.images.must(stage)
        place = Files(self.engine.images.folders(image), {}).find(pattern)
        if not place:
            raise Refusal(400, f'COPY failed: "{pattern}" not found')
        return [place]


class Step:
    """Where a stage has got to."""

    def __init__(self, base, arguments):
        self.config = json.loads(json.dumps(base["Config"]))
        self.layers, self.programs = list(base["layers"]), json.loads(base["document"]).get("programs", [])
        self.key, self.values, self.created, self.before = base["Id"], {}, base["Created"], len(base["layers"])

    def known(self):
        return {**dict(pair.split("=", 1) for pair in self.config.get("Env") or []), **self.values}
