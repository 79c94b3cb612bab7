"""The programs that the fake's containers know."""

import base64
import re

import net_programs


def seconds(text):
    found = re.fullmatch(r"(\d*\.?\d+)([smhd]?)", text)
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]] if found else 0.0


ESCAPES = {"n": b"\n", "t": b"\t", "r": b"\r", "\\": b"\\", "a": b"\a", "b": b"\b", "e": b"\x1b"}


def unescaped(text):
    """Bytes of printf's escapes."""
    out, at = bytearray(), 0
    while at < len(text):
        found = re.match(r"\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)", text[at:], re.S)
        if not found:
            out += text[at].encode()
            at += 1
            continue
        code = found[1]
        if code[0] in "01234567":
            out.append(int(code, 8) & 255)
        elif code[0] == "x" and len(code) > 1:
            out.append(int(code[1:], 16))
        else:
            out += ESCAPES.get(code, found[0].encode())
        at += len(found[0])
    return bytes(out)


def formatted(words):
    """printf FORMAT ARGUMENT…, with the format used again while arguments are left."""
    form, arguments = words[0], list(words[1:])
    out = bytearray()
    while True:
        before = len(arguments)
        for literal, directive in re.findall(r"([^%]*)(%%|%-?0?\d*[sdb]|%$|$)", form):
            out += unescaped(literal)
            if directive == "%%":
                out += b"%"
            elif directive:
                value = arguments.pop(0) if arguments else ""
                if directive.endswith("b"):
                    out += unescaped(value)
                else:
                    out += (directive % (int(value or 0) if directive.endswith("d") else value)).encode()
        if not arguments or len(arguments) == before:
            return bytes(out)


async def run(shell, words, output, source):
    """One simple command; its exit code."""
    name = words[0].rsplit("/", 1)[-1]
    program = PROGRAMS.get(name)
    if not program:
        await output.write(2, f"/bin/sh: {words[0]}: not found\n".encode())
        return 127
    return await program(shell, words[1:], output, source) or 0


async def echo(shell, words, output, source):
    end = b"\n"
    if words[:1] == ["-n"]:
        words, end = words[1:], b""
    await output.write(1, " ".join(words).encode() + end)


async def printf(shell, words, output, source):
    if words:
        await output.write(1, formatted(words))


async def sleep(shell, words, output, source):
    await shell.process.sleep(seconds(words[0]) if words else 0)


async def leave(shell, words, output, source):
    from shell import Exit

    raise Exit(int(words[0]) & 255 if words else shell.status)


async def succeed(shell, words, output, source):
    return 0


async def fail(shell, words, output, source):
    return 1


async def seq(shell, words, output, source):
    numbers = [int(word) for word in words]
    first, step, last = {1: (1, 1, *numbers), 2: (numbers[0], 1, numbers[-1])}.get(len(numbers), tuple(numbers))
    for begin in range(first, last + 1, step * 1000):
        block = range(begin, min(last + 1, begin + step * 1000), step)
        await output.write(1, "".join(f"{number}\n" for number in block).encode())
        await shell.process.breathe()


async def cat(shell, words, output, source):
    if not words:
        if source:
            await output.write(1, source)
        while not source and (data := await shell.process.input()):
            await output.write(1, data)
    for word in words:
        data = shell.process.files.read(shell.absolute(word))
        if data is None:
            await output.write(2, f"cat: can't open '{word}': No such file or directory\n".encode())
            return 1
        await output.write(1, data)


async def grep(shell, words, output, source):
    """grep -q TEXT FILE"""
    data = shell.process.files.read(shell.absolute(words[2])) if words[:1] == ["-q"] else None
    return 0 if data and words[1].encode() in data else 1


async def head(shell, words, output, source):
    """head -c COUNT [FILE]: from /dev/zero, for floods, or from its input."""
    count = int(words[1]) if words[:1] == ["-c"] else 0
    if words[2:] != ["/dev/zero"]:
        return await output.write(1, source[:count])
    while count > 0:
        await output.write(1, bytes(min(count, 32768)))
        count -= 32768
        await shell.process.breathe()


