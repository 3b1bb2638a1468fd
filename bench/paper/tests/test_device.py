# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the device's figures come from: the tool of this run, or a file that is what it says. A recorded footprint stands in for both; it is never a result."""
import json
import os
import pathlib
import tempfile
import types
import unittest
from unittest import mock

import context  # noqa: F401
import device
import energy
from evaluation import FULL, QUICK
from reasons import Unavailable

RECORDED = pathlib.Path(__file__).parent / "footprint.json"


class Tool(unittest.TestCase):
    """A stand-in for zephyr/footprint/footprint.py."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qeaas-paper-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "samples").mkdir()
        self.result = self.folder / "footprint.json"
        self.evaluation = types.SimpleNamespace(out=self.folder, plan=FULL, binaries=self.folder, say=lambda text: None)
        for patch in (mock.patch.object(device, "RESULT", self.result), mock.patch.object(device, "TOOL", self.folder / "tool.py"),
                      mock.patch.dict(os.environ, {"ZEPHYR_BASE": "/nowhere"})):
            patch.start()
            self.addCleanup(patch.stop)

    def tool(self, code, writes):
        words = f"import shutil, sys\n{f'shutil.copy({str(RECORDED)!r}, {str(self.result)!r})' if writes else ''}\nsys.exit({code})\n"
        (self.folder / "tool.py").write_text(words)


class Load(Tool):
    def test_what_an_earlier_run_left_does_not_pass_for_this_one(self):
        self.result.write_text(RECORDED.read_text())
        self.tool(1, writes=False)
        with self.assertRaisesRegex(Unavailable, "ended with 1 and wrote nothing"):
            device.load(self.evaluation)
        self.assertFalse(self.result.exists())

    def test_a_missed_goal_still_has_figures_and_a_crash_has_not(self):
        self.tool(1, writes=True)
        self.assertEqual(device.load(self.evaluation).conditions["commit"], "2c31e6f")
        self.tool(2, writes=True)
        with self.assertRaisesRegex(Unavailable, "ended with 2;"):
            device.load(self.evaluation)


class Quick(Tool):
    def test_a_quick_run_makes_the_device_s_tables_of_a_recorded_footprint_and_says_so(self):
        self.evaluation.plan = QUICK
        table = device.table1(device.load(self.evaluation), "")
        self.assertEqual((len(table.rows), list(table.problems())), (16, []))
        self.assertIn("RECORDED, no result of this tree", table.conditions)
        self.assertNotIn("RECORDED", device.table1(device.load(self.evaluation, device.read(RECORDED)), "").conditions)


class Dates(unittest.TestCase):
    def test_tables_of_a_footprint_carry_its_date_and_commit(self):
        footprint, run = device.read(RECORDED), {"date": "2000-01-01", "commit": "of this run"}
        for table in (device.table1(footprint, ""), device.table5(footprint, ""), energy.table10(footprint, ""), energy.table11(footprint, "", 5)):
            self.assertEqual(list(table.problems()), [])
            self.assertIn("Firmware of 2026-11-22, commit 2c31e6f.", table.markdown())
            document = table.as_json(run)
            self.assertEqual(document["conditions"]["commit"], "2c31e6f", table.name)
            self.assertEqual(document["conditions"]["date"], "2026-11-22T10:46:30+00:00")
            block = table.markdown(run).split("| condition | value |")[1]  # of the .md file, which stands by itself
            self.assertIn("| commit | 2c31e6f |", block)
            self.assertNotIn("of this run", block)
        self.assertEqual(device.table1(None, "no tree").as_json(run)["conditions"]["commit"], "of this run")


class Files(unittest.TestCase):
    def test_a_wrong_file_is_refused_with_words(self):
        recorded = json.loads(RECORDED.read_text())
        old = {**recorded, "rows": [{key: value for key, value in row.items() if key != "phases"} for row in recorded["rows"]]}
        for text, words in (("", "cannot be read"), ("[]", "lacks conditions or rows"), ("7", "lacks conditions or rows"), ('{"rows": []}', "lacks conditions or rows"),
                            (json.dumps(old), "lacks phases"), (json.dumps({**recorded, "rows": [3]}), "lacks group"),
                            (json.dumps({**recorded, "conditions": {}}), "lacks date or commit")):
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                file.write(text)
                file.flush()
                with self.assertRaisesRegex(Unavailable, words):
                    device.read(file.name)
        with self.assertRaisesRegex(Unavailable, "No such file"):
            device.read("/nowhere/footprint.json")


if __name__ == "__main__":
    unittest.main()
