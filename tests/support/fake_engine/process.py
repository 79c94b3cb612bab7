"""What 'runs' in a container: a script read by shell.py, on a clock of its own.

The clock counts seconds of the program since its start, so a program can go on where it would be by now: it runs from
the beginning, without waiting and without writing what is in the log already.
"""

import asyncio
import time
import traceback

from shell import Shell
from programs import PROGRAMS, serve

TERMINATE, KILL = 15, 9
NUMBERS = {"HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10, "USR2": 12, "TERM": 15}


def signal_number(text):
    name = str(text or "TERM").upper().removeprefix("SIG")
    return int(name) if name.isdigit() else NUMBERS.get(name, TERMINATE)


class Process:
    """`write(stream, data)` takes its output. Ends by `killed` or by itself: `code` resolves to the exit code."""

    def __init__(self, words, environment, workdir, files, write, speed, namespace, started=None, skip=None, init=False):
        self.words, self.files, self.speed, self.namespace = words, files, speed, namespace
        self.started = time.time() if started is None else started
        self.skip = dict(skip or {1: 0, 2: 0})
        self.elapsed = 0.0
        self.sink, self.output, self.init = write, self, init
        self.traps, self.pending, self.woken = {}, [], asyncio.Event()
        self.unpaused = asyncio.Event()
        self.unpaused.set()
        self.unread, self.stdin, self.stdin_ended = b"", asyncio.Queue(), False
        self.shell = Shell(self, environment, workdir)
        self.task = asyncio.create_task(self.main())
        self.code = asyncio.get_running_loop().create_future()
        self.task.add_done_callback(self.ended)

    async def main(self):
        name = self.words[0].rsplit("/", 1)[-1]
        if name not in PROGRAMS:
            return await serve(self.shell, [], self, b"")
        if name == "sh" and self.words[1:2] == ["-c"]:
            return await self.shell.run_script(self.words[2], self.words[3:])
        return await self.shell.run(("run", ["'" + word.replace("'", "'\\''") + "'" for word in self.words]), self)

    def ended(self, task):
        if self.code.done():
            return
        if not task.cancelled() and task.exception():
            traceback.print_exception(task.exception())
            self.code.set_result(125)  # this fake's own mistake
        else:
            self.code.set_result(137 if task.cancelled() else task.result())

    def end_with(self, code):
        if not self.code.done():
            self.code.set_result(code)
        self.task.cancel()

    def signal(self, number):
        """Process 1 has no default handlers: what it does not trap does nothing, but for KILL."""
        name = next((name for name, known in NUMBERS.items() if known == number), "")
        if number == KILL:
            self.end_with(137)
        elif self.traps.get(name):
            self.pending.append(self.traps[name])
            self.woken.set()
        elif name not in self.traps and (self.init or self.words[0].rsplit("/", 1)[-1] == "anchor"):
            self.end_with(128 + number if self.init else 0)
        elif name not in self.traps and self.words[0].rsplit("/", 1)[-1] not in PROGRAMS and number == TERMINATE:
            self.end_with(0)  # a server that ends as it is told

    def pending_trap(self):
        return self.pending.pop(0) if self.pending else None

    def now(self):
        return self.elapsed

    async def sleep(self, seconds, wakes=False):
        """Of the program's own clock. `wakes`: a trapped signal ends it."""
        self.elapsed += seconds
        left = self.started + self.elapsed / self.speed - time.time()
        if left <= 0:
            return
        if not wakes:
            await asyncio.sleep(left)
        else:
            self.woken.clear()
            if not self.pending:
                try:
                    await asyncio.wait_for(self.woken.wait(), left)
                except asyncio.TimeoutError:
                    pass
        await self.unpaused.wait()

    async def breathe(self):
        """Lets others run: floods and busy loops would not."""
        await asyncio.sleep(0)
        await self.unpaused.wait()

    async def write(self, stream, data):
        known = min(self.skip[stream], len(data))
        self.skip[stream] -= known
        if len(data) > known:
            await self.sink(stream, data[known:])

    async def input(self):
        if self.unread:
            data, self.unread = self.unread, b""
            return data
        if self.stdin_ended:
            return b""
        data = await self.stdin.get()
        self.stdin_ended = not data
        return data

    async def input_line(self):
        line = b""
        while not line.endswith(b"\n") and (data := await self.input()):
            line += data
            end = line.find(b"\n") + 1
            if end:
                line, self.unread = line[:end], line[end:]
        return line
