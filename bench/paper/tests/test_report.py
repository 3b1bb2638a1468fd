# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables, figures, report and comparison from made-up results: everything is written, and what lacks is named. Nothing made up leaves the test."""
import csv
import io
import json
import pathlib
import tempfile
import types
import unittest

import context  # noqa: F401
import comparison
import decomposition
import figures
import parts
import report
import table5_handshakes
from configurations import PLAIN, POST_QUANTUM, all_of_table_5
from evaluation import QUICK
from reasons import NotHere
from table5_handshakes import Result

CONDITIONS = {"date": "2000-01-01", "commit": "none", "wolfSSL": "5.9.2", "processor": "none", "flags": "-O0", "load at the start": "0"}


def run_of(one):
    sample = {"datagrams_out": 6, "datagrams_in": 13, "bytes_out": 2289, "bytes_in": 8367}
    return {"measure": "handshake", "group": one.group, "signature": one.signature, "verified": one.verify, "failed": 0, "samples": [sample] * QUICK.handshakes}


def results(reason=None):
    """Every configuration by both clients; reason: what befell the post-quantum one."""
    found = {}
    for client in table5_handshakes.CLIENTS:
        for place, one in enumerate(all_of_table_5()):
            found[client, one] = Result([100.0 + place, 103.0 + place, 106.0 + place], [75.0, 76.0, 77.0], [24.0, 24.5, 25.0], run_of(one))
        if reason:
            found[client, POST_QUANTUM] = Result(reason=reason)
    return found


