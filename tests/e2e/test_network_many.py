# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of the goal: every one of 200 handshakes completes over a network that loses, doubles and reorders."""
from harness import Case, handshakes, main
from relay import Relay


class Many(Case):
    def check(self, workers, seed):
        server = self.serve({"server": {"workers": workers}, "coaps": {"handshake_timeout_seconds": 600}})
        relay = Relay(self, server.port, seed=seed, loss=0.10, duplicate=0.10, reorder=0.20)
        completed, failure = handshakes(relay.port, server.ca, 200, threads=32, timeout=600)
        self.assertEqual(completed, 200, failure)
        self.assertGreater(relay.counts["lost"], 200)

    def test_one_worker(self):
        self.check(workers=1, seed=200)

    def test_two_workers(self):
        self.check(workers=2, seed=201)


if __name__ == "__main__":
    main()
