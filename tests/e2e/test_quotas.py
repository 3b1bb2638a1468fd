# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas: what a client may draw, what an address may draw and how often it may knock; by [limits] and by the identity's own row."""
import json
import sqlite3
import time

from coap import CONTENT_FORMAT, MAX_AGE, PROBLEM, Client, cbor
from harness import Case, handshakes, main

PLAIN = {"coap": {"enabled": True, "listen": ["127.0.0.1:0"]}}


class Bytes(Case):
    def test_an_identity_over_its_rate_is_told_when_to_come_back(self):
        server = self.serve({"limits": {"identity_bytes_per_second": 1, "identity_burst_bytes": 100}})
        self.assertDone(server.get("100"))
        answer = self.assertFailed(server.get("50", "--retry", "0"), r"the server answered 4\.29, .*try again in \d+ s")
        self.assertEqual(answer.raw, b"")
        answer = self.assertFailed(server.get("50", "--retry", "0", "--json"), r"4\.29")
        self.assertEqual(json.loads(answer.out)["error"], "over_quota")

    def test_the_client_waits_and_asks_again(self):
        server = self.serve({"limits": {"identity_bytes_per_second": 50, "identity_burst_bytes": 100}})
        self.assertDone(server.get("100"))
        self.assertDone(server.get("100", "--retry", "20"))

    def test_the_answer_is_a_problem_with_a_retry_time(self):
        server = self.serve({**PLAIN, "limits": {"identity_bytes_per_second": 2, "identity_burst_bytes": 64}})
        client = Client(self, server.plain_port)
        self.assertEqual(client.prove(query=["n=64"]).code_text, "2.05")
        answer = client.prove(query=["n=64"])
        self.assertEqual((answer.code_text, answer.number(CONTENT_FORMAT)), ("4.29", PROBLEM))
        self.assertTrue(1 <= answer.number(MAX_AGE) <= 32)
        self.assertEqual(cbor(answer.payload)[-1], "over_quota")
        self.assertEqual(client.prove(query=["n=65"]).code_text, "4.13", "more than the burst can never be had")
        self.assertEqual(client.fetch("sources")[0].code_text, "2.05", "an account costs nothing")

    def test_a_draw_that_fails_costs_nothing(self):
        server = self.serve({**PLAIN, "service": {"reservoir_blocks": 64},
                             "limits": {"identity_bytes_per_second": 1, "identity_burst_bytes": 8000,
                                        "address_bytes_per_second": 1, "address_burst_bytes": 8000}})
        client = Client(self, server.plain_port)
        for _ in range(3):
            self.assertEqual(client.prove(query=["n=8000"]).code_text, "4.13", "more than a reservoir")
        self.assertEqual(client.prove(query=["n=900"]).code_text, "2.05")

    def test_everybody_anonymous_is_one_identity(self):
        server = self.serve({"limits": {"identity_bytes_per_second": 1, "identity_burst_bytes": 64}})
        self.assertDone(server.get("64"))
        for _ in range(3):
            self.assertFailed(server.get("64", "--retry", "0"), r"4\.29")

    def test_the_day(self):
        server = self.serve({"limits": {"identity_bytes_per_day": 100}})
        self.assertDone(server.get("64"))
        self.assertFailed(server.get("64", "--retry", "0"), r"4\.29")
        self.assertDone(server.get("32"))

    def test_the_day_outlives_the_process(self):
        config = {"limits": {"identity_bytes_per_day": 100}}
        first = self.serve(config)
        self.assertDone(first.get("100"))
        first.stop()
        second = self.serve(config, state=first.state)
        self.assertFailed(second.get("32", "--retry", "0"), r"4\.29")

    def test_an_address_over_its_rate(self):
        server = self.serve({**PLAIN, "limits": {"address_bytes_per_second": 1, "address_burst_bytes": 64}})
        self.assertDone(server.get("64"))
        self.assertFailed(server.get("64", "--retry", "0"), r"4\.29")
        self.assertEqual(Client(self, server.plain_port).prove(query=["n=64"]).code_text, "4.29", "one limit for both front ends of a worker")

    def test_a_row_of_its_own_goes_before_the_default(self):
        server = self.serve()
        self.assertDone(server.get("64"))
        since = server.log.mark()
        database = sqlite3.connect(server.state / "access.db", timeout=30)
        with database:
            database.execute("UPDATE identity SET bytes_per_second = 1, burst_bytes = 64, bytes_per_day = 0 WHERE kind = 'anonymous'")
        database.close()
        server.log.wait("identities: reloaded", since)
        self.assertDone(server.get("64"))
        self.assertFailed(server.get("64", "--retry", "0"), r"4\.29")

    def test_what_was_served_is_written_down(self):
        server = self.serve()
        self.assertDone(server.get("1000"))
        server.stop()
        database = sqlite3.connect(server.state / "access.db", timeout=30)
        served, seen = database.execute("SELECT bytes_served, last_seen FROM identity WHERE kind = 'anonymous'").fetchone()
        database.close()
        self.assertEqual(served, 1000)
        self.assertLess(abs(time.time() - seen), 86400)


class Handshakes(Case):
    def test_an_address_that_knocks_too_often(self):
        server = self.serve({"limits": {"address_handshakes_per_second": 1}})
        began = time.monotonic()
        completed, _ = handshakes(server.port, server.ca, 40, threads=40, timeout=5)
        most = 8 + time.monotonic() - began + 1
        self.assertGreaterEqual(completed, 8, "the burst")
        self.assertLessEqual(completed, most, "the burst, and one a second")
        self.assertDone(server.get("32", "--timeout", "60"))


if __name__ == "__main__":
    main()
