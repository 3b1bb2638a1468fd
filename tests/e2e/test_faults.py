# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault that the photon simulator can show is found, and from then on the answer is an error, never bytes.

The simulator makes the same samples for the same seed; a fault begins at a sample's index, so that a test reaches it by drawing.
"""
import json
import time

from coap import ACCEPT, CBOR, CONTENT_FORMAT, JSON, MAX_AGE, PROBLEM, Client, cbor, uint
from harness import Case, Roamer, main, qeaasd, toml

ONSET = 200_000           # samples: far behind the start-up tests and the first fill of the smallest reservoir
DRAW = 512                # bytes: all that this reservoir holds
MAX_DRAWS = 4_000         # of DRAW bytes; 330 samples make 32 of them, and most faults show within some thousand samples
PLAIN = {"server": {"drain_seconds": 0}, "coap": {"enabled": True, "listen": ["127.0.0.1:0"]}, "service": {"reservoir_blocks": 16}}

# What is switched on, and the states in which the source may be found afterwards.
FAULTS = {
    "stuck": ({}, {"alarmed"}),
    "bias": ({"fault_magnitude": 0.2}, {"alarmed"}),
    "drift": ({"fault_magnitude": 0.01}, {"alarmed"}),
    "lag": ({"fault_magnitude": 0.5}, {"alarmed"}),
    "period": ({"fault_magnitude": 1024.0}, {"alarmed"}),
    "slow": ({"fault_magnitude": 1000.0}, {"healthy"}),
    "vanish": ({}, {"gone"}),
}


class Faulty(Case):
    def start(self, fault, extra=(), service=None):
        settings, self.states = FAULTS[fault]
        source = {"id": "sim", "type": "photon", "seed": 7, "fault": fault, "fault_onset_samples": ONSET, **settings}
        config = {**PLAIN, "source": [source, *extra]}
        if service:
            config["service"] = {**PLAIN["service"], **service}
        self.server = self.serve(config)
        self.client = Client(self, self.server.plain_port)
        self.session = Roamer(self, self.server.port, self.server.ca)
        return self.server

    def draw(self, kind="direct", count=DRAW):
        return self.client.prove(query=[f"n={count}", f"t={kind}"])

    def draw_until(self, done):
        """Draws until done(answer) is true, and gives that answer and the bytes of those before."""
        taken = []
        for _ in range(MAX_DRAWS):
            answer = self.draw()
            if done(answer):
                return answer, taken
            if answer.code_text == "2.05":
                taken.append(answer.payload)
            else:
                time.sleep(0.005)  # the reservoir was emptied, and fills again while nobody asks
        self.fail("the fault was not found:\n" + self.server.log.text())

    def source(self):
        answer, body = self.client.fetch("sources", options=[(ACCEPT, uint(JSON))])
        self.assertEqual(answer.code_text, "2.05")
        return next(source for source in json.loads(body)["sources"] if source["id"] == "sim")

    def settled(self):
        """The source as /sources shows it; an alarm's count follows its state after a moment."""
        for _ in range(MAX_DRAWS):
            source = self.source()
            if source["state"] != "alarmed" or source["permanent_failures"] > 0:
                return source
        return self.source()

    def assert_unavailable(self, answer):
        self.assertEqual(answer.code_text, "5.03")
        self.assertEqual(answer.number(CONTENT_FORMAT), PROBLEM)
        self.assertTrue(1 <= answer.number(MAX_AGE) <= 60, answer)
        self.assertIn(cbor(answer.payload)[-1], ("starved", "alarmed"))
        self.assertLess(len(answer.payload), 100, "a problem, and no room for the bytes that were asked for")

    def found(self, fault):
        """Draws until the source is out, as /sources says, and checks what the clients see."""
        self.start(fault)
        self.assertEqual(self.source()["state"], "healthy")
        known_states = self.states

        def out(answer):
            if answer.code_text == "2.05":
                return False
            self.assert_unavailable(answer)
            # A reservoir that was just emptied is full again in a second; 16 blocks of a slow source take it five.
            return answer.number(MAX_AGE) >= 3 if fault == "slow" else self.source()["state"] in known_states

        answer, taken = self.draw_until(out)
        self.assertGreater(len(taken), 10, "the source was good until the fault began")
        blocks = [draw[at:at + 32] for draw in taken for at in range(0, len(draw), 32)]
        self.assertEqual(len(set(blocks)), len(blocks), "no block came twice")
        after = self.settled()
        self.assertIn(after["state"], known_states)
        ledger = after["ledger"]
        self.assertLessEqual(ledger["served_bits"], ledger["full_entropy_bits_out"])
        self.assertLessEqual(ledger["full_entropy_bits_out"], ledger["assessed_bits_in"])
        if known_states == {"alarmed"}:
            self.assertGreaterEqual(after["permanent_failures"], 1)
            self.assertNotEqual(after["last_failure"], "")
        return ledger["served_bits"]

    def assert_nothing_comes(self, served_before):
        """By plain CoAP and over a session that was open before: errors only, and no bit more was served."""
        for kind in ("direct", "mixed"):
            for _ in range(20):
                self.assert_unavailable(self.draw(kind))
            with self.assertRaisesRegex(AssertionError, r"error the server answered 5\.03.*try again in \d+ s"):
                self.session.get(DRAW, kind)
        self.assertEqual(self.source()["ledger"]["served_bits"], served_before)


