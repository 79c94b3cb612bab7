"""What becomes of a matrix: one that has tried too little fails, and the page is made of whole ones only."""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import report  # noqa: E402
import untried  # noqa: E402
from points import Cell  # noqa: E402
from worker import Outcome  # noqa: E402

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "reliability.md")


def outcomes(scenario, fault, count, reached):
    cells = [Cell(scenario, fault, "after commit step.running", passing + 1) for passing in range(count)]
    return [Outcome(cell, at < reached, [], 1.0) for at, cell in enumerate(cells)]


class EnoughIsTried(unittest.TestCase):
    def assert_gaps(self, those, *parts):
        found = untried.gaps(those)
        self.assertEqual(len(found), len(parts), found)
        for text, part in zip(found, parts):
            self.assertIn(part, text)

    def test_a_matrix_whose_instants_came_is_enough(self):
        self.assert_gaps(outcomes("steps", "kill", 4, 4) + outcomes("steps", "answer lost", 16, 14))

    def test_one_cell_that_was_asked_for_and_came_is_enough(self):
        self.assert_gaps(outcomes("steps", "kill", 1, 1))

    def test_no_cell_is_not(self):
        self.assert_gaps([], "no cell ran")

    def test_one_cell_that_did_not_come_is_not(self):
        self.assert_gaps(outcomes("steps", "answer lost", 1, 0), "0 of 1 cells")

    def test_a_scenario_in_which_slipwayd_was_never_killed_is_not(self):
        self.assert_gaps(outcomes("steps", "kill", 100, 100) + outcomes("fails", "kill twice", 2, 0), "fails | kill twice, of 2 cells")

    def test_answers_that_went_wrong_in_no_cell_of_a_scenario_may_be_few(self):
        self.assert_gaps(outcomes("steps", "kill", 20, 20) + outcomes("steps", "answer lost", 2, 0))

    def test_less_than_nine_tenths_are_not(self):
        self.assert_gaps(outcomes("steps", "answer lost", 100, 90))
        self.assert_gaps(outcomes("steps", "answer lost", 100, 89), "89 of 100 cells")


class ThePage(unittest.TestCase):
    def saved(self, *, tier="full", filters=(), left_out=0, count=2):
        cells = [{"scenario": "steps", "fault": "kill", "point": "after commit step.running", "text": f"steps | kill | {n}", "reached": True,
                  "problems": [], "seconds": 1.0, "verdict": "passed", "as_if_nothing": True} for n in range(count)]
        folder = tempfile.mkdtemp()
        self.addCleanup(os.rmdir, folder)
        path = f"{folder}/outcomes.json"
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"engine": "fake", "seed": "1", "date": "2026-11-30", "seconds": 60.0, "tier": tier, "filters": list(filters),
                       "left_out": left_out, "orphans": [], "cells": cells}, file)
        self.addCleanup(os.remove, path)
        return folder

    def why_not(self, folder):
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            self.assertFalse(report.are_whole([folder]))
        return said.getvalue()

    def test_is_of_a_whole_matrix(self):
        self.assertTrue(report.are_whole([self.saved(), self.saved()]))

    def test_is_not_of_a_part(self):
        self.assertIn("only what matches ^steps", self.why_not(self.saved(filters=["^steps"])))
        self.assertIn("of the short tier", self.why_not(self.saved(tier="short")))
        self.assertIn("3 cells were left out for time", self.why_not(self.saved(left_out=3)))
        self.assertIn("no cell ran", self.why_not(self.saved(count=0)))

    def test_is_not_of_a_matrix_that_did_not_come_to_its_end(self):
        self.assertIn("it did not run", self.why_not("/nonexistent"))

    def test_keeps_what_was_written_by_hand(self):
        page = report.page([report.outcomes_of(self.saved())], "")
        with open(PAGE, encoding="utf-8") as file:
            there = file.read()
        for text in (page, there):
            self.assertTrue(text.startswith(report.HEAD))
            self.assertTrue(text.endswith("\n\n" + report.remarks()))


if __name__ == "__main__":
    unittest.main()
