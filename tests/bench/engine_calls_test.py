"""What the benchmarks ask of an engine, tried on one that is scripted."""

import json
import os
import sys
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


if __name__ == "__main__":
    unittest.main()
