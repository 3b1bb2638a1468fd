# SPDX-License-Identifier: GPL-3.0-or-later
"""The page beside the paper's figures, from made-up results: what it says must not hang on a few lost datagrams."""
import json
import pathlib
import unittest

import context  # noqa: F401
import comparison
import decomposition
import device
import figures
from configurations import POST_QUANTUM, Configuration, all_of_table_5
from reasons import NotHere
from stats import Quantity
from table5_handshakes import Result

CONDITIONS = {"date": "2000-01-01", "commit": "none", "wolfSSL": "5.9.2", "processor": "none", "flags": "-O0", "load at the start": "0"}
FOOTPRINT = pathlib.Path(__file__).parent / "footprint.json"  # recorded; never a result
LOST = [105.0 + number / 100 for number in range(96)] + [1100.0, 1150.0, 1200.0, 3100.0]  # four retransmissions, as one run had them


def results(**firsts):
    """Every configuration over the link; firsts: key of a configuration -> its samples instead."""
    found = {}
    for one in all_of_table_5():
        samples = firsts.get(one.key.replace("-", "_"), [104.0 + 0.05 * number for number in range(100)])
        found["link", one] = Result(samples, [75.0] * 100, [24.0 + 0.01 * number for number in range(100)], {})
    return found


def row(text, name):
    return next(line for line in text.splitlines() if line.startswith(f"| {name} |"))


class LostDatagrams(unittest.TestCase):
    def setUp(self):
        self.found = results(ml_kem_512_ml_dsa_44_verified=LOST)

    def test_the_page_says_medians_first_and_means_behind(self):
        text = comparison.page(CONDITIONS, self.found, None, "no tree", {}, {})[0]
        one = row(text, "handshake and first request, ML-KEM-512 + ML-DSA-44, verified")
        self.assertRegex(one, r"\| 105\.5 ± [\d.]+ ms \(means: 166\.\d ± 3\d ms\)")
        self.assertRegex(row(text, "post-quantum pair faster than the classical one, verified"), r"\| 0\.9\d* ± [\d.]+ % \(means: -5\d\.")

    def test_the_pool_too(self):
        pool = {("inject", 32): [1000.0] * 99 + [1000000.0], ("extract", 32): [2000.0] * 100}
        text, _ = comparison.page(CONDITIONS, self.found, None, "no tree", pool, {})
        self.assertIn("| 0.003 ± 0 ms (means: 0.01299 ± 0.01 ms) |", row(text, "pool, injection and extraction of 32 bytes"))

    def test_figure_4_has_both_and_hides_nothing_below_zero(self):
        pair = ("ML-KEM-512", "ML-DSA-44")
        self.found["link", Configuration(*pair, False)].first[:] = [130.0 + number / 100 for number in range(100)]
        splits = {title: decomposition.of_results(self.found, "link", middle) for title, middle in figures.MIDDLES}
        by_medians, by_means = (splits[title][pair].verification for title, _ in figures.MIDDLES)
        self.assertAlmostEqual(by_medians.value, 105.495 - 130.495)
        self.assertGreater(by_means.value, 30)
        place = list(splits["by medians"]).index(pair)
        parts = {part: (heights[place], bottoms[place]) for part, heights, bottoms, _ in figures.stacked(splits["by medians"])}
        self.assertAlmostEqual(parts["verification"][0], -25.0)
        self.assertEqual(parts["verification"][1], 0)  # it hangs below zero

    def test_the_error_of_a_median(self):
        # Of n normal samples: sqrt(pi / 2n) of the standard deviation. That of a mean with the same four outliers is tens of milliseconds.
        self.assertLess(Quantity.median_of(LOST).error, 0.1)
        self.assertGreater(Quantity.mean_of(LOST).error, 20)
        with self.assertRaises(ValueError):
            Quantity.median_of([])

    def test_a_configuration_that_was_not_measured_is_named(self):
        self.found["link", POST_QUANTUM].reason = "the server went away"
        text = comparison.page(CONDITIONS, self.found, None, "no tree", {}, {})[0]
        self.assertIn("not measured (the server went away)", row(text, "handshake and first request, ML-KEM-512 + ML-DSA-44, verified"))
        self.assertIn("not measured (not every configuration was measured)", row(text, "post-quantum pair faster than the classical one, verified"))


