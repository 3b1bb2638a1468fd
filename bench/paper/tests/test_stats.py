# SPDX-License-Identifier: GPL-3.0-or-later
"""Statistics against values that were worked out elsewhere."""
import math
import unittest

import context  # noqa: F401  (finds the modules)
import stats
from stats import Quantity


class Summaries(unittest.TestCase):
    def test_known_values(self):
        # The Michelson set of NIST's reference data would be too long; this is the textbook one with mean 5 and variance 32/7.
        one = stats.summary([2, 4, 4, 4, 5, 5, 7, 9])
        self.assertEqual((one["n"], one["mean"], one["median"]), (8, 5.0, 4.5))
        self.assertAlmostEqual(one["std"], math.sqrt(32 / 7), places=12)
        self.assertAlmostEqual(one["se"], math.sqrt(32 / 7 / 8), places=12)

    def test_nist_numacc3(self):
        # NIST StRD NumAcc3: 1000000.2, then 1000000.1 and 1000000.3 in turn; mean 1000000.2, standard deviation 0.1, exactly.
        one = stats.summary([1000000.2] + [1000000.1, 1000000.3] * 500)
        self.assertAlmostEqual(one["mean"], 1000000.2, places=6)
        self.assertAlmostEqual(one["std"], 0.1, places=6)

    def test_percentiles(self):
        one = stats.summary(range(101))
        self.assertEqual((one["median"], one["p95"], one["p99"]), (50, 95, 99))

    def test_one_sample_and_none(self):
        one = stats.summary([7])
        self.assertEqual((one["mean"], one["median"]), (7, 7))
        for key in ("std", "se", "low", "high"):
            self.assertTrue(math.isnan(one[key]), key)
        for middle in (Quantity.mean_of, Quantity.median_of):
            self.assertTrue(math.isnan((middle([7]) - Quantity(1, 1)).error))
        with self.assertRaises(ValueError):
            stats.summary([])

    def test_bootstrap_is_seeded_and_covers_what_theory_says(self):
        samples = [math.sin(0.7 * number) for number in range(400)]
        one = stats.summary(samples)
        self.assertEqual(stats.bootstrap(samples), stats.bootstrap(samples))
        self.assertAlmostEqual((one["high"] - one["low"]) / (2 * 1.96 * one["se"]), 1, delta=0.05)
        self.assertLess(one["low"], one["mean"])
        self.assertGreater(one["high"], one["mean"])


class Propagation(unittest.TestCase):
    def test_sums_and_differences(self):
        total = Quantity(10, 3) + Quantity(20, 4)
        self.assertEqual((total.value, total.error), (30, 5))
        rest = Quantity(10, 3) - Quantity(20, 4)
        self.assertEqual((rest.value, rest.error), (-10, 5))
        self.assertEqual((5 - Quantity(2, 1)).value, 3)

    def test_products_and_ratios(self):
        product = Quantity(10, 0.3) * Quantity(20, 0.8)  # relative errors of 3 % and 4 % make 5 %
        self.assertAlmostEqual(product.error / product.value, 0.05)
        ratio = Quantity(10, 0.3) / Quantity(20, 0.8)
        self.assertAlmostEqual(ratio.value, 0.5)
        self.assertAlmostEqual(ratio.error / ratio.value, 0.05)
        self.assertAlmostEqual((3 * Quantity(24, 2)).error, 6)

    def test_what_enters_twice_counts_once(self):
        one, other = Quantity(10, 3), Quantity(20, 4)
        self.assertAlmostEqual(((other - one) + one).error, 4)
        self.assertAlmostEqual((one - one).error, 0)
        self.assertAlmostEqual((one / one).error, 0)
        self.assertAlmostEqual((one + one).error, 6)
        self.assertAlmostEqual((one * one).error, 60)
        self.assertAlmostEqual((one + Quantity(10, 3)).error, 3 * 2 ** 0.5)  # alike, but measured apart

    def test_words(self):
        self.assertEqual([str(Quantity(*one)) for one in ((30.472, 434.8), (-6.7921, 7.888), (106.5, 0.0523))], ["30.47 ± 435", "-6.792 ± 7.9", "106.5 ± 0.052"])

    def test_pooled(self):
        one = stats.pooled([Quantity(188.8, 3), Quantity(189.4, 4), Quantity(204.5, 12)])
        self.assertAlmostEqual(one.value, 194.23, places=2)  # the paper's "roughly 194 ms"
        self.assertAlmostEqual(one.error, 13 / 3)

    def test_faster_by(self):
        self.assertAlmostEqual(stats.faster_by(Quantity(313), Quantity(479)).value, 0.3466, places=4)  # the paper's 35 %

    def test_against_a_simulation(self):
        import numpy
        dice = numpy.random.default_rng(5)
        draws = (1 - dice.normal(225, 4, 200000) / dice.normal(479, 6, 200000)).std()
        self.assertAlmostEqual(stats.faster_by(Quantity(225, 4), Quantity(479, 6)).error / draws, 1, delta=0.02)


if __name__ == "__main__":
    unittest.main()
