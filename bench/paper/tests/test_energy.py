# SPDX-License-Identifier: GPL-3.0-or-later
"""The energy model against sums that were done by hand."""
import dataclasses
import unittest

import context  # noqa: F401
import energy
from device import Footprint
from energy import CHIPS
from reasons import NotHere

# 1 A everywhere, 1 Hz, a bit a second: joules are then seconds times three volts.
PLAIN = dataclasses.replace(CHIPS[0], clock_hz=1, compute=1, transmit=1, receive=1, sleep=0, bits_a_second=8, frame_payload=100, frame_bytes=120, ack_bytes=10,
                            gap_seconds=0)


class Model(unittest.TestCase):
    def test_frames(self):
        self.assertEqual(PLAIN.frames(1, 52), 1)   # with 48 bytes of header just one frame
        self.assertEqual(PLAIN.frames(1, 53), 2)
        self.assertEqual(PLAIN.frames(3, 3 * 152), 6)
        self.assertEqual(PLAIN.frames(0, 0), 0)

    def test_a_top_up_by_hand(self):
        one = energy.top_up(PLAIN, 10, (1, 52), (1, 53), 2, cycles=1.5)
        self.assertAlmostEqual(one.compute, 3 * 15)
        self.assertAlmostEqual(one.radio, 3 * (120 + 2 * 10 + 2 * 120 + 10))
        self.assertAlmostEqual(one.waiting, 3 * 2 * 0.024)
        self.assertAlmostEqual(one.total, one.compute + one.radio + one.waiting)

    def test_the_radio_s_current_is_not_that_of_a_computing_cpu(self):
        for chip in CHIPS:
            self.assertLess(chip.compute, chip.receive, chip.name)
        nordic = CHIPS[1]
        self.assertEqual((nordic.transmit, nordic.receive), (6.4e-3, 6.26e-3))  # IRADIO_TX1, IRADIO_RX0; IS0 and IS1, with CoreMark, are 8.1 and 8.6 mA
        self.assertNotIn("8.1 mA with TX", nordic.source)

    def test_the_cell(self):
        self.assertAlmostEqual(energy.CELL_JOULES, 2430)
        self.assertAlmostEqual(energy.years(PLAIN, 2430 / (24 * 365.25)), 1)  # an hour's share of a year
        asleep = dataclasses.replace(PLAIN, sleep=1e-6)
        self.assertAlmostEqual(energy.years(asleep, 0), 0.225 / 1e-6 / 24 / 365.25)

    def test_a_new_session_needs_a_request_too(self):
        def phase(number):
            return {"instructions": number, "datagrams_sent": 1, "datagrams_received": 2, "bytes_sent": number, "bytes_received": 2 * number}
        one = energy.POST_QUANTUM
        row = {"group": one.group, "signature": one.signature, "verified": True, "not_run": None, "stacks": {}, "phases": {"ticket": phase(100), "ticket_request": phase(7), "request": phase(5)}}
        footprint = Footprint({"conditions": {"date": "2000-01-01", "commit": "none"}, "rows": [row]})
        self.assertEqual(energy.inputs(footprint, one, "ticket"), (107, (2, 107), (4, 214)))
        self.assertEqual(energy.inputs(footprint, one, "request"), (5, (1, 5), (2, 10)))

    def test_refills_say_that_they_are_a_sum(self):
        self.assertIn("SUM OF PARTS", energy.table11(None, NotHere("no tree"), 5).conditions)

    def test_without_a_device_every_row_says_why(self):
        for table in (energy.table10(None, NotHere("no tree")), energy.table11(None, NotHere("no tree"), 5)):
            self.assertEqual(list(table.problems()), [])
            self.assertTrue(all(row["skipped"] == "no tree" for row in table.rows))
        for table in (energy.table10(None, "it crashed"), energy.table11(None, "it crashed", 5)):
            self.assertEqual(len(list(table.problems())), len(table.rows))


if __name__ == "__main__":
    unittest.main()