class Gaps(unittest.TestCase):
    def problems(self, why, cortex):
        pool = {(operation, 32): [100.0, 101.0] for operation in ("inject", "extract")}
        return comparison.page(CONDITIONS, results(), None, why, pool, cortex)[1]

    def test_only_what_is_not_installed_is_excused(self):
        absent, failed = (dict.fromkeys((("inject", 32), ("extract", 32)), why) for why in (NotHere("not built"), "it crashed"))
        self.assertEqual(self.problems(NotHere("no tree"), absent), [])
        self.assertEqual(self.problems(NotHere("no tree"), failed), ["comparison.md: pool, injection and extraction of 32 bytes, Cortex-M3 firmware (QEMU): not measured (it crashed)"])
        self.assertGreater(len(self.problems("footprint.py ended with 2", absent)), 16)

    def test_a_figure_that_is_simply_not_there_is_named(self):
        self.assertIn("not measured (KeyError(('inject', 32)))", self.problems(NotHere("no tree"), {})[0])


class CortexM3(unittest.TestCase):
    """The device's column, from a recorded footprint, against sums that were done by hand."""

    def setUp(self):
        document = json.loads(FOOTPRINT.read_text())
        self.text = comparison.page(CONDITIONS, results(), device.Footprint(document), "", {}, {})[0]

    def test_percentages_end_to_end_stand_at_both_clocks_and_are_not_called_comparable(self):
        for name, low, high in (("ML-KEM-512 faster than P-256 (ECDSA, not verified)", 41, 33), ("ML-KEM-512 faster than X25519 (ECDSA, not verified)", 71, 64),
                                ("post-quantum pair faster than the classical one, not verified", 71, 57),
                                ("post-quantum pair faster than the classical one, verified", 77, 65)):
            self.assertIn(f"| {low} % at 48 MHz, {high} % at 240 MHz, derived |", row(self.text, name))
            self.assertIn("depends on the clock", row(self.text, name))

    def test_computing_alone_is_of_instructions(self):
        # (11,093,280 + 94,080) / (45,794,000 + 94,560), and (13,308,720 + 98,480) / (67,768,040 + 94,480)
        self.assertIn("| 59.7 % | 75.6 %, of instructions |", row(self.text, "the same of the computing alone, not verified"))
        self.assertIn("| 68.1 % | 80.2 %, of instructions |", row(self.text, "the same of the computing alone, verified"))
        self.assertIn("yes, no clock", row(self.text, "the same of the computing alone, verified"))

    def test_the_two_clients_requests_are_told_apart(self):
        self.assertNotIn("both requests", self.text)
        request = (device.conditions.TOP / "zephyr" / "footprint" / "src" / "request.hpp").read_text()
        self.assertIn("GET /random?n=32", request)  # what the firmware sends, whatever this page says
        for text in (self.text, device.table5(None, "no tree").conditions):
            self.assertIn("/random?n=32", text)
        for row_of in json.loads(FOOTPRINT.read_text())["rows"]:
            if "handshake" in row_of["phases"]:
                self.assertLess(row_of["phases"]["first_request"]["instructions"], 0.01 * row_of["phases"]["handshake"]["instructions"])

    def test_our_sums_are_not_passed_off_as_the_paper_s(self):
        for name, cell in (("P-256 + ECDSA, verified", "667.8 ms (our sum: 479 + 188.8)"), ("X25519 + ECDSA, verified", "1008.4 ms (our sum: 819 + 189.4)"),
                           ("ML-KEM-512 + ECDSA, verified", "517.5 ms (our sum: 313 + 204.5)"), ("P-256 + ECDSA, not verified", "479 ms")):
            self.assertIn(f"| {cell} |", row(self.text, f"handshake and first request, {name}"))

    def test_what_the_prose_says_of_memory(self):
        # 10,208 - 9,856 ... 16,504 - 16,272 bytes; 3,200 for ML-DSA-44; 192,144 - 183,472 ... 178,712 - 164,232; 54,997 ... 55,027
        self.assertIn("| 0.2 to 1.3 KiB | ECDSA 0.2 to 0.3 KiB, ML-DSA-44 3.1 KiB |", row(self.text, "peak heap that verification adds"))
        self.assertIn("| 8.5 to 14.1 KiB, not verified |", row(self.text, "code that ML-DSA-44 adds over ECDSA"))
        self.assertIn("| 54,997 to 55,027 bytes without the TLS heap, 30 bytes apart |", row(self.text, "static RAM of the DTLS variants"))

    def test_verification(self):
        self.assertIn("| 194 ms | 21.95 M instructions: 686 ms at 48 MHz, 137 ms at 240 MHz, derived |", row(self.text, "chain verification, ECDSA (pooled)"))
        self.assertIn("| about 12 times | 9.7 times, of instructions |", row(self.text, "chain verification, ECDSA against ML-DSA-44"))
        self.assertNotIn("see the rows above", self.text)


if __name__ == "__main__":
    unittest.main()
