"""Reads a Dockerfile: stages of instructions."""

import re

from server import Refusal

KNOWN = {"FROM", "RUN", "COPY", "ADD", "ENV", "LABEL", "CMD", "ENTRYPOINT", "ARG", "USER", "WORKDIR", "EXPOSE", "VOLUME",
         "STOPSIGNAL", "HEALTHCHECK", "SHELL", "ONBUILD", "MAINTAINER"}


class Stage:
    def __init__(self, base, name):
        self.base, self.name, self.instructions = base, name, []


def instructions(text):
    """(line number, text) with continued lines joined."""
    whole, begun = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or (not line.strip() and not whole):
            continue
        begun = begun if whole else number
        whole += line.rstrip().removesuffix("\\")
        if not line.rstrip().endswith("\\"):
            yield begun, whole.strip()
            whole = ""
    if whole:
        yield begun, whole.strip()


def parse(text, name, arguments):
    if not text.strip():
        raise Refusal(400, f"the Dockerfile ({name}) cannot be empty")
    stages, known = [], dict(arguments)
    for number, line in instructions(text):
        word, _, rest = line.partition(" ")
        word = word.upper()
        if word not in KNOWN:
            raise Refusal(400, f"dockerfile parse error line {number}: unknown instruction: {word}")
        if word == "FROM":
            stages.append(stage_of(substitute(rest, known), number))
        elif not stages:
            declare(known, rest, arguments)
        else:
            stages[-1].instructions.append((word, rest))
    if not stages:
        raise Refusal(400, "no build stage in current context")
    return stages


def stage_of(rest, number):
    words = [word for word in rest.split() if not word.startswith("--")]
    if len(words) not in (1, 3) or (len(words) == 3 and words[1].upper() != "AS"):
        raise Refusal(400, f"dockerfile parse error line {number}: FROM requires either one or three arguments")
    return Stage(words[0], words[2] if len(words) == 3 else "")


def declare(known, rest, arguments):
    """ARG NAME[=DEFAULT]"""
    name, _, default = rest.partition("=")
    known[name] = arguments.get(name, default)


def substitute(text, values):
    return re.sub(r"\$(\w+|\{\w+\})", lambda found: values.get(found[1].strip("{}"), ""), text)


def index_of(stages, target):
    """Of the stage to end with."""
    if not target:
        return len(stages) - 1
    for number, stage in enumerate(stages):
        if target.lower() in (stage.name.lower(), str(number)):
            return number
    raise Refusal(400, f"failed to reach build target {target} in Dockerfile: target stage {target} could not be found")


def needed(stages, last):
    """BuildKit leaves out what the last stage does not come from."""
    wanted, open_ends = set(), [last]
    while open_ends:
        number = open_ends.pop()
        if number in wanted:
            continue
        wanted.add(number)
        sources = [stages[number].base] + [word.removeprefix("--from=") for kind, rest in stages[number].instructions
                                           for word in rest.split() if kind == "COPY" and word.startswith("--from=")]
        open_ends += [at for at, stage in enumerate(stages[:number]) if stage.name and stage.name in sources]
    return sorted(wanted)
