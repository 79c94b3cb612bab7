"""Instructions of a Dockerfile that change nothing but an image's configuration."""

import json
import re
import shlex


def apply(config, instruction):
    """ENV, LABEL, CMD, ENTRYPOINT and their like on a configuration."""
    word, _, rest = instruction.partition(" ")
    word, rest = word.upper(), rest.strip()
    if word in ("CMD", "ENTRYPOINT"):
        config["Cmd" if word == "CMD" else "Entrypoint"] = command(rest)
    elif word in ("ENV", "LABEL"):
        pairs = dict(pair.partition("=")[::2] for pair in shlex.split(rest))
        if "=" not in rest.split()[0]:
            pairs = dict([rest.partition(" ")[::2]])
        if word == "LABEL":
            config["Labels"] = {**(config.get("Labels") or {}), **pairs}
        else:
            kept = [one for one in config.get("Env") or [] if one.split("=")[0] not in pairs]
            config["Env"] = kept + [f"{name}={value}" for name, value in pairs.items()]
    elif word == "HEALTHCHECK":
        config["Healthcheck"] = healthcheck(rest)
    elif word in ("USER", "WORKDIR", "STOPSIGNAL"):
        config[{"USER": "User", "WORKDIR": "WorkingDir", "STOPSIGNAL": "StopSignal"}[word]] = rest
    elif word in ("EXPOSE", "VOLUME"):
        key = "ExposedPorts" if word == "EXPOSE" else "Volumes"
        names = [one if word == "VOLUME" or "/" in one else f"{one}/tcp" for one in rest.split()]
        config[key] = {**(config.get(key) or {}), **{one: {} for one in names}}


def command(text):
    return json.loads(text) if text.startswith("[") else ["/bin/sh", "-c", text]


def healthcheck(text):
    if text.upper() == "NONE":
        return {"Test": ["NONE"]}
    options, _, test = text.partition("CMD")
    given = dict(word.removeprefix("--").split("=") for word in options.split())
    test = test.strip()
    check = {"Test": ["CMD", *json.loads(test)] if test.startswith("[") else ["CMD-SHELL", test]}
    for name, key in (("interval", "Interval"), ("timeout", "Timeout"), ("start-period", "StartPeriod")):
        if name in given:
            check[key] = nanoseconds(given[name])
    if "retries" in given:
        check["Retries"] = int(given["retries"])
    return check


def nanoseconds(text):
    """Of a duration of Go: "1m30s", "200ms"."""
    units = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
    return sum(int(float(number) * units[unit]) for number, unit in re.findall(r"([\d.]+)(ms|s|m|h)", text))
