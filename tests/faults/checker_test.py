"""The checker itself: each kind of violation, planted into a chain that is right, is found, and nothing else is."""

import copy
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import faults  # noqa: E402
import invariants  # noqa: E402
import scenarios  # noqa: E402

COMMIT = "c" * 40
TESTED, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
STEP = "slip-i1-7-unit-run-a1"


def record(text, stream="stdout"):
    return {"stream": stream, "text": text, "partial": False}


SCENARIO = scenarios.DEPLOY


class Chain:
    """What the checker asks, where it asks it: a worker whose run 7 of the scenario `deploy` passed as it should."""

    def __init__(self):
        self.project = self.daemon = self.engine = self.rig = self  # one object answers for all of them
        self.instance_id, self.application, self.port, self.hosts = "i1", "app", 1, 3
        self.accepted = [{"delivery": 3, "run": 7, "decision": "queued"}]
        self.ledger = [{"id": 3, "run": 7, "decision": "queued"}]
        step = {"name": "run", "role": "step", "attempt": 1, "exit_code": 0}
        self.all_runs = {7: {"id": 7, "verdict": "passed", "reason": "", "jobs": [{"name": "unit", "verdict": "passed", "steps": [step]}],
                             "pushes": [{"tag": "t", "digest": TESTED, "state": "pushed"}]}}
        # `cat` writes no newline, so that the next command stands on its line.
        self.lines = [record("+ cat /www/version"), record("v1+ echo"), record("")]
        self.starts = {STEP: {1}}
        self.registry = {"t": TESTED}
        self.containers = {host: {f"app-web-g1-{host}": TESTED} for host in (1, 2, 3)}
        self.answers = {1: "v1", 2: "v1", 3: "v1"}

    def runs(self, commit):
        return [{"id": number} for number in self.all_runs] if commit == COMMIT else []

    def api(self, method, path):
        return {"items": self.ledger} if path.startswith("/deliveries") else copy.deepcopy(self.all_runs[int(path.split("/")[-1])])

    def ask(self, method, path, accept):
        return "".join(json.dumps(line) + "\n" for line in self.lines)

    def digest(self, repository, tag):
        return self.registry.get(tag, "")

    def running(self, host, application):
        return self.containers[host]

    def answer(self, host, port):
        return self.answers[host]

    @property
    def run(self):
        return self.all_runs[7]

    @property
    def step(self):
        return self.run["jobs"][0]["steps"][0]

    def found(self, fault="kill", **evidence):
        about = {"accepted": self.accepted, "posts": 1} | evidence
        return invariants.violations(self, SCENARIO, faults.ALL[fault], "v1", COMMIT, invariants.Evidence(**about))


class EachViolationIsFound(unittest.TestCase):
    def setUp(self):
        invariants.CAUGHT_UP_WITHIN = 0
        self.chain = Chain()

    def assert_found(self, *kinds, fault="kill", **evidence):
        self.assertEqual(sorted({text.split(":")[0] for text in self.chain.found(fault, **evidence)}), sorted(kinds))

    def test_a_chain_that_is_right_has_none(self):
        self.assertEqual(self.chain.found(), [])

    def test_a_crash_is_no_kill(self):
        self.assert_found("crash", deaths=[-9, -11])

    def test_a_run_that_does_not_end(self):
        self.assert_found("not ended", ended=False)

    def test_a_delivery_that_was_answered_and_is_gone(self):
        self.chain.ledger = []
        self.assert_found("lost delivery")

    def test_a_delivery_that_queued_another_run_than_it_was_answered(self):
        self.chain.ledger[0]["run"] = 8
        self.assert_found("lost delivery")

    def test_one_webhook_and_two_runs(self):
        self.chain.all_runs[8] = self.chain.run | {"id": 8}
        self.chain.starts["slip-i1-8-unit-run-a1"] = {1}
        self.assert_found("run twice")

    def test_a_step_that_the_engine_started_twice(self):
        self.chain.starts[STEP] = {1, 2}
        self.assert_found("started twice")

    def test_a_second_attempt_where_only_slipwayd_died(self):
        self.chain.run["jobs"][0]["steps"].append(self.chain.step | {"attempt": 2})
        self.assert_found("started twice")
        self.assert_found(fault="engine killed")

    def test_a_run_that_passed_without_its_step(self):
        self.chain.run["jobs"][0]["steps"] = []
        self.assert_found("false pass")

    def test_a_run_that_passed_with_a_step_that_did_not(self):
        self.chain.step["exit_code"] = 1
        self.assert_found("false pass")

    def test_a_run_that_failed_though_only_slipwayd_died(self):
        self.chain.run["verdict"] = "failed"
        self.chain.answers = dict.fromkeys(self.chain.answers, "v0")
        self.assert_found("wrong verdict")
        self.assert_found(fault="engine killed")

    def test_a_line_of_the_log_that_is_lost(self):
        del self.chain.lines[0]
        self.assert_found("lost log bytes")

    def test_a_line_of_the_log_that_came_twice(self):
        self.chain.lines.insert(0, self.chain.lines[0])
        self.assert_found("doubled log bytes")

    def test_lines_of_the_log_in_another_order(self):
        self.chain.lines.reverse()
        self.assert_found("lost log bytes")

    def test_the_start_of_a_log_is_enough_of_a_step_that_was_cut_off(self):
        self.chain.run["jobs"][0]["verdict"] = self.chain.run["verdict"] = "interrupted"
        self.chain.answers = dict.fromkeys(self.chain.answers, "v0")
        del self.chain.lines[2:]
        self.assert_found(fault="engine killed")
        self.chain.lines[1]["text"] = "v2"
        self.assert_found("lost log bytes", fault="engine killed")

    def test_a_tag_that_shows_something_else_than_what_was_tested(self):
        self.chain.registry["t"] = OTHER
        self.assert_found("wrong digest")

    def test_two_generations_on_a_host(self):
        self.chain.containers[2]["app-web-g0-1"] = TESTED
        self.assert_found("two live generations")

    def test_a_host_that_runs_what_was_not_tested(self):
        self.chain.containers[3] = {"app-web-g1-1": OTHER}
        self.assert_found("wrong digest")

    def test_a_host_that_stayed_on_the_old_version(self):
        self.chain.answers[2] = "v0"
        self.assert_found("mixed generations", "not deployed")

    def test_hosts_that_serve_what_no_run_passed_with(self):
        self.chain.run["verdict"] = "failed"
        self.assert_found("mixed generations", fault="engine killed")


if __name__ == "__main__":
    unittest.main()
