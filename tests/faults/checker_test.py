"""The checker itself: each kind of violation, planted into a chain that is right, is found, and nothing else is."""

import copy
import dataclasses
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import faults  # noqa: E402
import invariants  # noqa: E402
import scenarios  # noqa: E402
import worker  # noqa: E402

COMMIT = "c" * 40
TESTED, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
STEP = "slip-i1-7-unit.run-a1"


def record(text, stream="stdout"):
    return {"stream": stream, "text": text, "partial": False}



class Chain:
    """What the checker asks, where it asks it: a worker whose run 7 of the scenario `deploy` passed as it should."""

    def __init__(self):
        self.project = self.daemon = self.engine = self.rig = self  # one object answers for all of them
        self.instance_id, self.application, self.port, self.hosts = "i1", "app", 1, 3
        self.scenario, self.opens, self.left, self.second_port = scenarios.DEPLOY, 0, None, 2
        self.accepted = [{"delivery": 3, "run": 7, "decision": "accepted"}]
        self.ledger = [{"id": 3, "run": 7, "decision": "accepted"}]
        step = {"name": "run", "role": "step", "attempt": 1, "exit_code": 0}
        self.all_runs = {7: {"id": 7, "commit": COMMIT, "state": "finished", "verdict": "passed", "reason": "",
                             "jobs": [{"name": "unit", "verdict": "passed", "steps": [step]}],
                             "pushes": [{"tag": "t", "digest": TESTED, "state": "pushed"}]}}
        self.still_running = []  # of runs, when they have ended
        self.promoted_on = ["h1", "h2", "h3"]
        # `cat` writes no newline, so that the next command stands on its line.
        self.lines = [record("+ cat /www/version"), record("v1+ echo"), record("")]
        self.logs = {}  # of certain runs or steps other ones
        self.starts, self.unheard = {}, ()  # of its engine: it tells one start of each step, but for certain ones
        self.registry = {"t": TESTED}
        self.containers = {host: {"app-web-g2-1": (TESTED, 2)} for host in (1, 2, 3)}
        self.answers = {1: "v1", 2: "v1", 3: "v1"}
        self.promoted = 2
        self.rollouts = [{"id": 5, "run": 7, "kind": "deploy", "state": "succeeded", "ended_at": "2026-11-30T10:00:09.000Z"}]
        self.audits = {5: [{"what": "queued", "at": "2026-11-30T10:00:00.000Z"}, {"what": "leased", "fence": 4, "at": "2026-11-30T10:00:05.000Z"}]}
        self.marks = {1: [4], 2: [4], 3: [4]}
        self.nodes = range(4, 7)
        self.tasks_made = ["n4", "n5", "n6"]

    def runs(self, commit):
        return [{"id": number} for number, run in self.all_runs.items() if run["commit"] == commit]

    container_of = worker.Worker.container_of

    def running_of(self, instance, run):
        return self.still_running

    def api(self, method, path):
        answers = {"deliveries?limit=200": lambda _: {"items": self.ledger},
                   "apps": lambda words: {"items": [{"name": name, "generation": self.promoted} for name in ("app", "app-swarm", "app-first", "app-others")],
                                          "hosts": [{"host": host} for host in self.promoted_on]},
                   "rollouts": lambda words: {"fence": 4, "entries": self.audits[int(words[1])]},
                   "runs": lambda words: copy.deepcopy(self.all_runs[int(words[1])])}
        words = path.strip("/").split("/")
        return answers[words[0]](words)

    def history(self, application):
        return self.rollouts[application] if isinstance(self.rollouts, dict) else self.rollouts

    def standing(self):
        return {(host, name) for host, names in self.containers.items() for name in names}

    def ask(self, method, path, accept):
        _, run, _, _, _, step, _ = path.removeprefix("/api/v1/").split("/")
        lines = self.logs.get(int(run), self.logs.get(step, self.lines))
        return "".join(json.dumps(line) + "\n" for line in lines)

    def digest(self, repository, tag):
        return self.registry.get(tag, "")

    def running(self, host, application):
        return self.containers.get(application, self.containers).get(host, {})

    def running_tasks(self, node, service):
        return self.containers[node - 3]

    def leases(self, host, application):
        return self.marks[host]

    def answer_inside(self, node, service):
        return self.answers[node - 3]

    def tasks(self, service, digest):
        return self.tasks_made if digest == TESTED else []

    def answer(self, host, port):
        return self.answers[host]

    @property
    def run(self):
        return self.all_runs[7]

    @property
    def step(self):
        return self.run["jobs"][0]["steps"][0]

    def hear_of_starts(self):
        steps = [(run, job, step) for run in self.all_runs.values() for job in run["jobs"] for step in job["steps"]]
        for name in {self.container_of(*one) for one in steps} - set(self.unheard):
            self.starts.setdefault(name, {1})

    def found(self, fault="kill", **evidence):
        self.hear_of_starts()
        about = {"accepted": self.accepted} | evidence
        return invariants.violations(self, self.scenario, faults.ALL[fault], "v1", COMMIT, invariants.Evidence(**about))


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
        self.chain.rollouts.append(self.chain.rollouts[0] | {"id": 6, "run": 8})
        self.chain.audits[6] = [{"what": "leased", "fence": 4, "at": self.chain.rollouts[0]["ended_at"]}]
        self.assert_found("run twice")

    def test_a_step_that_the_engine_started_twice(self):
        self.chain.starts[STEP] = {1, 2}
        self.assert_found("started twice")

    def test_a_step_that_ended_and_that_no_engine_started(self):
        self.chain.unheard = (STEP,)
        self.chain.starts[STEP.replace("unit", "unti")] = {1}
        self.assert_found("never started")
        self.assert_found("never started", fault="engine hangs")
        self.assert_found(fault="engine killed")  # its events go with it

    def test_a_step_that_was_stopped_before_it_was_started(self):
        self.chain.run["jobs"][0]["verdict"] = self.chain.run["verdict"] = "interrupted"
        self.chain.run["reason"] = "job 'unit': its container is gone"
        self.chain.answers = dict.fromkeys(self.chain.answers, "v0")
        self.chain.step["exit_code"], self.chain.unheard, self.chain.lines = None, (STEP,), []
        self.assert_found(fault="containers removed")

    def test_a_second_attempt_where_only_slipwayd_died(self):
        self.chain.run["jobs"][0]["steps"].append(self.chain.step | {"attempt": 2})
        self.assert_found("started twice")
        self.assert_found(fault="engine killed")

    def test_a_job_that_began_though_what_it_needs_failed(self):
        self.chain.scenario = dataclasses.replace(scenarios.DEPLOY, never=("after",))
        step = self.chain.step | {"name": "run"}
        self.chain.run["jobs"].append({"name": "after", "verdict": "skipped", "steps": [step]})
        self.assert_found("ran on")

    def test_a_run_that_passed_without_its_step(self):
        self.chain.run["jobs"][0]["steps"] = []
        self.assert_found("false pass")

    def test_a_run_that_passed_with_a_step_that_did_not(self):
        self.chain.step["exit_code"] = 1
        self.assert_found("false pass")

    def test_a_run_that_failed_though_only_slipwayd_died(self):
        self.chain.run.update(verdict="failed", reason="job 'unit': exit code 1")
        self.chain.answers = dict.fromkeys(self.chain.answers, "v0")
        self.assert_found("wrong verdict")
        self.assert_found(fault="engine killed")

    def test_a_run_that_failed_and_does_not_say_why(self):
        self.chain.answers = dict.fromkeys(self.chain.answers, "v0")
        for reason in ("", " ", "job 'unit': "):
            self.chain.run.update(verdict="failed", reason=reason)
            self.assert_found("wrong verdict", fault="engine killed")
            self.assert_found("wrong verdict")

    def test_a_run_that_was_to_fail_and_does_not_say_why(self):
        self.chain.scenario = dataclasses.replace(scenarios.DEPLOY, verdict="failed")
        self.chain.answers = dict.fromkeys(self.chain.answers, "v0")
        self.chain.run["verdict"] = "failed"
        self.assert_found("wrong verdict")
        self.chain.run["reason"] = "job 'unit': exit code 4"
        self.assert_found()

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
        self.chain.run["reason"] = "job 'unit': the engine went away"
        self.chain.answers = dict.fromkeys(self.chain.answers, "v0")
        del self.chain.lines[2:]
        self.assert_found(fault="engine killed")
        self.chain.lines[1]["text"] = "v2"
        self.assert_found("lost log bytes", fault="engine killed")

    def test_a_tag_that_shows_something_else_than_what_was_tested(self):
        self.chain.registry["t"] = OTHER
        self.assert_found("wrong digest")

    def test_two_generations_on_a_host(self):
        self.chain.containers[2]["app-web-g1-1"] = (TESTED, 1)
        self.assert_found("two live generations", "wrong generation")

    def test_a_host_that_runs_what_was_not_tested(self):
        self.chain.containers[3] = {"app-web-g2-1": (OTHER, 2)}
        self.assert_found("wrong digest")

    def test_a_host_that_runs_another_generation_than_was_promoted(self):
        self.chain.promoted = 1
        self.assert_found("wrong generation")

    def test_a_host_that_stayed_on_the_old_version(self):
        self.chain.answers[2] = "v0"
        self.assert_found("mixed generations", "not deployed")

    def test_hosts_that_serve_what_no_run_passed_with(self):
        self.chain.run.update(verdict="failed", reason="job 'production': the engine went away")
        self.assert_found("mixed generations", fault="engine killed")

    def test_a_run_that_passed_though_its_rollout_did_not(self):
        self.chain.rollouts[0]["state"] = "rolled_back"
        self.assert_found("false pass")

    def test_a_run_that_passed_without_one_of_its_rollouts(self):
        self.chain.scenario = scenarios.QUEUE
        self.assert_found("false pass")

    def wait_for_words(self):
        self.chain.scenario = scenarios.WAITS
        self.chain.audits[5] += [{"what": "app.approve", "at": "2026-11-30T10:00:02.000Z"},
                                 {"what": "app.outside_window", "at": "2026-11-30T10:00:05.000Z"}]

    def test_a_rollout_that_waited_for_what_it_had_to_has_none(self):
        self.wait_for_words()
        self.assert_found(said=[(5, "app.approve"), (5, "app.outside_window")])

    def test_a_rollout_that_began_without_a_word_it_had_to_wait_for(self):
        self.wait_for_words()
        del self.chain.audits[5][-1]
        self.assert_found("begun too early")

    def test_a_rollout_that_began_before_the_word_came(self):
        self.wait_for_words()
        self.chain.audits[5][-1]["at"] = "2026-11-30T10:00:05.001Z"
        self.assert_found("begun too early")

    def test_a_container_that_came_while_its_rollout_waited(self):
        self.wait_for_words()
        self.assert_found("begun too early", touched={(1, "app-web-g2-1")})

    def test_a_word_that_was_taken_and_is_waited_for_again(self):
        self.wait_for_words()
        self.assert_found("lost word", forgotten={(5, "app.approve")})

    def test_a_word_that_counts_twice(self):
        self.wait_for_words()
        self.chain.audits[5].append(self.chain.audits[5][-1])
        self.assert_found("said twice")

    def test_a_rollout_that_began_before_its_window_opened(self):
        self.chain.scenario = scenarios.WINDOW
        self.chain.opens = 1796032805  # the second in which it was leased
        self.assert_found()
        self.chain.opens += 1
        self.assert_found("begun too early")

    def test_a_rollout_that_began_before_the_one_before_it_had_ended(self):
        self.chain.scenario = scenarios.QUEUE
        self.chain.rollouts.append(self.chain.rollouts[0] | {"id": 6})
        self.chain.audits[6] = [{"what": "leased", "fence": 4, "at": "2026-11-30T10:00:09.000Z"}]
        self.assert_found()
        self.chain.audits[6][0]["at"] = "2026-11-30T10:00:08.999Z"
        self.assert_found("two rollouts at once")

    def test_a_host_that_still_carries_an_older_lease(self):
        self.chain.marks[2] = [3, 4]
        self.assert_found("wrong lease")

    def test_a_host_that_does_not_carry_the_lease_under_which_it_was_worked_on(self):
        self.chain.marks[3] = []
        self.assert_found("wrong lease")

    def test_a_swarm_that_is_right_has_none(self):
        self.chain.scenario = scenarios.SWARM
        self.assert_found()

    def test_a_swarm_in_which_nothing_runs(self):
        self.chain.scenario = scenarios.SWARM
        self.chain.containers = {1: {}, 2: {}, 3: {}}
        self.assert_found("not running")

    def test_a_node_of_a_swarm_that_stayed_on_the_old_version(self):
        self.chain.scenario = scenarios.SWARM
        self.chain.answers[3] = "v0"
        self.assert_found("mixed generations", "not deployed")

    def test_a_swarm_that_was_asked_for_the_same_twice_though_only_slipwayd_died(self):
        self.chain.scenario = scenarios.SWARM
        self.chain.tasks_made.append("n5")
        self.assert_found("started twice")
        self.assert_found(fault="manager cut off")

    def take_over(self):
        self.chain.run.update(verdict="failed", reason="job 'production': another slipwayd has taken over")
        self.chain.rollouts[0]["state"] = "failed"
        self.chain.answers = dict.fromkeys(self.chain.answers, "v0")
        self.chain.containers, self.chain.promoted = {host: {"app-web-g1-1": (OTHER, 1)} for host in (1, 2, 3)}, 1
        self.chain.left = self.chain.standing()

    def test_an_application_that_was_taken_over_and_left_alone_has_none(self):
        self.take_over()
        self.assert_found(fault="taken over")

    def test_an_application_that_was_taken_over_and_touched_all_the_same(self):
        self.take_over()
        self.chain.left.add((2, "app-web-g2-1"))
        self.assert_found("touched another's", fault="taken over")

    def test_a_run_that_passed_though_its_application_was_taken_over(self):
        self.take_over()
        self.chain.run["verdict"], self.chain.rollouts[0]["state"] = "passed", "succeeded"
        self.assert_found("false pass", "not deployed", "wrong digest", fault="taken over")


if __name__ == "__main__":
    unittest.main()
