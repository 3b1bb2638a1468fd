# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay: what it loses, keeps in order and refuses. Nothing here judges a time but that a delay is not shorter than asked for."""
import select
import unittest

import context  # noqa: F401
import link
from link import Relay, Weather


class Sink:
    """A server that only counts, and one client towards it through a relay."""

    def __init__(self, case, weather, seed=1):
        self.server = link.udp_socket()
        self.relay = Relay(self.server.getsockname()[1], weather, seed)
        self.client = link.udp_socket()
        self.client.connect(("127.0.0.1", self.relay.port))
        for closing in (self.server.close, self.client.close, self.relay.close):
            case.addCleanup(closing)

    def arrived(self, expected):
        got = []
        while len(got) < expected and select.select([self.server], [], [], 10)[0]:
            got.append(self.server.recv(65536))
        return got


class Delays(unittest.TestCase):
    def test_order_is_kept_under_jitter(self):
        sink = Sink(self, Weather(floor_ms=1, jitter_ms=5))
        sent = [bytes([number]) * 10 for number in range(100)]
        for data in sent:
            sink.client.send(data)
        self.assertEqual(sink.arrived(100), sent)

    def test_a_round_trip_is_not_shorter_than_the_floor(self):
        times = link.echo_times(Weather(floor_ms=4), 5)
        self.assertEqual(len(times), 5)
        self.assertGreaterEqual(min(times), 8000)

    def test_the_paper_s_link_has_24_ms(self):
        self.assertEqual(2 * (link.PAPER.floor_ms + link.PAPER.jitter_ms), 24)
        self.assertIn("24 ms round trip", link.PAPER.words())

    def test_the_report_says_that_it_is_a_relay_and_why(self):
        self.assertIn("also where the kernel has netem: netem needs root", link.calibrate(20)["link by"])


class Losses(unittest.TestCase):
    def send(self, weather, count=1000, size=10, seed=1):
        sink = Sink(self, weather, seed)
        for number in range(count):
            sink.client.send(number.to_bytes(4, "big") + bytes(size - 4))
            while sink.relay.counts["passed"] <= number:
                pass
        return sink

    def test_loss_is_as_asked_and_seeded(self):
        lost = [self.send(Weather(loss=0.2), seed=seed).relay.counts["lost"] for seed in (1, 1, 2)]
        self.assertEqual(lost[0], lost[1])
        self.assertNotEqual(lost[0], lost[2])
        self.assertTrue(140 < lost[0] < 260, lost)

    def test_too_long_is_refused_and_just_fits_passes(self):
        sink = self.send(Weather(mtu=576), count=2, size=548)
        self.assertEqual(len(sink.arrived(2)), 2)
        self.assertEqual(self.send(Weather(mtu=576), count=3, size=549).relay.counts["too long"], 3)

    def test_a_crowd_of_clients(self):
        sink = Sink(self, Weather())
        for number in range(link.MOST_CLIENTS + 20):
            with link.udp_socket() as client:
                client.sendto(number.to_bytes(4, "big"), ("127.0.0.1", sink.relay.port))
            self.assertEqual(sink.arrived(1), [number.to_bytes(4, "big")])


if __name__ == "__main__":
    unittest.main()