async def base64_of(shell, words, output, source):
    await output.write(1, base64.b64encode(source) + b"\n")


async def remove(shell, words, output, source):
    for word in words:
        if not word.startswith("-"):
            shell.process.files.remove(shell.absolute(word))


async def tr(shell, words, output, source):
    await output.write(1, source.replace(unescaped(words[0]), unescaped(words[1])))


async def read(shell, words, output, source):
    line = await shell.process.input_line()
    shell.environment[words[0] if words else "REPLY"] = line.decode(errors="replace").rstrip("\n")
    return 0 if line.endswith(b"\n") else 1


async def options(shell, words, output, source):
    if "-e" in words:
        shell.stop_at_failure = True


async def trap(shell, words, output, source):
    for name in words[1:]:
        shell.process.traps[name.removeprefix("SIG")] = words[0]


async def wait(shell, words, output, source):
    left = (shell.background_until or 0) - shell.process.now()
    if left > 0:
        await shell.process.sleep(left, wakes=True)


async def touch(shell, words, output, source):
    made = [shell.process.files.write(shell.absolute(word), b"", True) for word in words]
    return 0 if all(made) else 1


async def make_folder(shell, words, output, source):
    for word in words:
        if not word.startswith("-"):
            shell.process.files.make_folder(shell.absolute(word))


async def remove_folder(shell, words, output, source):
    for word in words:
        shell.process.files.remove_folder(shell.absolute(word))


async def listing(shell, words, output, source):
    """ls -d PATH…: those that are there."""
    for word in words:
        if not word.startswith("-") and shell.process.files.stat(shell.absolute(word)):
            await output.write(1, word.encode() + b"\n")


async def link(shell, words, output, source):
    if words[:1] == ["-s"]:
        shell.process.files.link(words[1], shell.absolute(words[2]))


async def where(shell, words, output, source):
    await output.write(1, shell.workdir.encode() + b"\n")


async def test(shell, words, output, source):
    words = [word for word in words if word != "]"]
    if len(words) == 3 and words[1] in ("=", "!="):
        return 0 if (words[0] == words[2]) == (words[1] == "=") else 1
    data = shell.process.files.read(shell.absolute(words[1])) if len(words) == 2 else None
    if words[:1] == ["-s"]:
        return 0 if data else 1
    if words[:1] in (["-e"], ["-f"]):
        return 0 if data is not None else 1
    if words[:1] in (["-n"], ["-z"]):
        return 0 if bool(words[1:] and words[1]) == (words[0] == "-n") else 1
    return 0 if words and words[0] else 1


async def nested(shell, words, output, source):
    """sh -c TEXT"""
    from shell import Shell

    if words[:1] != ["-c"]:
        return 0
    inner = Shell(shell.process, shell.environment, shell.workdir)
    return await inner.run_script(words[1], words[2:])


async def serve(shell, words, output, source):
    """A program that runs until it is told to end."""
    await shell.process.sleep(10**9)


async def execute(shell, words, output, source):
    """exec PROGRAM ARGUMENT…, after which nothing comes."""
    from shell import Exit

    raise Exit(await run(shell, words, output, source))


PROGRAMS = {
    **net_programs.PROGRAMS, "exec": execute,
    "echo": echo, "printf": printf, "sleep": sleep, "exit": leave, "true": succeed, ":": succeed, "false": fail,
    "seq": seq, "cat": cat, "grep": grep, "head": head, "tr": tr, "read": read, "set": options, "trap": trap, "wait": wait,
    "touch": touch, "mkdir": make_folder, "ln": link, "pwd": where, "[": test, "test": test, "sh": nested,
    "rm": remove, "ls": listing, "rmdir": remove_folder, "base64": base64_of,
}
