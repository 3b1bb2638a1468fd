# SPDX-License-Identifier: GPL-3.0-or-later
"""The decomposition against the paper's own numbers, fed in as samples that have those means."""
import unittest

import context  # noqa: F401
import decomposition
from configurations import Configuration

# Means without and with verification [ms], from the paper's prose: 479, 819, 313 with ECDSA; 225 for the post-quantum pair. The two that its text
# does not state are made up.
MEANS = {("P-256", "ECDSA"): (479, 479 + 188.8), ("X25519", "ECDSA"): (819, 819 + 189.4), ("ML-KEM-512", "ECDSA"): (313, 313 + 204.5),
         ("P-256", "ML-DSA-44"): (390, 390 + 11.5), ("X25519", "ML-DSA-44"): (700, 700 + 13.7), ("ML-KEM-512", "ML-DSA-44"): (225, 225 + 24.3)}


def around(mean, spread=2.0):
    return [mean - spread, mean + spread] * 8


class Paper(unittest.TestCase):
    def setUp(self):
        self.first = {Configuration(group, signature, verify): around(means[verify]) for (group, signature), means in MEANS.items() for verify in (False, True)}
        self.splits = decomposition.split(self.first, around(16.9))

    def test_the_parts_add_up(self):
        for (group, signature), one in self.splits.items():
            self.assertAlmostEqual(one.network.value + one.exchange.value, MEANS[group, signature][0])
            self.assertAlmostEqual(one.network.value, 3 * 16.9)
            self.assertGreater(one.exchange.error, one.network.error)

    def test_the_paper_s_sentences(self):
        found = {what: quantity for what, (quantity, _) in decomposition.comparisons(self.splits, self.first).items()}
        for what, value, within in (("ML-KEM-512 faster than P-256 (ECDSA, not verified)", 35, 0.5),
                                    ("ML-KEM-512 faster than X25519 (ECDSA, not verified)", 62, 0.5),
                                    ("post-quantum pair faster than the classical one, not verified", 53, 0.5),
                                    ("post-quantum pair faster than the classical one, verified", 63, 0.5),
                                    ("chain verification, ECDSA (pooled)", 194, 0.5), ("chain verification, ML-DSA-44 (pooled)", 17, 0.6),
                                    ("the same of the computing alone, not verified", 59.7, 0.7), ("the same of the computing alone, verified", 68.1, 0.7)):
            self.assertAlmostEqual(found[what].value, value, delta=within, msg=what)

    def test_what_was_not_measured_is_left_out(self):
        del self.first[Configuration("P-256", "ECDSA", True)]
        self.assertNotIn(("P-256", "ECDSA"), decomposition.split(self.first, around(16.9)))


if __name__ == "__main__":
    unittest.main()
