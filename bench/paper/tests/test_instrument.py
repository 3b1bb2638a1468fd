# SPDX-License-Identifier: GPL-3.0-or-later
"""How the instrument is called and read, with a stand-in for `qeaas` that prints a recorded answer. Nothing recorded ever becomes a result."""
import json
import os
import pathlib
import tempfile
import unittest

import context  # noqa: F401
import instrument
from configurations import PLAIN, POST_QUANTUM, Configuration
from instrument import Instrument
from reasons import Unavailable

RECORDED = {"tool": "qeaas bench", "version": "0.1.0", "runs": [
    {"measure": "handshake", "group": "ML-KEM-512", "signature": "ML-DSA-44", "verified": True, "resumed": "no", "mtu": 1280, "requested": 2, "failed": 0, "failures": [],
     "samples": [{"us": 1500.5, "bytes_out": 2247}, {"us": 1600, "bytes_out": 2247}]},
    {"measure": "psk", "requested": 2, "failed": 3, "failures": ["the server did not take the pre-shared key"], "samples": []}]}


class Calls(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qeaas-paper-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.instrument = Instrument(self.folder, self.folder / "samples")

    def tool(self, script):
        path = self.folder / "qeaas"
        path.write_text("#!/bin/sh\n" + script)
        os.chmod(path, 0o755)

    def answers(self, document):
        (self.folder / "answer").write_text(json.dumps(document))
        self.tool(f'cat "{self.folder}/answer"\n')

    def test_a_run_and_its_values(self):
        self.answers(RECORDED)
        runs = self.instrument.bench("name", ["handshake"], "coaps://127.0.0.1:1", POST_QUANTUM, "ca.pem", count=2, path=None)
        self.assertEqual(instrument.values(instrument.run_of(runs, "handshake"), "us", 0.001), [1.5005, 1.6])
        kept = json.loads((self.folder / "samples" / "name.json").read_text())
        self.assertEqual(kept["runs"], RECORDED["runs"])
        self.assertEqual(kept["command"], ["bench", "--json", "--measure", "handshake", "--from", "coaps://127.0.0.1:1", "--groups", "MLKEM512", "--ca", "ca.pem",
                                           "--count", "2"])

    def test_a_run_without_samples_says_why(self):
        with self.assertRaisesRegex(Unavailable, "did not take the pre-shared key"):
            instrument.run_of(RECORDED["runs"], "psk")
        with self.assertRaisesRegex(Unavailable, "gave no wake"):
            instrument.run_of(RECORDED["runs"], "wake")

    def test_words_of_a_tool_that_fails(self):
        for script, words in (("echo 'qeaas: error: no such server' >&2; exit 1", "no such server"),
                              ("echo 'arguments were not expected: bench' >&2; echo 'Run with --help for more' >&2; exit 2", "not expected: bench"),
                              ("exit 3", "exit 3")):
            self.tool(script + "\n")
            with self.assertRaisesRegex(Unavailable, words):
                self.instrument.bench("name", ["pool"])

    def test_trust(self):
        self.assertEqual(instrument.trust(POST_QUANTUM, "ca", "coaps://a"), ["--ca", "ca"])
        self.assertEqual(instrument.trust(Configuration("P-256", "ECDSA", False), "ca", "coaps://a"), ["--insecure"])
        self.assertEqual(instrument.trust(PLAIN, "ca", "coap://a"), ["--insecure"])
        self.assertEqual(instrument.trust(None, None, None), [])


if __name__ == "__main__":
    unittest.main()
