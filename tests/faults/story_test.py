"""The checker's part for stories (stories.py), as checker_test.py tries the rest: what is planted is found, and nothing else."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import invariants  # noqa: E402
import stories  # noqa: E402
from checker_test import COMMIT, OTHER, TESTED, Chain, record  # noqa: E402
from plots import Part  # noqa: E402

SECOND, THIRD = "d" * 40, "e" * 40
T = "2026-11-30T10:00:0%d.000Z"
BEGAN = 1796032800  # T % 0


class Told(unittest.TestCase):
    scenario = "deploy"

    def setUp(self):
        invariants.CAUGHT_UP_WITHIN = 0
        self.chain = Chain()
        self.chain.scenario = stories.ALL[self.scenario]
        self.evidence = {}
        self.begin()

    def begin(self):
        pass

    def logged(self, step, scenario=None):
        """The run has one step, which ran to its end, and its log."""
        job = self.chain.run["jobs"][0]
        job["name"], job["steps"][0]["name"] = step.job, step.step
        job["started_at"], job["finished_at"] = T % 0, T % 4
        self.chain.lines = [record(line) for line in step.out.replace("@VERSION@", "v1").split("\n")[:-1]]
        self.chain.lines += [record(line, "stderr") for line in step.err.split("\n")[:-1]]

    def ended(self, verdict, reason):
        self.chain.run.update(verdict=verdict, reason=reason)
        self.chain.run["jobs"][0]["verdict"] = verdict

    def assert_found(self, *kinds, fault="kill"):
        found = self.chain.found(fault, **self.evidence)
        self.assertEqual(sorted({text.split(":")[0] for text in found}), sorted(kinds), found)


class Cancelled(Told):
    scenario = "cancelled"

    def begin(self):
        self.logged(self.chain.scenario.steps[0])
        self.ended("cancelled", "cancelled by admin")

    def test_a_cancelled_run_that_is_right_has_none(self):
        self.assert_found()

    def test_a_run_that_passed_though_it_was_cancelled(self):
        self.ended("passed", "")
        self.assert_found("false pass")

    def test_a_run_that_ended_otherwise_than_by_who_cancelled_it(self):
        self.ended("cancelled", "superseded by run 8")
        self.assert_found("wrong verdict")

    def test_a_step_that_still_runs_though_its_run_has_ended(self):
        self.chain.still_running = ["slip-i1-7-stays.run-a1"]
        self.assert_found("ran on")

    def test_a_job_that_began_though_the_run_was_cancelled_before_it(self):
        step = self.chain.step | {"name": "run"}
        self.chain.run["jobs"].append({"name": "always", "verdict": "cancelled", "steps": [step]})
        self.assert_found("ran on")

    def test_a_line_that_a_cancelled_step_wrote_and_that_is_lost(self):
        del self.chain.lines[3]
        self.assert_found("lost log bytes")


class Turned(Told):
    scenario = "turned"

    def begin(self):
        self.ended("cancelled", "cancelled by admin")
        self.chain.rollouts[0]["state"] = "rolled_back"
        self.chain.answers = dict.fromkeys(self.chain.answers, "v0")
        self.chain.containers = {host: {"app-web-g1-1": (OTHER, 1)} for host in (1, 2, 3)}
        self.chain.promoted = 1
        self.evidence["stood"] = ["v0", "v0", "v0"]
        step = self.chain.run["jobs"][0]
        step["verdict"] = "passed"

    def test_a_rollout_that_went_back_has_none(self):
        self.assert_found()

    def test_hosts_that_have_the_version_of_the_run_that_was_cancelled(self):
        self.chain.answers = dict.fromkeys(self.chain.answers, "v1")
        self.assert_found("mixed generations", "not gone back")

    def test_hosts_that_were_left_with_nothing(self):
        self.chain.answers, self.chain.containers = dict.fromkeys(self.chain.answers, ""), {1: {}, 2: {}, 3: {}}
        self.assert_found("not gone back")


class Timeout(Told):
    scenario = "timeout"

    def begin(self):
        self.logged(self.chain.scenario.steps[0])
        self.ended("failed", "job 'stays': timeout of 4s")

    def end(self, at):
        self.chain.run["jobs"][0]["finished_at"] = T % at

    def test_a_step_that_had_its_time_has_none(self):
        self.assert_found()

    def test_a_step_that_was_ended_before_its_time(self):
        self.end(3)
        self.assert_found("ended too early")

    def test_a_step_that_was_given_its_time_anew(self):
        self.end(8)
        self.assert_found("ended too late")

    def test_a_step_whose_time_was_over_when_slipwayd_came_back(self):
        self.evidence["back"] = BEGAN + 6
        self.end(8)
        self.assert_found(fault="away")
        self.evidence["back"] = BEGAN + 4.5  # and its time anew would end at 8.5
        self.end(8)
        self.assert_found("ended too late", fault="away")

    def test_a_step_that_passed_for_it_ended_well_when_it_was_told_to(self):
        self.ended("passed", "")
        self.assert_found("false pass")

    def test_a_run_that_failed_for_another_reason(self):
        self.ended("failed", "job 'stays': exit code 1")
        self.assert_found("wrong verdict")


class Again(Told):
    scenario = "again"

    def begin(self):
        chain = self.chain
        chain.rollouts.append(chain.rollouts[0] | {"id": 6, "run": 8})
        chain.audits[6] = [{"what": "leased", "fence": 4, "at": "2026-11-30T10:00:09.000Z"}]
        chain.rollouts[0]["state"] = "rolled_back"
        chain.all_runs[8] = chain.run | {"id": 8, "rerun_of": 7, "jobs": [{"name": "unit", "verdict": "passed", "steps": []}],
                                         "pushes": [dict(chain.run["pushes"][0])]}
        chain.run.update(verdict="failed", reason="job 'production': rollout 5 rolled_back: …")
        self.evidence["later"] = [Part(chain.scenario.then[0], "v1", COMMIT)]

    def test_a_run_of_what_failed_that_is_right_has_none(self):
        self.assert_found()

    def test_one_that_does_what_had_passed_once_more(self):
        self.chain.all_runs[8]["jobs"][0]["steps"] = [self.chain.step]
        self.assert_found("ran on")

    def test_one_that_deploys_another_image(self):
        self.chain.all_runs[8]["pushes"][0]["digest"] = self.chain.registry["t"] = OTHER
        self.assert_found("wrong digest")

    def test_one_that_was_asked_for_once_and_came_twice(self):
        self.chain.all_runs[9] = self.chain.all_runs[8] | {"id": 9}
        self.chain.rollouts.append(self.chain.rollouts[1] | {"id": 7, "run": 9})
        self.chain.audits[7] = self.chain.audits[6]
        self.assert_found("run twice")

    def test_one_that_was_asked_for_and_is_gone(self):
        del self.chain.all_runs[8]
        self.chain.rollouts.pop()
        self.chain.answers = dict.fromkeys(self.chain.answers, "v0")
        self.assert_found("lost delivery")

    def test_one_that_knows_nothing_of_the_run_before(self):
        self.chain.all_runs[8]["rerun_of"] = None
        self.assert_found("run twice")


class Newer(Told):
    scenario = "newer"

    def begin(self):
        chain = self.chain
        left_out, wanted = chain.scenario.then
        chain.run.update(pushes=[], finished_at=T % 5, number=1)
        chain.all_runs[8] = {"id": 8, "number": 2, "commit": SECOND, "state": "finished", "verdict": "skipped", "reason": "paths",
                             "jobs": [], "pushes": [], "finished_at": T % 3}
        step = {"name": "run", "role": "step", "attempt": 1, "exit_code": 0}
        chain.all_runs[9] = {"id": 9, "number": 3, "commit": THIRD, "state": "finished", "verdict": "passed", "reason": "", "pushes": [],
                             "jobs": [{"name": "goes", "verdict": "passed", "started_at": T % 6, "steps": [step]}], "finished_at": T % 7}
        self.logged(chain.scenario.steps[0])
        self.ended("superseded", "superseded by run 9")
        chain.ledger += [{"id": 10 + run, "run": run, "decision": "accepted"} for run in (8, 9)]
        chain.logs = {9: [record("+ echo v3"), record(""), record("v3")]}
        self.evidence["later"] = [Part(left_out, "v2", SECOND), Part(wanted, "v3", THIRD)]

    def test_a_run_that_was_replaced_by_the_one_that_is_wanted_has_none(self):
        self.assert_found()

    def test_a_run_that_was_replaced_by_the_one_that_is_skipped(self):
        self.chain.run["reason"] = "superseded by run 8"
        self.assert_found("wrong verdict")

    def test_a_run_that_was_not_replaced(self):
        self.ended("passed", "")
        self.assert_found("false pass", "wrong verdict")

    def test_a_run_that_began_beside_the_one_that_it_replaces(self):
        self.chain.all_runs[9]["jobs"][0]["started_at"] = T % 4
        self.assert_found("side by side")

    def test_a_push_whose_run_is_lost(self):
        del self.chain.all_runs[9]
        self.chain.run["reason"] = "superseded by run 8"
        self.assert_found("lost delivery")

    def test_a_push_that_was_not_wanted_and_ran(self):
        self.chain.all_runs[8]["verdict"] = "passed"
        self.assert_found("false pass")


class WithSecret(Told):
    scenario = "secret"

    def begin(self):
        first, second = self.chain.scenario.steps
        self.logged(first)
        self.chain.run["jobs"][0]["steps"].append(self.chain.step | {"name": "second"})
        self.chain.logs = {"second": [record(line) for line in second.out.split("\n")[:-1]]}

    def test_a_log_in_which_the_secret_is_masked_has_none(self):
        self.assert_found()

    def test_a_log_that_has_the_secret(self):
        self.chain.lines[1] = record("open-sesame-4711")
        self.assert_found("leaked secret", "doubled log bytes")

    def test_a_log_that_has_the_secret_in_a_run_that_came_to_nothing(self):
        self.ended("failed", "job 'keeps': step 'second': the project has no secret 'TOKEN'")
        self.chain.step["exit_code"] = None
        self.chain.lines = [record("+ echo \"$TOKEN\""), record("open-sesame-4711")]
        self.assert_found("leaked secret", "lost log bytes", fault="secret removed")

    def test_a_run_that_fails_by_a_secret_that_is_gone_says_so(self):
        self.ended("failed", "job 'keeps': step 'first': the project has no secret 'TOKEN'")
        self.assert_found(fault="secret removed")
        self.ended("failed", "job 'keeps': exit code 1")
        self.assert_found("wrong verdict", fault="secret removed")

    def test_a_step_that_ran_without_its_secret(self):
        self.chain.logs["second"][1] = record("")
        self.assert_found("lost log bytes", fault="secret removed")


class HostTakenOut(Told):
    def begin(self):
        self.chain.promoted_on = ["h1", "h2"]
        self.chain.containers[3], self.chain.answers[3] = {}, ""

    def test_a_host_that_the_new_generation_is_not_for_and_that_has_nothing_has_none(self):
        self.assert_found(fault="host taken out")

    def test_a_host_that_the_generation_is_for_and_that_has_nothing(self):
        self.chain.promoted_on.append("h3")
        self.assert_found("mixed generations", "not deployed", "not running", fault="host taken out")

    def test_a_host_that_was_left_behind_with_what_it_had(self):
        self.chain.containers[3] = {"app-web-g1-1": (OTHER, 1)}
        self.assert_found("wrong place", fault="host taken out")


class Places(Told):
    scenario = "places"

    def begin(self):
        chain = self.chain
        chain.rollouts = {"app-first": [dict(chain.rollouts[0])],
                          "app-others": [chain.rollouts[0] | {"id": 6}, {"id": 7, "run": None, "kind": "rollback", "state": "succeeded"}]}
        chain.containers = {"app-first": {1: {"app-first-web-g2-1": (TESTED, 2)}, 2: {}, 3: {}},
                            "app-others": {1: {}} | {host: {"app-others-web-g2-1": (OTHER, 2)} for host in (2, 3)}}
        chain.answers = {1: "v1", 2: "v0", 3: "v0"}
        self.evidence["stood"] = ["v0", "v0"]

    def test_two_places_of_which_one_was_rolled_back_have_none(self):
        self.assert_found()

    def test_before_there_was_anything_to_go_back_to_both_have_the_new_version(self):
        self.evidence["stood"] = []
        self.chain.rollouts["app-others"].pop()
        self.chain.containers["app-others"] = {1: {}} | {host: {"app-others-web-g2-1": (TESTED, 2)} for host in (2, 3)}
        self.chain.answers = dict.fromkeys((1, 2, 3), "v1")
        self.assert_found()

    def test_a_place_that_was_not_rolled_back(self):
        self.chain.answers[2] = self.chain.answers[3] = "v1"
        self.assert_found("not gone back", "mixed generations")

    def test_the_wrong_place_that_was_rolled_back(self):
        self.chain.answers[1] = "v0"
        self.assert_found("not deployed")

    def test_a_place_that_was_rolled_back_twice(self):
        self.chain.rollouts["app-others"].append({"id": 8, "run": None, "kind": "rollback", "state": "succeeded"})
        self.assert_found("rolled back twice")

    def test_a_rollback_that_failed(self):
        self.chain.rollouts["app-others"][-1]["state"] = "rollback_failed"
        self.assert_found("not gone back")

    def test_a_place_that_got_a_rollback_of_the_other(self):
        self.chain.rollouts["app-first"].append({"id": 8, "run": None, "kind": "rollback", "state": "succeeded"})
        self.assert_found("rolled back twice")

    def test_a_container_of_one_place_on_a_host_of_the_other(self):
        self.chain.containers["app-others"][1] = {"app-others-web-g2-1": (OTHER, 2)}
        self.assert_found("wrong place")

    def test_a_place_that_got_no_rollout_of_a_run_that_passed(self):
        self.chain.rollouts["app-first"] = []
        self.assert_found("false pass")


class Redelivered(Told):
    scenario = "redelivered"

    def begin(self):
        self.logged(self.chain.scenario.steps[0])
        self.chain.run["pushes"] = []
        self.chain.ledger.append({"id": 4, "run": 7, "decision": "duplicate"})
        self.evidence["accepted"] = [self.chain.accepted[0], {"delivery": 4, "run": None, "decision": "duplicate"}]

    def test_a_webhook_that_came_twice_and_was_taken_once_has_none(self):
        self.assert_found()

    def test_a_webhook_that_was_taken_twice(self):
        self.chain.ledger[1]["decision"] = self.evidence["accepted"][1]["decision"] = "accepted"
        self.assert_found("run twice")

    def test_a_webhook_of_which_none_was_taken(self):
        self.chain.ledger[0]["decision"] = "duplicate"
        self.evidence["accepted"] = self.evidence["accepted"][1:]
        self.assert_found("lost delivery")

    def test_a_duplicate_that_is_not_in_the_ledger(self):
        self.chain.ledger.pop()
        self.assert_found("lost delivery")


if __name__ == "__main__":
    unittest.main()
