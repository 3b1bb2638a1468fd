# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: what is wrong with it is said at once, before anything is measured. The programs are stand-ins that must not be reached."""
import importlib.machinery
import os
import pathlib
import subprocess
import sys
import tempfile
import types
import unittest
from unittest import mock

import context  # noqa: F401

HERE = pathlib.Path(__file__).resolve().parent
RUN = HERE.parent / "run"
RUN_MODULE = types.ModuleType("paper_run")
importlib.machinery.SourceFileLoader("paper_run", str(RUN)).exec_module(RUN_MODULE)


class Arguments(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qeaas-paper-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        for name in ("qeaas", "qeaasd"):
            (self.bin / name).write_text(f"#!/bin/sh\ntouch '{self.folder}/reached'\nexit 1\n")
            os.chmod(self.bin / name, 0o755)

    def refused(self, *words):
        done = subprocess.run([sys.executable, "-B", RUN, self.bin, "--out", self.folder / "out", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertFalse((self.folder / "reached").exists(), "it measured first")
        self.assertFalse((self.folder / "out").exists(), "it wrote first")
        return done.stderr.strip().splitlines()[-1]

    def test_a_wrong_footprint(self):
        self.assertIn("--footprint: /nowhere/footprint.json cannot be read", self.refused("--footprint", "/nowhere/footprint.json"))
        self.assertIn("is no footprint.json: it lacks conditions or rows", self.refused("--quick", "--footprint", self.wrong()))

    def test_a_list_of_parts_that_names_none_or_another(self):
        for words in ("", ",", ",,"):
            self.assertIn("--only names no part: device, pool", self.refused("--only", words))
        self.assertIn("no part is called 3: device, pool", self.refused("--only", "pool,3"))

    def test_a_smaller_run_has_its_own_folder(self):
        for words, name in (([], "paper"), (["--quick"], "paper-quick"), (["--only", "pool"], "paper-part"), (["--server", "coap://h"], "paper-server"),
                            (["--quick", "--out", "/x"], None)):
            with mock.patch.object(sys, "argv", ["run", str(self.bin), *words]):
                chosen = RUN_MODULE.arguments()
            self.assertEqual(chosen.out, RUN_MODULE.conditions.TOP / "build" / name if name else pathlib.Path("/x"))

    def wrong(self):
        path = self.folder / "wrong.json"
        path.write_text("{}")
        return path


if __name__ == "__main__":
    unittest.main()
