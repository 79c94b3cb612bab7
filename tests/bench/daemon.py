"""A slipwayd with fresh data, and projects in local repositories: for the benchmarks and the fake engine's own test."""

import os
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import slipwayd  # noqa: E402


class Daemon(slipwayd.Slipwayd):
    def __init__(self, build, engine="unix:///var/run/docker.sock", environment=None, **more):
        """`environment` is added to the process's own; `more` adds to the settings or replaces some."""
        self.temporary = tempfile.TemporaryDirectory(prefix="slipway-bench-")
        super().__init__(build, self.temporary.name, {"engine": engine, "limits": {"runs": 1}, **more})
        self.start(environment)
        if not self.await_ready(60):
            with open(f"{self.folder}/log", encoding="utf-8") as log:
                raise RuntimeError(f"slipwayd did not start: {log.read()}")

    def stop(self):
        super().stop()
        self.temporary.cleanup()


class Project(slipwayd.Project):
    def commit(self, pipeline, **files):
        """Commits the pipeline, and files of which a `_` in the name is a dot; the commit's id."""
        named = {name.replace("_", "."): text for name, text in files.items()}
        return super().commit({"slipway.yml": pipeline, **named})

    def finished_run(self, commit, seconds=120):
        """The run of that commit once it has ended, however it did. Asked for now and then: to ask is load, beside what is
        measured, which the journal's own times tell exactly."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            runs = self.runs(commit)
            if runs and runs[0]["state"] == "finished":
                return self.daemon.api("GET", f"/runs/{runs[0]['id']}")
            time.sleep(0.1)
        raise RuntimeError("run did not end")
