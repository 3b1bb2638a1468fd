# SPDX-License-Identifier: GPL-3.0-or-later
"""A table that lacks something says so; what it writes can be read again."""
import csv
import io
import json
import unittest

import context  # noqa: F401
from reasons import NotHere, Unavailable
from tables import Table, shown, statistics_columns


def table():
    made = Table("t", "Title", [("row", "Row"), ("ms", "time [ms]")], conditions="as it was")
    made.expect("a")
    return made


class Checks(unittest.TestCase):
    def test_whole(self):
        made = table()
        made.add("a", ms=1.0)
        self.assertEqual(list(made.problems()), [])

    def test_a_missing_row_an_empty_table_and_a_missing_value(self):
        self.assertEqual(len(list(table().problems())), 2)
        for value in (None, float("nan"), float("inf"), ""):
            made = table()
            made.add("a", ms=value)
            self.assertEqual(list(made.problems()), ["t: a has no time [ms]"])

    def test_a_skipped_row_is_a_problem_unless_it_may_be_absent(self):
        for may, problems in ((False, 1), (True, 0)):
            made = table()
            made.skip("a", why="no\n such thing", may=may)
            self.assertEqual(len(list(made.problems())), problems)
            self.assertIn("SKIPPED: no such thing", made.markdown())

    def test_only_what_is_not_installed_excuses_a_row(self):
        for why, problems in ((NotHere("not built"), 0), (Unavailable(NotHere("not built")), 0), ("it crashed", 1), (Unavailable("it crashed"), 1)):
            made = table()
            made.skip("a", why=why)
            self.assertEqual(len(list(made.problems())), problems, why)

    def test_samples_must_be_as_many_as_planned(self):
        for n, failed, problems in ((100, 0, 0), (90, 10, 0), (89, 11, 1), (1, 99, 1), (99, 0, 1), (100, 1, 1), (None, None, 1)):
            made = table()
            made.plan(100)
            made.add("a", ms=1.0, n=n, failed=failed)
            self.assertEqual(len(list(made.problems())), problems, (n, failed))
        for n, failed, problems in ((20, 20, 0), (19, 21, 1), (1, 3, 1)):
            made = table()
            made.plan(n + failed, share=0.5)
            made.add("a", ms=1.0, n=n, failed=failed)
            self.assertEqual(len(list(made.problems())), problems, (n, failed))

    def test_zero_is_a_value(self):
        made = table()
        made.add("a", ms=0)
        self.assertEqual(list(made.problems()), [])


class Writing(unittest.TestCase):
    def test_csv_and_json_have_what_markdown_shows(self):
        made = table()
        made.add("a, b", ms=12.34567)
        made.skip("c", why="not here")
        lines = list(csv.reader(io.StringIO(made.csv())))
        self.assertEqual(lines, [["Row", "time [ms]", "skipped"], ["a, b", "12.34567", ""], ["c", "", "not here"]])
        document = json.loads(json.dumps(made.as_json({"date": "today"})))
        self.assertEqual((document["conditions"]["date"], document["rows"][0]["ms"]), ("today", 12.34567))
        self.assertIn("| a, b | 12.35 |", made.markdown())
        made.add("d", ms=float("nan"))
        self.assertIsNone(json.loads(json.dumps(made.as_json({}), allow_nan=False))["rows"][2]["ms"])
        widths = {line.count("|") for line in made.markdown().splitlines() if line.startswith("|")}
        self.assertEqual(widths, {3})

    def test_figures(self):
        self.assertEqual([shown(value) for value in (1234567, 12345.6, 0.000123456, True, "a|b")], ["1,234,567", "12,346", "0.0001235", "yes", "a/b"])
        self.assertEqual(statistics_columns("ms", "rtt_")[0], ("rtt_mean", "rtt mean [ms]"))


if __name__ == "__main__":
    unittest.main()
