"""What the commits of slipwayd are about ("run.started"), by which their kill points are named: docs/decisions/0058."""

import glob
import os
import re

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def marked():
    """Those that the store gives to what is no event."""
    sources = glob.glob("orchestrator/**/*.cpp", root_dir=TOP, recursive=True)
    return {label for path in sources for label in re.findall(r'\bmark\("([\w.]+)"\)', read(path))}


def told():
    """Those of events, as docs/api.md has them; of `rollout.STAGE` all stages."""
    section = read("docs/api.md").split("\n## Events\n")[1].split("\n## ")[0]
    found = set()
    for kinds, when in re.findall(r"^\| (`\w+\..*?) \| (.*?) \|", section, re.MULTILINE):
        for kind in re.findall(r"`([\w.]+)`", kinds):
            noun, _, verb = kind.partition(".")
            found |= {f"{noun}.{word}" for word in re.findall(r"`(\w+)`", when)} if verb.isupper() else {kind}
    return found


def unbroken(matrices):
    """The labels of commits at which no cell of these has broken anything, in order."""
    struck = {label for matrix in matrices for cell in matrix["cells"] if cell["reached"]
              for label in re.findall(r"\d:(?:before|after) commit ([\w.]+)", cell["text"])}
    return sorted((marked() | told()) - struck)


def section(matrices):
    left = unbroken(matrices)
    if not left:
        return ""
    return ("\n## Commits at which nothing was broken\n\nNo scenario commits these, or no cell came to them: what is shown of an "
            "instant beside them is shown elsewhere, or nowhere.\n\n" + ", ".join(f"`{label}`" for label in left) + "\n")