class Detected(Faulty):
    def test_stuck(self):
        self.assert_nothing_comes(self.found("stuck"))

    def test_bias(self):
        self.assert_nothing_comes(self.found("bias"))

    def test_drift(self):
        self.assert_nothing_comes(self.found("drift"))

    def test_lag(self):
        self.assert_nothing_comes(self.found("lag"))

    def test_period(self):
        self.assert_nothing_comes(self.found("period"))

    def test_vanish(self):
        self.assert_nothing_comes(self.found("vanish"))

    def test_slow(self):
        self.found("slow")
        # Blocks still come, four in a second, all of them good: what is asked for at once cannot be had.
        for _ in range(20):
            self.assert_unavailable(self.draw())
        with self.assertRaisesRegex(AssertionError, r"5\.03.*try again in \d+ s"):
            self.session.get(DRAW, "direct")

    def test_the_command_line_is_told(self):
        """A new client, over a new session, learns what is the matter: an alarm must not look like a dead server."""
        self.found("stuck")
        answer = self.server.get("512", "--type", "direct", "--retry", "0")
        self.assertFailed(answer, r"5\.03.*try again in \d+ s")
        self.assertEqual(answer.raw, b"")
        answer = self.assertFailed(self.server.get("512", "--retry", "0", "--json"), r"5\.03")
        self.assertIn(json.loads(answer.out)["error"], ("starved", "alarmed"))
        self.assertEqual([source["state"] for source in self.server.sources()["sources"]], ["alarmed"])

    def test_the_drbg_stops_with_an_alarm(self):
        self.start("stuck")
        self.assertEqual(self.draw("drbg").code_text, "2.05")
        self.draw_until(lambda answer: answer.code_text != "2.05" and self.source()["state"] == "alarmed")
        self.assert_unavailable(self.draw("drbg"))


class Recovery(Faulty):
    def test_a_source_that_comes_back_is_started_anew_and_served(self):
        FAULTS["back"] = ({"fault": "vanish", "fault_magnitude": 3.0}, {"gone"})
        self.addCleanup(FAULTS.pop, "back")
        server = self.start("back")
        since = server.log.mark()
        self.draw_until(lambda answer: answer.code_text == "5.03")
        server.log.wait("source sim is gone", since)
        server.log.wait("source sim is healthy", since)
        source = self.source()
        self.assertEqual((source["state"], source["restarts"]), ("healthy", 1))
        self.assertEqual(len(self.assertDone(server.get("512", "--raw")).raw), 512)

    def test_another_healthy_source_carries_on_alone(self):
        server = self.start("stuck", extra=[{"id": "spare", "type": "photon"}])
        before = json.loads(self.assertDone(server.get("32", "--json")).out)
        self.assertEqual([source["id"] for source in before["servers"][0]["sources"]], ["sim", "spare"])
        for _ in range(MAX_DRAWS):
            self.draw()
            if "source sim is alarmed" in server.log.text():
                break
        self.assertEqual(self.source()["state"], "alarmed")
        after = json.loads(self.assertDone(server.get("512", "--json")).out)
        self.assertEqual([source["id"] for source in after["servers"][0]["sources"]], ["spare"])

    def test_min_sources_makes_one_fault_the_end_of_answers(self):
        self.start("stuck", extra=[{"id": "spare", "type": "photon"}], service={"min_sources": 2})
        self.draw_until(lambda answer: answer.code_text == "5.03" and self.source()["state"] == "alarmed")
        for kind in ("direct", "mixed"):
            self.assert_unavailable(self.draw(kind, 32))


class Honesty(Faulty):
    def test_simulated_is_marked_in_every_answer(self):
        server = self.serve(PLAIN)
        client = Client(self, server.plain_port)
        for kind in ("direct", "mixed", "drbg"):
            document = json.loads(client.prove(query=["n=16", f"t={kind}"], options=[(ACCEPT, uint(JSON))]).payload)
            self.assertIs(document["simulated"], True)
            numbered = cbor(client.prove(query=["n=16", f"t={kind}"], options=[(ACCEPT, uint(CBOR))]).payload)
            self.assertIs(numbered[5], True)
        self.assertRegex(server.log.text(), r"warning source sim is SIMULATED")
        self.assertEqual([source["kind"] for source in server.sources()["sources"]], ["simulated"])

    def test_a_simulator_must_be_named(self):
        path = self.folder() / "qeaasd.toml"
        path.write_text(toml({"source": [{"type": "photon"}]}))
        self.assertFailed(qeaasd("--config", path, "--check"), r"qeaasd\.toml:1:\d+: .*id")
        server = self.serve({"source": []})
        self.assertNotIn("simulated", {source["kind"] for source in server.sources()["sources"]})

    def test_a_bad_source_never_becomes_ready(self):
        path = self.folder() / "qeaasd.toml"
        source = {"id": "sim", "type": "photon", "fault": "stuck"}
        path.write_text(toml({"coaps": {"listen": ["127.0.0.1:0"]}, "source": [source]}))
        answer = qeaasd("--config", path, "--state", self.folder() / "state")
        self.assertFailed(answer, r"passed their start-up tests")
        self.assertNotRegex(answer.err, r" ready$")
        self.assertRegex(answer.err, r"source sim: simulated, alarmed")


if __name__ == "__main__":
    main()
