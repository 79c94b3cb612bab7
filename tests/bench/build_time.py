"""How long a contributor waits for the compiler: a clean build of the preset dev, and one after a file has changed."""

import contextlib
import os
import shutil
import subprocess
import time

FOLDER = "build/bench-clean"
# At the bottom, so that all programs are linked anew, and in the middle.
CHANGED = ("base/process.cpp", "orchestrator/runs/job_run.cpp")


@contextlib.contextmanager
def changed(path):
    """For as long: the file is newer than what was made of it, as after an edit. Other builds of the tree see nothing of it."""
    before = os.stat(path)
    os.utime(path)
    try:
        yield
    finally:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def run(*command):
    """Its time in seconds."""
    start = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-4000:]}")
    return time.monotonic() - start


def configure():
    """Without ccache: a clean build is that of somebody who has never built this."""
    return run("cmake", "--preset", "dev", "-B", FOLDER, "-DCCACHE=OFF")


def build():
    return run("cmake", "--build", FOLDER)


def bench_build(table):
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        table.figure("clean build with tests, preset dev, configuring included, no ccache", (configure() + build()) / 60, 8, "min")
        for path in CHANGED:
            with changed(path):
                took = build()
            table.figure(f"build after a change of {path}", took, 30, "s")
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
