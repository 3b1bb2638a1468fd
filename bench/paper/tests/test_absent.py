# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be absent from a run and what may not: a peer or an image that is not built may; one that is there and fails, or says nothing, may not."""
import os
import pathlib
import tempfile
import types
import unittest
from unittest import mock

import context  # noqa: F401
import servers
import table3_pool
import table12_peers
from evaluation import QUICK
from reasons import NotHere, Unavailable

COUNTS = "".join(f"{what} bytes={size} instructions={size * 100}\n" for what in ("extract", "add") for size in table3_pool.SIZES)


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qeaas-paper-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "samples").mkdir()
        self.evaluation = types.SimpleNamespace(out=self.folder, binaries=self.folder, work=self.folder, plan=QUICK, say=lambda text: None)

    def program(self, name, script):
        path = self.folder / name
        path.write_text("#!/bin/sh\n" + script)
        os.chmod(path, 0o755)
        return path


class PoolImage(Folder):
    def problems(self, script):
        if script is not None:
            self.program("pool_bench_Os.elf", "exit 0")
        emulate = self.program("emulate", script or "exit 0")
        with mock.patch.object(table3_pool, "EMULATE", emulate), mock.patch.dict(os.environ, {"QEMU_SYSTEM_ARM": "sh"}):
            return list(table3_pool.device_table(table3_pool.on_cortex_m3(self.evaluation)).problems())

    def test_one_that_works_and_one_that_is_not_built(self):
        self.assertEqual(self.problems(f"printf '{COUNTS}'\n"), [])
        os.remove(self.folder / "pool_bench_Os.elf")
        self.assertEqual(self.problems(None), [])

    def test_one_that_prints_nothing_or_fails(self):
        for script in ("exit 0", "exit 3", "echo something else"):
            self.assertEqual(len(self.problems(script)), 10, script)


class Libcoap(Folder):
    """table 12 with a qeaasd that is taken to work."""

    def problems(self, libcoap):
        runs = ({"samples": [{"us": 1000.0 + number, "bytes_out": 1, "bytes_in": 1} for number in range(QUICK.handshakes)], "failed": 0},) * 2
        ours = mock.MagicMock()
        with mock.patch.object(table12_peers, "Qeaasd", ours), mock.patch.object(table12_peers, "Libcoap", libcoap), \
                mock.patch.object(table12_peers, "measured", lambda *unused, **more: runs):
            table, = table12_peers.tables(self.evaluation, table12_peers.collect(self.evaluation))
        return list(table.problems())

    def test_not_built_may_be_and_not_started_may_not(self):
        self.assertEqual(self.problems(mock.MagicMock()), [])
        self.assertEqual(self.problems(mock.MagicMock(side_effect=Unavailable(NotHere("libcoap is not built")))), [])
        self.assertEqual(len(self.problems(mock.MagicMock(side_effect=Unavailable("libcoap's server did not start")))), 6)

    def test_the_server_class_knows_which_is_which(self):
        with mock.patch.object(servers.conditions, "cache", lambda: self.folder):
            with self.assertRaises(Unavailable) as raised:
                servers.Libcoap(self.folder, self.folder, "ECDSA")
        self.assertIsInstance(raised.exception.words, NotHere)


if __name__ == "__main__":
    unittest.main()
