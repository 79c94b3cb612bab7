"""Pipelines of slipwayd on the fake engine: that they pass there, and that the fake shows what its faults do.

    python3 tests/integration/fake-engine/pipeline.py build/dev
"""

import json
import os
import sys
import time
import unittest
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../../bench", f"{HERE}/../../support"]
from daemon import Daemon, Project  # noqa: E402
from fake import FakeEngine  # noqa: E402
from loopback_registry import LoopbackRegistry  # noqa: E402
from slipwayd import free_port  # noqa: E402

TWO_JOBS = """
on: {push: {}}
jobs:
  build:
    image: busybox:latest
    network: none
    steps:
      - name: compile
        run: ["echo compiled > out.txt", "for i in 1 2 3; do echo line $i; echo careful $i >&2; done"]
      - {name: check, run: ["cat out.txt"]}
  test:
    image: busybox:latest
    network: none
    needs: [build]
    steps:
      - {name: unit, run: ["seq 100", "sleep 0.2"]}
      - {name: last, run: ["printf 'the end'"]}
"""

SLOW = """
on: {push: {}}
jobs:
  slow:
    image: busybox:latest
    network: none
    run: ["echo before", "sleep 3", "echo after"]
"""

FLOODS = """
on: {push: {}}
jobs:
  flood:
    image: busybox:latest
    network: none
    run: ["seq 100000", "sleep 1000"]
"""

SHIPS = """
on: {push: {}}
images:
  app: {context: .}
jobs:
  unit:
    image: ${{ images.app }}
    network: none
    run: ["cat /version"]
  publish:
    needs: [unit]
    push: {image: app, to: REGISTRY/app, tags: [latest]}
  production:
    needs: [publish]
    deploy: {file: compose.yml, images: {web: app}, group: production}
"""

DOCKERFILE = """FROM busybox:latest
COPY version /version
RUN cat /version
EXPOSE 8080
HEALTHCHECK --interval=200ms --timeout=2s --retries=2 CMD wget -q -O - http://127.0.0.1:8080/version
CMD ["httpd", "-f", "-p", "8080", "-h", "/"]
"""

COMPOSE = """name: shop
services:
  web:
    image: REGISTRY/app
    ports: ["PORT:8080"]
    stop_grace_period: 1s
x-slipway:
  min_healthy_time: 300ms
  health_deadline: 15s
"""

SERVICE = """
on: {push: {}}
services:
  web:
    image: busybox:latest
    command: [sh, -c, "echo hello > /tmp/index.html; exec httpd -f -p 8080 -h /tmp"]
    ready: {http: {port: 8080, path: /index.html}, timeout: 20s}
jobs:
  ask:
    image: busybox:latest
    services: [web]
    run: ["wget -q -O - http://web:8080/index.html"]
"""

FAILS = """
on: {push: {}}
jobs:
  red:
    image: busybox:latest
    network: none
    run: ["echo about to fail", "exit 4"]
"""


