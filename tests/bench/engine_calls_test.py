"""What the benchmarks ask of an engine, tried on one that is scripted."""

import json
import os
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import engine_calls  # noqa: E402


class Scripted:
    """Answers a path that begins so with this."""

    def __init__(self, answers):
        self.answers = answers

    def call(self, method, path, body=None):
        return next(answer for start, answer in self.answers.items() if path.startswith(start))


def destroyed(kind, name, nanoseconds):
    actor = {"ID": "c" * 64, "Attributes": {"name": name}} if kind == "container" else {"ID": name, "Attributes": {"driver": "local"}}
    return json.dumps({"Type": kind, "Action": "destroy", "Actor": actor, "timeNano": nanoseconds})


class Removals(unittest.TestCase):
    def test_the_last_removal_is_that_of_the_workspace_if_it_goes_last(self):
        events = [destroyed("container", "slip-i1-7-one.run-a1", 5_000_000_000), destroyed("volume", "slip-i1-7-one-a1", 5_250_000_000),
                  destroyed("container", "somebody", 9_000_000_000), destroyed("volume", "else", 9_000_000_000)]
        engine = Scripted({"/events": "\n".join(events).encode()})
        self.assertEqual(engine_calls.last_removal(engine, "slip-i1-", 4), 5.25)

    def test_a_workspace_is_left_over_as_a_container_is_and_nobody_elses_are(self):
        containers = [{"Names": ["/slip-i1-7-one.run-a1"]}, {"Names": ["/not-slip-i1-"]}]
        volumes = [{"Name": "slip-i1-7-one-a1"}, {"Name": "slip-i2-7-one-a1"}]
        engine = Scripted({"/containers": json.dumps(containers), "/volumes": json.dumps({"Volumes": volumes})})
        self.assertEqual(engine_calls.leftovers(engine, "slip-i1-"), ["slip-i1-7-one.run-a1", "slip-i1-7-one-a1"])
        self.assertEqual(engine_calls.leftovers(Scripted({"/containers": "[]", "/volumes": '{"Volumes": null}'}), "slip-i1-"), [])


class Recorded:
    """Two connections to an engine on which a container runs until the next one of its job is created."""

    def __init__(self, steps):
        self.steps, self.calls, self.changed = steps, [], threading.Condition()

    def call(self, method, path, body=None):
        what = path.partition("?")[0].rsplit("/", 1)[1]
        with self.changed:
            self.calls.append(what)
            self.changed.notify_all()
            created = self.calls.count("create")
            if what == "wait":
                following = min(self.calls.count("wait") + 1, self.steps)
                assert self.changed.wait_for(lambda: self.calls.count("create") >= following, 10), "the next step is not created"
        return json.dumps({"Id": str(created)})


class OverlappedSteps(unittest.TestCase):
    def test_the_next_step_is_created_while_one_runs_and_no_call_is_left_out(self):
        engine = Recorded(3)
        self.assertEqual(engine_calls.overlapped_steps(lambda: engine, "job", {"slipway.yml": ""}, 3), ["1", "2", "3"])
        for call, times in (("create", 3), ("archive", 1), ("start", 3), ("wait", 3), ("json", 3), ("logs", 3)):
            self.assertEqual(engine.calls.count(call), times, call)


if __name__ == "__main__":
    unittest.main()
