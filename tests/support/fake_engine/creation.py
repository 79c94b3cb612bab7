"""POST /containers/create: checks what is asked for and makes the record."""

import os
import re
import secrets
import time

from container import Container, fresh_state
from journal import stamp
from server import Refusal


def create(engine, request):
    body, name = request.json(), request.text("name")
    if name and not re.fullmatch(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+", name):
        raise Refusal(400, f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
    name = name.lstrip("/") or f"nameless_{secrets.token_hex(6)}"
    image = engine.images.find(body.get("Image", ""))
    if not image:
        raise Refusal(404, f"No such image: {body.get('Image', '')}")
    if taken := engine.containers.named(name):
        raise Refusal(409, f'Conflict. The container name "/{name}" is already in use by container "{taken.id}". '
                           "You have to remove (or rename) that container to be able to reuse that name.")
    for key in ("Healthcheck", "User", "WorkingDir", "StopSignal"):
        if not body.get(key) and image["Config"].get(key):
            body[key] = image["Config"][key]
    for key in ("Labels", "ExposedPorts"):
        body[key] = {**(image["Config"].get(key) or {}), **(body.get(key) or {})}
    record = {
        "id": secrets.token_hex(32), "name": name, "created": stamp(), "created_at": int(time.time()),
        "config": body, "image_id": image["Id"], "state": fresh_state(), "restarts": 0, "ports": {},
        "stopped": False, **program(body, image["Config"]),
    }
    record["mounts"] = mounts(engine, body.get("HostConfig") or {}, body)
    record["networks"] = {} if body.get("NetworkDisabled") else engine.networks.at_creation(body, record["id"])
    container = Container(record, engine.journal, engine.images.folders(image))
    container.save()
    return container


def program(body, image):
    """What runs: an entrypoint of its own takes the image's command away."""
    entrypoint, command = body.get("Entrypoint"), body.get("Cmd")
    if entrypoint is None:
        entrypoint, command = image.get("Entrypoint"), command or image.get("Cmd")
    if entrypoint == [""]:
        entrypoint = None
    given = {pair.split("=")[0]: pair for pair in (image.get("Env") or []) + (body.get("Env") or [])}
    return {"entrypoint": entrypoint, "cmd": command, "env": [pair for pair in given.values() if "=" in pair]}


def mounts(engine, host, body):
    points = []
    for text in host.get("Binds") or []:
        source, target, *mode = text.split(":")
        if not source.startswith("/"):
            points.append(volume_point(engine, {"Source": source, "Target": target}))
            continue
        os.makedirs(source, exist_ok=True)
        points.append(point("bind", source, target, "ro" in (mode or [""])[0].split(",")))
    for mount in host.get("Mounts") or []:
        if mount["Type"] == "volume":
            points.append(volume_point(engine, mount))
        elif mount["Type"] == "bind":
            if not os.path.exists(mount["Source"]):
                raise Refusal(400, f'invalid mount config for type "bind": bind source path does not exist: {mount["Source"]}')
            points.append(point("bind", mount["Source"], mount["Target"], mount.get("ReadOnly")))
    return points


def point(kind, source, target, read_only, **more):
    return {"Type": kind, "Source": source, "Destination": target, "Mode": "", "RW": not read_only, "Propagation": "", **more}


def volume_point(engine, mount):
    options = mount.get("VolumeOptions") or {}
    volume = engine.volumes.ensure(mount.get("Source") or "", options.get("Labels"))
    return point("volume", volume["Mountpoint"], mount["Target"], mount.get("ReadOnly"), Name=volume["Name"], Driver="local")