class Pipelines(unittest.TestCase):
    def begin(self, *options, **settings):
        self.engine = FakeEngine(*options)
        self.addCleanup(self.engine.close)
        self.daemon = Daemon(sys.argv[1], engine=self.engine.endpoint, **settings)
        self.addCleanup(self.daemon.stop)
        self.project = Project(self.daemon, "p")

    def push(self, pipeline, **files):
        commit = self.project.commit(pipeline, **files)
        self.project.hook(commit)
        return commit

    def log_of(self, run, job, step):
        """What slipway keeps: (stream, text) in order."""
        text = self.daemon.ask("GET", f"/api/v1/runs/{run['id']}/jobs/{job}/steps/{step}/logs", accept="application/jsonl")
        lines = [json.loads(line) for line in text.splitlines() if line]
        return [(line["stream"], line["text"] + ("" if line["partial"] else "\n")) for line in lines]

    def step_container(self, job, step):
        return next(one["container"] for one in self.engine.effects("created") if f"-{job}.{step}-a" in one["container"])

    def check_log(self, run, job, step):
        written = self.engine.written(self.step_container(job, step))
        named = [("stderr" if stream == 2 else "stdout", data.decode()) for stream, data in written]
        self.assertEqual(self.log_of(run, job, step), named)
        return named

    def wait_for(self, what, pattern=""):
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            if any(pattern in one.get("container", "") for one in self.engine.effects(what)):
                return
            time.sleep(0.01)
        self.fail(f"nothing was {what}")

    def test_two_jobs_pass_each_step_starts_once_and_nothing_is_left(self):
        self.begin()
        run = self.project.finished_run(self.push(TWO_JOBS))
        self.assertEqual(run["verdict"], "passed", run)
        self.assertEqual(sorted(self.engine.starts().values()), [1, 1, 1, 1])
        for job, step in (("build", "compile"), ("build", "check"), ("test", "unit"), ("test", "last")):
            self.check_log(run, job, step)
        self.assertIn(("stdout", "compiled\n"), self.log_of(run, "build", "check"))
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            if not self.engine.call("GET", "/containers/json?all=1") and not self.engine.call("GET", "/volumes")["Volumes"]:
                return
            time.sleep(0.01)
        self.fail("containers or volumes are left")

    def test_a_step_that_fails_fails_its_run_with_its_exit_code(self):
        self.begin()
        run = self.project.finished_run(self.push(FAILS))
        self.assertEqual(run["verdict"], "failed")
        self.assertEqual(run["jobs"][0]["steps"][0]["exit_code"], 4)

    RESERVED = {"method": "POST", "path": "/containers/create", "action": "status", "status": 409, "times": 3,
                "message": "Conflict. The container name is already in use"}

    def test_a_name_that_is_reserved_by_a_call_still_in_work_is_asked_for_again(self):
        self.begin()
        self.engine.faults(self.RESERVED)
        run = self.project.finished_run(self.push(FAILS))
        self.assertEqual(run["verdict"], "failed", run)
        self.assertEqual(self.engine.call("GET", "/_faults")[0]["acted"], 3)
        self.assertEqual(list(self.engine.starts().values()), [1])

    def test_so_is_the_name_of_what_holds_the_network_of_a_job_with_a_service(self):
        self.begin()
        self.engine.faults(self.RESERVED)
        run = self.project.finished_run(self.push(SERVICE))
        self.assertEqual(run["verdict"], "passed", run)
        self.assertEqual(self.engine.call("GET", "/_faults")[0]["acted"], 3)

    def test_a_start_whose_answer_is_lost_is_not_repeated(self):
        self.begin()
        self.engine.faults({"method": "POST", "path": "/containers/.*/start", "action": "lost_after"})
        run = self.project.finished_run(self.push(TWO_JOBS))
        self.assertEqual(run["verdict"], "passed", run)
        self.assertEqual(self.engine.call("GET", "/_faults")[0]["acted"], 1)
        self.assertEqual(sorted(self.engine.starts().values()), [1, 1, 1, 1])

    def test_a_followed_log_that_is_cut_off_is_read_again_and_no_byte_doubles(self):
        self.begin()
        self.engine.faults({"method": "GET", "path": "/containers/.*/logs", "action": "cut", "bytes": 40, "times": 3})
        run = self.project.finished_run(self.push(TWO_JOBS))
        self.assertEqual(run["verdict"], "passed", run)
        self.assertEqual(self.engine.call("GET", "/_faults")[0]["acted"], 3)
        for job, step in (("build", "compile"), ("test", "unit")):
            self.check_log(run, job, step)

    def test_a_step_passes_though_the_engine_can_t_read_its_log_and_the_log_says_so(self):
        missing = ("slipway", "a part of the output is missing here: the engine can't read the log: "
                              "Error grabbing logs: unexpected EOF\n")
        said = [("stdout", line + "\n") for line in ("+ echo before", "before", "+ sleep 3", "+ echo after", "after")]
        for nth, kept in ((1, []), (2, said)):
            with self.subTest(nth=nth):
                self.begin()
                self.engine.faults({"method": "GET", "path": "/containers/.*/logs", "action": "log_error", "nth": nth,
                                    "times": 0})
                run = self.project.finished_run(self.push(SLOW))
                self.assertEqual(run["verdict"], "passed", run)
                self.assertEqual(self.log_of(run, "slow", run["jobs"][0]["steps"][0]["name"]), [*kept, missing])

    def test_a_step_over_its_log_limit_is_killed_though_the_engine_did_not_take_the_first_call(self):
        self.begin(limits={"runs": 1, "step_log": "64KB"})
        self.engine.faults({"method": "POST", "path": "/containers/.*/kill", "action": "lost_before", "times": 2})
        began = time.monotonic()
        run = self.project.finished_run(self.push(FLOODS))
        self.assertEqual(run["verdict"], "failed", run)
        self.assertIn("over its limit", run["reason"])
        self.assertGreaterEqual(self.engine.call("GET", "/_faults")[0]["acted"], 2)
        self.assertLess(time.monotonic() - began, 60)

    def test_an_engine_that_dies_takes_its_steps_along_and_they_never_pass(self):
        self.begin()
        commit = self.push(SLOW)
        self.wait_for("started")
        self.engine.kill()
        self.engine.start()
        run = self.project.finished_run(commit)
        self.assertNotEqual(run["verdict"], "passed", run)
        self.assertEqual(list(self.engine.starts().values()), [1])

    def test_with_live_restore_a_step_outlives_its_engine_and_its_log_is_whole(self):
        self.begin("--live-restore")
        commit = self.push(SLOW)
        self.wait_for("started")
        self.engine.kill()
        time.sleep(0.3)
        self.engine.start()
        run = self.project.finished_run(commit)
        self.assertEqual(run["verdict"], "passed", run)
        self.assertEqual(list(self.engine.starts().values()), [1])
        step = run["jobs"][0]["steps"][0]["name"]
        self.assertEqual(self.check_log(run, "slow", step)[-1], ("stdout", "after\n"))

    def test_a_service_is_waited_for_and_reached_by_its_name(self):
        self.begin()
        run = self.project.finished_run(self.push(SERVICE))
        self.assertEqual(run["verdict"], "passed", run)
        steps = [step["name"] for step in run["jobs"][0]["steps"] if step["role"] == "step"]
        self.assertEqual(self.check_log(run, "ask", steps[0])[-1], ("stdout", "hello\n"))

    def test_an_image_is_built_tested_pushed_and_rolled_out_to_three_hosts_and_the_next_version_replaces_it(self):
        hosts = {f"h{number}": FakeEngine("--address", f"127.0.0.{10 + number}") for number in (1, 2, 3)}
        for host in hosts.values():
            self.addCleanup(host.close)
        self.begin(hosts={name: {"endpoint": host.endpoint, "address": host.options[1], "groups": ["production"]}
                          for name, host in hosts.items()})
        registry, port = LoopbackRegistry(f"{self.daemon.folder}/registry"), free_port()
        self.addCleanup(registry.kill)
        for version in ("one", "two"):
            commit = self.push(SHIPS.replace("REGISTRY", registry.host), Dockerfile=DOCKERFILE, version=version,
                               compose_yml=COMPOSE.replace("REGISTRY", registry.host).replace("PORT", str(port)))
            run = self.project.finished_run(commit)
            self.assertEqual(run["verdict"], "passed", run)
            self.assertEqual(self.log_of(run, "unit", run["jobs"][1]["steps"][0]["name"])[-1], ("stdout", version))
            for host in hosts.values():
                self.assertEqual(answer_of(f"http://{host.options[1]}:{port}/version"), version)
        built, pushed = self.engine.effects("built"), self.engine.effects("pushed")
        self.assertEqual((len(built), len(pushed)), (2, 2))
        for host in hosts.values():
            running = host.call("GET", "/containers/json")
            self.assertEqual([row["Image"] for row in running], [f"{registry.host}/app@{pushed[1]['digest']}"])
            self.assertEqual([row["Status"] for row in running], ["Up a moment (healthy)"])
            self.assertEqual(set(host.starts().values()), {1})


def answer_of(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