class Written(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qeaas-paper-test-")
        self.addCleanup(folder.cleanup)
        self.evaluation = types.SimpleNamespace(out=pathlib.Path(folder.name), plan=QUICK, tables=[])

    def write(self, found):
        pictures = figures.Pictures(self.evaluation.out, CONDITIONS)
        self.evaluation.tables = table5_handshakes.tables(self.evaluation, found) + decomposition.tables(found, table5_handshakes.CLIENTS)
        for client in table5_handshakes.CLIENTS:
            figures.figure3(pictures, found, client)
            figures.figure4(pictures, found, client)
        pool = {(operation, size): [100.0, 101.0] for operation in ("inject", "extract") for size in (16, 32, 64, 128, 256)}
        cortex = dict.fromkeys(pool, 10000)
        figures.figure2(pictures, pool, cortex)
        page, gaps = comparison.page(CONDITIONS, found, None, NotHere("no tree"), pool, cortex)
        return report.write(self.evaluation, CONDITIONS, pictures, page) + gaps


class Report(Written):
    def test_everything_is_written(self):
        self.assertEqual(self.write(results()), [])
        names = {path.name for path in self.evaluation.out.iterdir()}
        for name in ("report.md", "comparison.md", "table5-link.csv", "decomposition-link.json", "figure3-loopback.svg", "figure4-link.png", "figure2-pool.svg"):
            self.assertIn(name, names)
        text = (self.evaluation.out / "report.md").read_text()
        for table in self.evaluation.tables:
            self.assertIn(table.title, text)
        document = json.loads((self.evaluation.out / "table5-link.json").read_text())
        self.assertEqual(document["rows"][1]["mean"], 104.0)
        self.assertEqual(document["conditions"]["date"], "2000-01-01")

    def test_conditions_stand_on_each_table_and_figure(self):
        self.write(results())
        out = self.evaluation.out
        for table in self.evaluation.tables:
            for kind in ("md", "conditions.csv", "json"):
                text = (out / f"{table.name}.{kind}").read_text()
                for value in ("2000-01-01", "5.9.2", "-O0"):
                    self.assertIn(value, text, (table.name, kind))
        lines = list(csv.reader(io.StringIO((out / "table5-link.conditions.csv").read_text())))
        self.assertEqual((lines[0], lines[3]), (["condition", "value"], ["date", "2000-01-01"]))
        self.assertIn("wolfSSL | 5.9.2", (out / "comparison.md").read_text())
        for name, number in (("figure2-pool", "n = 2 each."), ("figure3-link", "n = 3 each."), ("figure4-loopback", "n = 3 each.")):
            text = (out / f"{name}.svg").read_text()  # matplotlib keeps each text as a comment
            self.assertIn(number, text, name)
            self.assertIn("wolfSSL 5.9.2", text, name)

    def test_how_many_samples_a_figure_has(self):
        self.assertEqual([figures.number_of(series) for series in ([[1.0] * 5] * 2, [[1.0] * 5, [1.0] * 4], [])], ["n = 5 each.", "n = 4 to 5 each.", "n = 0."])

    def test_a_row_that_was_not_measured_is_named_and_nothing_is_made_of_it(self):
        problems = self.write(results("the server went away"))
        self.assertIn("table5-link: ML-KEM-512 + ML-DSA-44 / yes was skipped: the server went away", problems)
        self.assertEqual(sum(problem.startswith("comparisons-link") for problem in problems), len(decomposition.SENTENCES), problems)
        self.assertIn("comparison.md: the same of the computing alone, verified, this machine over the 24 ms link: not measured (not every configuration was measured)", problems)
        self.assertFalse(any("no tree" in problem for problem in problems), problems)  # a device that is not here excuses its column
        self.assertIn("not measured (the server went away)", (self.evaluation.out / "comparison.md").read_text())

    def test_nothing_at_all(self):
        found = {key: Result(reason="no server") for key in results()}
        problems = self.write(found)
        self.assertIn("figure3-link: not drawn: no configuration was measured", problems)
        self.assertIn("SKIPPED: no configuration was measured", (self.evaluation.out / "report.md").read_text())


class Folder(Written):
    def test_an_earlier_run_s_files_go_and_nobody_else_s(self):
        (self.evaluation.out / "samples").mkdir()
        self.write(results())
        (self.evaluation.out / "samples" / "table5-link-plain-1.json").write_text("{}")
        for name in ("notes.txt", "tables.md", "mine.json"):
            (self.evaluation.out / name).write_text("kept")
        report.clear(self.evaluation.out)
        self.assertEqual({path.name for path in self.evaluation.out.iterdir()}, {"samples", "notes.txt", "tables.md", "mine.json"})
        self.assertEqual(list((self.evaluation.out / "samples").iterdir()), [])
        report.clear(self.evaluation.out / "not there")


class Parts(Written):
    """That what a part must leave is looked for, whatever the part itself says."""

    def test_what_the_handshakes_and_the_pool_leave(self):
        self.write(results())
        names = {problem.split(" ")[0] for problem in parts.missing(self.evaluation, ["handshakes", "pool"])}
        self.assertEqual(names, {"table2-versions", "table3-pool-host", "table3-pool-cortex-m3"})  # this test makes no such table

    def test_a_part_that_left_nothing_a_short_table_and_no_page(self):
        found = list(parts.missing(self.evaluation, list(parts.NAMES)))
        for name in [table for tables in parts.TABLES.values() for table in tables] + ["report.md", "comparison.md", "figure5-loss.png"]:
            self.assertIn(f"{name} was not written", found)
        (self.evaluation.out / "table8-loss.json").write_text('{"rows": []}')
        self.assertIn("table8-loss has 0 rows and should have 12", list(parts.missing(self.evaluation, ["weather"])))

    def test_every_part_is_in_the_list(self):
        self.assertEqual(set(parts.TABLES), set(parts.NAMES))


class Rounds(unittest.TestCase):
    def test_samples_add_up_and_a_round_that_failed_is_not_hidden(self):
        total = Result()
        for _ in range(2):
            total.add(Result([1.0], [0.5], [0.1], run_of(POST_QUANTUM)))
        self.assertEqual((total.first, total.reason, len(total.run["samples"])), ([1.0, 1.0], "", 2 * QUICK.handshakes))
        total.add(Result(reason="the server went away"))
        self.assertEqual((total.first, total.reason), ([1.0, 1.0], "the server went away"))


class Negotiated(unittest.TestCase):
    def test_another_group_signature_or_trust_is_no_result(self):
        right = run_of(POST_QUANTUM)
        self.assertEqual(table5_handshakes.not_what_was_asked(right, POST_QUANTUM), "")
        for key, value in (("group", "X25519"), ("signature", "P-256"), ("verified", False)):
            self.assertIn("negotiated", table5_handshakes.not_what_was_asked({**right, key: value}, POST_QUANTUM))
        self.assertEqual(table5_handshakes.not_what_was_asked({}, PLAIN), "")


if __name__ == "__main__":
    unittest.main()
