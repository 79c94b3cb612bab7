"""What docs/reliability.md says was not tried: commits at which nothing was broken, and scenarios that are samples."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import labels  # noqa: E402
import report  # noqa: E402


def cell(text, reached=True):
    return {"text": text, "point": text.split(":", 1)[1], "scenario": "steps", "fault": "kill", "reached": reached, "problems": [],
            "seconds": 1.0, "as_if_nothing": True}


def matrix(*cells):
    return {"engine": "fake", "seed": 1, "date": "2026-12-01", "seconds": 60, "left_out": 0, "orphans": [], "cells": list(cells)}


class Commits(unittest.TestCase):
    def test_the_labels_are_those_of_the_store_and_of_all_events(self):
        all_of_them = labels.marked() | labels.told()
        for label in ("attempt.intent", "run.started", "rollout.leased", "rollout.migrating", "host.old_drained", "drift.found",
                      "application.adopted", "secret.set", "runs.forgotten"):
            self.assertIn(label, all_of_them)
        self.assertFalse([label for label in all_of_them if not label.islower()])

    def test_a_commit_is_left_unbroken_unless_a_cell_came_to_it_also_as_its_second_death(self):
        left = labels.unbroken([matrix(cell("steps | kill | 1:after commit run.started"),
                                       cell("steps | kill | 2:before commit run.queued", reached=False),
                                       cell("steps | kill twice | 1:after log write, then at 3:before commit step.exited"))])
        self.assertNotIn("run.started", left)
        self.assertNotIn("step.exited", left)
        self.assertIn("run.queued", left)
        self.assertIn("rollout.migrating", left)

    def test_the_page_lists_them(self):
        page = report.page([matrix(cell("steps | kill | 1:after commit run.started"))], "")
        section = page.split("## Commits at which nothing was broken\n")[1].split("\n## ")[0]
        self.assertIn("`rollout.migrating`", section)
        self.assertNotIn("`run.started`", section)


class Scenarios(unittest.TestCase):
    def test_a_scenario_that_is_a_sample_says_so_and_one_that_is_whole_does_not(self):
        lines = {line.split("**")[1]: line for line in report.scenarios().splitlines()}
        self.assertTrue(lines["window"].endswith("; killed at a sample of 6 instants."))
        self.assertTrue(lines["turns"].endswith("; for another fault than *kill*."))
        self.assertNotIn("sample", lines["steps"])


if __name__ == "__main__":
    unittest.main()
