"""The tables that the benchmarks print: what is met and what is missed, and that the page has their form."""

import contextlib
import datetime
import io
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import figures  # noqa: E402

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "benchmarks.md")


def table(title="Steps", n=5):
    return figures.Figures("20.10.24").table(title, n)


class Tables(unittest.TestCase):
    def setUp(self):
        quiet = contextlib.redirect_stdout(io.StringIO())
        quiet.__enter__()
        self.addCleanup(quiet.__exit__, None, None, None)

    def test_a_row_says_whether_its_goal_is_met(self):
        steps = table()
        steps.ratio("met by a hair", [45.0, 45.0, 90.0], [100.0, 100.0, 50.0], 0.45)
        steps.figure("over its goal", 20.1, 20, "ms")
        steps.note("of which nothing is asked", "1.0 ms")
        self.assertEqual(steps.rows, ["| met by a hair | 0.45 (45.0 / 100.0 ms) | 0.45 | met |",
                                      "| over its goal | 20.1 ms | 20 ms | missed |",
                                      "| of which nothing is asked | 1.0 ms |  |  |"])

    def test_a_table_names_its_day_its_machine_and_how_often_it_was_measured(self):
        steps = table(n=25)
        steps.note("a figure", "1")
        head = steps.text().split("\n")[2]
        self.assertRegex(head, rf"^{datetime.date.today()}, Engine 20\.10\.24, \d+ cores, load [\d.]+ at its end, n=25:$")

    def test_a_table_in_which_nothing_was_measured_is_left_out(self):
        all_of_them = figures.Figures()
        all_of_them.table("Steps", 5)
        all_of_them.table("Webhook", 5).note("a figure", "1")
        self.assertEqual(re.findall("^### .*", all_of_them.text(), re.MULTILINE), ["### Webhook"])

    def test_each_table_of_the_page_has_one_date_and_one_n_and_says_what_is_met(self):
        with open(PAGE, encoding="utf-8") as file:
            lines = file.read().split("\n")
        heads = [at for at, line in enumerate(lines) if re.match(r"\|[-|]+\|$", line)]
        self.assertGreater(len(heads), 3)
        for at in heads:
            self.assertEqual(lines[at - 1], "| figure | measured | goal | |")
            self.assertRegex(lines[at - 3], r"^\d{4}-\d\d-\d\d, .*, n=\d+:$")
            for row in lines[at + 1:lines.index("", at)]:
                goal, verdict = (cell.strip() for cell in row.split("|")[3:5])
                self.assertIn(verdict, ("met", "missed") if goal else ("",), row)


class Percentiles(unittest.TestCase):
    def test_the_95th_of_25_is_the_24th_and_of_20_the_19th(self):
        for n, rank in ((25, 24), (20, 19), (21, 20), (100, 95), (1, 1)):
            self.assertEqual(figures.percentile(list(range(n, 0, -1)), 95), rank)


if __name__ == "__main__":
    unittest.main()
