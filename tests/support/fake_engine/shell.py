"""Runs the trees of syntax.py against a process: what a container of this fake 'executes'.

Only what scripts of tests need. A program that is not known is not found: exit code 127.
"""

import re

import programs
from syntax import parse


VARIABLE = r"\$(\w+|\{#?\w+\}|\?)"


class Exit(Exception):
    def __init__(self, code):
        self.code = code


class Shell:
    """`process` gives it time, files, input and output; see process.py."""

    def __init__(self, process, environment, workdir):
        self.process, self.environment, self.workdir = process, dict(environment), workdir
        self.stop_at_failure = False
        self.status = 0
        self.background_until = None  # the process's own clock

    async def run_script(self, text, arguments=()):
        for number, argument in enumerate(arguments):
            self.environment[str(number)] = argument
        try:
            return await self.run(parse(text), self.process.output)
        except Exit as exit:
            return exit.code

    async def run(self, node, output, source=b"", tested=False):
        code = await getattr(self, "do_" + NAMES.get(node[0], node[0]))(node, output, source, tested)
        self.status = code
        await self.handle_signal()
        return code

    async def handle_signal(self):
        handler = self.process.pending_trap()
        if handler:
            await self.run(parse(handler), self.process.output)

    async def do_list(self, node, output, source, tested):
        code = 0
        for command in node[1]:
            code = await self.run(command, output, source, tested)
            if code and self.stop_at_failure and not tested and command[0] not in ("&&", "||"):
                raise Exit(code)
        return code

    async def do_and(self, node, output, source, tested):
        code = await self.run(node[1], output, source, True)
        if code:
            return code
        code = await self.run(node[2], output, source, tested)
        if code and self.stop_at_failure and not tested:
            raise Exit(code)
        return code

    async def do_or(self, node, output, source, tested):
        code = await self.run(node[1], output, source, True)
        if not code:
            return 0
        code = await self.run(node[2], output, source, tested)
        if code and self.stop_at_failure and not tested:
            raise Exit(code)
        return code

    async def do_pipe(self, node, output, source, tested):
        for command in node[1][:-1]:
            kept = Kept(output)
            await self.run(command, kept, source, True)
            source = bytes(kept.data)
        return await self.run(node[1][-1], output, source, tested)

    async def do_background(self, node, output, source, tested):
        words = self.expand_all(node[1][1]) if node[1][0] == "run" else []
        if words[:1] == ["sleep"]:
            self.background_until = self.process.now() + programs.seconds(words[1])
            return 0
        return await self.run(node[1], output, source, tested)

    async def do_while(self, node, output, source, tested):
        while (await self.run(node[1], output, source, True) == 0) == (node[0] == "while"):
            await self.run(node[2], output, source, tested)
            await self.process.breathe()
        return 0

    async def do_for(self, node, output, source, tested):
        code = 0
        for value in self.expand_all(node[2]):
            self.environment[node[1]] = value
            code = await self.run(node[3], output, source, tested)
        return code

    async def do_if(self, node, output, source, tested):
        code = await self.run(node[1], output, source, True)
        return await self.run(node[2 if code == 0 else 3], output, source, tested)

    async def do_redirect(self, node, output, source, tested):
        closers = []
        for operator, target in node[2]:
            target = self.expand(target)[0] if target else ""
            if operator == "<":
                source = self.process.files.read(self.absolute(target)) or b""
            elif operator in (">&2", "1>&2"):
                output = Swapped(output, 2)
            elif operator == "2>&1":
                output = Swapped(output, 1)
            else:
                kept = Kept(output, 2 if operator == "2>" else 1)
                closers.append((operator, target, kept))
                output = kept
        code = await self.run(node[1], output, source, tested)
        for operator, target, kept in closers:
            if target != "/dev/null" and not self.process.files.write(self.absolute(target), kept.data, operator == ">>"):
                await output.write(2, f"sh: can't create {target}: nonexistent directory\n".encode())
                return 1
        return code

    async def do_run(self, node, output, source, tested):
        words = list(node[1])
        while words and re.match(r"[A-Za-z_]\w*=", words[0]):
            name, _, value = words.pop(0).partition("=")
            self.environment[name] = "".join(self.expand(value))
        words = self.expand_all(words)
        return await programs.run(self, words, output, source) if words else 0

    def absolute(self, path):
        return path if path.startswith("/") else f"{self.workdir.rstrip('/')}/{path}"

    def expand_all(self, words):
        return [piece for word in words for piece in self.expand(word)]

    def expand(self, word):
        """Quotes taken away, variables put in. What comes of an unquoted variable is split at blanks."""
        done, at, quoted = "", 0, False
        splits = False
        while at < len(word):
            char = word[at]
            if char == "'":
                end = word.find("'", at + 1)
                done, at, quoted = done + word[at + 1: end], end + 1, True
            elif char == '"':
                end = at + 1
                while end < len(word) and word[end] != '"':
                    end += 2 if word[end] == "\\" else 1
                text = re.sub(r'\\(["\\$`])', lambda found: found[1] if found[1] != "$" else "\0", word[at + 1: end])
                done, at, quoted = done + self.variables(text).replace("\0", "$"), end + 1, True
            elif char == "\\":
                done, at = done + word[at + 1: at + 2], at + 2
            elif char == "$":
                found = re.match(VARIABLE, word[at:])
                splits = splits or bool(found)
                done, at = (done + self.variables(found[0]), at + len(found[0])) if found else (done + "$", at + 1)
            else:
                done, at = done + char, at + 1
        return [done] if quoted or not splits else done.split()

    def variables(self, text):
        def value(found):
            name = found[1].strip("{}")
            if name.startswith("#"):
                return str(len(self.environment.get(name[1:], "")))
            return str(self.status) if name == "?" else self.environment.get(name, "")

        return re.sub(VARIABLE, value, text)


NAMES = {"&&": "and", "||": "or", "until": "while"}


class Kept:
    """Output that a pipe or a file takes; the other stream goes on."""

    def __init__(self, through, stream=1):
        self.through, self.stream = through, stream
        self.data = bytearray()

    async def write(self, stream, data):
        if stream == self.stream:
            self.data += data
        else:
            await self.through.write(stream, data)


class Swapped:
    """All output into one stream."""

    def __init__(self, through, stream):
        self.through, self.stream = through, stream

    async def write(self, stream, data):
        await self.through.write(self.stream, data)
