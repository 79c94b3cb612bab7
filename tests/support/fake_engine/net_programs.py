"""The programs of the fake's containers that listen and ask."""

import os

from listening import parts_of


async def httpd(shell, words, output, source):
    """httpd -f -p PORT -h FOLDER: files, until it is told to end."""
    options = dict(zip(words, words[1:]))
    root = options.get("-h", "/")

    def serve(path):
        data = shell.process.files.read(os.path.normpath(root + "/" + path.split("?")[0]))
        return (404, b"") if data is None else (200, data)

    close = shell.process.namespace.listen(int(options.get("-p", 80)), serve)
    try:
        await shell.process.sleep(10**9)
    finally:
        close()


async def wget(shell, words, output, source):
    """wget -q -O - URL"""
    told = shell.process.namespace.ask(*parts_of(words[-1]))
    if not told or told[0] >= 400:
        reason = f"server returned error: HTTP/1.1 {told[0]}" if told else "can't connect: Connection refused"
        await output.write(2, f"wget: {reason}\n".encode())
        return 1
    await output.write(1, told[1])


async def anchor(shell, words, output, source):
    """slipway's holder of namespaces, and what it asks in them: `tcp PORT`, `http PORT PATH [STATUS]`."""
    if not words:
        return await shell.process.sleep(10**9)
    told = shell.process.namespace.ask(int(words[1]), words[2] if words[2:] else "/")
    if not told or words[0] == "tcp":
        return 0 if told else 1
    good = told[0] == int(words[3]) if words[3:] else 200 <= told[0] < 400
    return 0 if good else 1


PROGRAMS = {"httpd": httpd, "wget": wget, "anchor": anchor}
