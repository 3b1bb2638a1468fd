# SPDX-License-Identifier: GPL-3.0-or-later
"""Bulk: Block2 downloads (RFC 7959) by the command line, through the relay, without and with loss."""
import json

from harness import Case, main
from relay import Relay


class Bulk(Case):
    def setUp(self):
        self.server = self.serve()

    def test_one_megabyte_of_drbg(self):
        relay = Relay(self, self.server.port)
        path = self.folder() / "bulk.bin"
        self.assertDone(self.server.get("1M", "--type", "drbg", "--raw", "--out", path, "--timeout", "60", port=relay.port))
        content = path.read_bytes()
        self.assertEqual(len(content), 1 << 20)
        pieces = {content[at:at + 16] for at in range(0, len(content), 16)}
        self.assertEqual(len(pieces), len(content) // 16, "no piece comes twice")

    def test_more_than_one_draw_of_each_type(self):
        for kind in ("direct", "mixed", "drbg"):
            relay = Relay(self, self.server.port)
            answer = self.assertDone(self.server.get("70001", "--type", kind, "--raw", port=relay.port))
            self.assertEqual(len(answer.raw), 70001)
            # 69 blocks of at most 1,024 bytes: Block2 was really used, and no datagram was larger than the MTU allows.
            self.assertGreater(len(relay.seen), 2 * 69)
            self.assertLessEqual(max(len(seen.data) for seen in relay.seen), 1280 - 28)

    def test_five_percent_loss(self):
        relay = Relay(self, self.server.port, seed=5, loss=0.05)
        answer = self.assertDone(self.server.get("70001", "--type", "drbg", "--json", "--timeout", "60", port=relay.port))
        document = json.loads(answer.out)
        self.assertEqual(len(bytes.fromhex(document["random"])), 70001)
        self.assertGreater(relay.counts["lost"], 0)
        self.assertGreater(document["servers"][0]["retransmissions"], 0)

    def test_duplicates_and_reordering(self):
        relay = Relay(self, self.server.port, seed=6, duplicate=0.2, reorder=0.2)
        answer = self.assertDone(self.server.get("70001", "--type", "mixed", "--raw", "--timeout", "60", port=relay.port))
        self.assertEqual(len(answer.raw), 70001)
        self.assertGreater(relay.counts["doubled"], 0)
        self.assertGreater(relay.counts["held"], 0)


if __name__ == "__main__":
    main()
