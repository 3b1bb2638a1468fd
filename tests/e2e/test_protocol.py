# SPDX-License-Identifier: GPL-3.0-or-later
"""The resources as interfaces.md fixes them, asked by a CoAP client of our own over plain CoAP: answers, refusals, Echo, Block2, Observe."""
import json
import random

from coap import (ACCEPT, ACK, BLOCK2, CBOR, CON, CONTENT_FORMAT, ECHO, ETAG, JSON, LINKS, MAX_AGE, NON, OBSERVE, OCTETS, POST, PROBLEM, PROXY_URI,
                  RST, Client, Message, cbor, uint)
from harness import Case, main

TITLE, DETAIL = -1, -2


class Protocol(Case):
    def setUp(self):
        self.server = self.serve({"server": {"drain_seconds": 0}, "coap": {"enabled": True, "listen": ["127.0.0.1:0"]}})
        self.client = Client(self, self.server.plain_port)

    def ask(self, *query, **named):
        return self.client.prove(query=query, **named)


class Answers(Protocol):
    def test_defaults(self):
        answer = self.ask()
        self.assertEqual((answer.code_text, answer.type), ("2.05", ACK))
        self.assertEqual((len(answer.payload), answer.number(CONTENT_FORMAT), answer.number(MAX_AGE)), (32, OCTETS, 0))
        self.assertNotEqual(self.ask().payload, answer.payload)

    def test_sizes(self):
        for count in (1, 31, 33, 1024):
            self.assertEqual(len(self.ask(f"n={count}").payload), count)
        answer, body = self.client.fetch(query=["n=65536", "t=drbg"])
        self.assertEqual((answer.code_text, len(body), answer.number(MAX_AGE)), ("2.05", 65536, 0))

    def test_formats(self):
        document = json.loads(self.ask("n=20", "t=direct", options=[(ACCEPT, uint(JSON))]).payload)
        self.assertEqual(set(document), {"random", "type", "sources", "report", "simulated"})
        self.assertRegex(document["random"], r"\A[0-9a-f]{40}\Z")
        self.assertEqual(document["sources"], [{"id": "sim", "kind": "simulated", "conditioned": False}])
        numbered = cbor(self.ask("n=20", "t=drbg", options=[(ACCEPT, uint(CBOR))]).payload)
        self.assertEqual(set(numbered), {1, 2, 3, 4, 5})
        self.assertEqual((len(numbered[1]), numbered[2], numbered[4], numbered[5]), (20, "drbg", None, True))

    def test_sources_and_health(self):
        for path, members in (("sources", {"version", "types", "min_sources", "healthy", "sources"}), ("health", {"status", "healthy", "total"})):
            for number, decode in ((JSON, json.loads), (CBOR, cbor)):
                answer, body = self.client.fetch(path, options=[(ACCEPT, uint(number))])
                self.assertEqual((answer.code_text, answer.number(CONTENT_FORMAT), answer.number(MAX_AGE)), ("2.05", number, 0))
                self.assertEqual(set(decode(body)), members)

    def test_discovery(self):
        answer, body = self.client.fetch(".well-known/core")
        self.assertEqual(answer.number(CONTENT_FORMAT), LINKS)
        links = dict(link.split(";", 1) for link in body.decode().split(","))
        self.assertEqual(set(links), {"</random>", "</sources>", "</health>"})
        self.assertIn("obs", links["</random>"].split(";"))
        self.assertRegex(links["</random>"], r'ct="42 50 60"')
        _, body = self.client.fetch(".well-known/core", query=["rt=qeaas.sources"])
        self.assertTrue(body.startswith(b"</sources>"))

    def test_non_confirmable_is_answered_in_kind(self):
        answer = self.ask("n=8", kind=NON)
        self.assertEqual((answer.type, answer.code_text, len(answer.payload)), (NON, "2.05", 8))

    def test_a_repeated_request_gets_the_same_answer_and_no_new_draw(self):
        asked = self.client.make(query=["n=16"])
        self.client.send(asked)
        first = self.client.receive()
        self.client.send(asked)
        self.assertEqual(self.client.receive().payload, first.payload)


class Refusals(Protocol):
    def assert_refused(self, answer, code, detail=""):
        self.assertEqual(answer.code_text, code)
        self.assertEqual(answer.number(CONTENT_FORMAT), PROBLEM)
        problem = cbor(answer.payload)
        self.assertIsInstance(problem[TITLE], str)
        self.assertIn(detail, problem.get(DETAIL, ""))

    def test_bad_parameters(self):
        for query, code, detail in ((["n=0"], "4.00", "1 to 65536"), (["n=65537"], "4.13", "65536"), (["n=99999999999999999999"], "4.13", "65536"),
                                    (["n=-1"], "4.00", "decimal"), (["n=1e3"], "4.00", "decimal"), (["n="], "4.00", "decimal"),
                                    (["n=1", "n=2"], "4.00", "more than once"), (["t=foo"], "4.00", "direct, mixed or drbg"), (["every=0"], "4.00", "86400"),
                                    (["every=86401"], "4.00", "86400"), (["m=1"], "4.00", "unknown parameter"), (["n"], "4.00", "no value")):
            with self.subTest(query=query):
                self.assert_refused(self.ask(*query), code, detail=detail)

    def test_paths_methods_and_formats(self):
        self.assert_refused(self.ask(path="nothing"), "4.04", detail="well-known/core")
        self.assert_refused(self.ask(path="random/more"), "4.04")
        for method in (POST, 3, 4, 5):
            self.assert_refused(self.ask(code=method), "4.05", detail="GET")
        for accept in (0, 41, 65535):
            self.assert_refused(self.ask(options=[(ACCEPT, uint(accept))]), "4.06", detail="42, 50 or 60")
        self.assert_refused(self.ask(path="sources", options=[(ACCEPT, uint(OCTETS))]), "4.06")
        self.assert_refused(self.ask("n=1", path="sources"), "4.00")

    def test_proxy_is_not_supported(self):
        self.assert_refused(self.ask(options=[(PROXY_URI, b"http://127.0.0.1:6065/random_number/5")]), "5.05")
        self.assert_refused(self.ask(options=[(39, b"http")]), "5.05")

    def test_unknown_critical_option(self):
        self.assertEqual(self.ask(options=[(65001, b"x")]).code_text, "4.02")
        self.assertEqual(self.ask(options=[(65000, b"x")]).code_text, "2.05", "an elective one is passed over")

    def test_blocks_that_are_not(self):
        self.assertEqual(self.ask("n=32", options=[(BLOCK2, bytes([7]))]).code_text, "4.00", "a reserved size")
        self.assertEqual(self.ask("n=5000", options=[(BLOCK2, uint(3 << 4 | 6))]).code_text, "4.08", "nothing was begun")


class Amplification(Protocol):
    """RFC 9175 2.4 and RFC 9770's concern: who has not proved the address gets little more than was sent."""

    def test_a_large_answer_needs_the_echo(self):
        asked = self.client.make(query=["n=5000"])
        self.client.send(asked)
        answer = self.client.receive()
        self.assertEqual(answer.code_text, "4.01")
        self.assertTrue(1 <= len(answer.option(ECHO)) <= 40)
        self.assertLess(len(answer.encode()), 136)
        again = self.client.request(query=["n=5000"], options=[(ECHO, answer.option(ECHO))])
        self.assertEqual((again.code_text, len(again.payload)), ("2.05", 1024))
        self.assertTrue(again.number(BLOCK2) & 8, "there is more")

    def test_an_echo_of_somebody_else_is_worth_nothing(self):
        echo = self.client.request(query=["n=5000"]).option(ECHO)
        other = Client(self, self.server.plain_port)
        self.assertEqual(other.request(query=["n=5000"], options=[(ECHO, echo)]).code_text, "4.01")
        self.assertEqual(other.request(query=["n=5000"], options=[(ECHO, bytes(len(echo)))]).code_text, "4.01")

    def test_small_answers_need_none(self):
        answer = self.client.request(query=["n=32"])
        self.assertEqual((answer.code_text, len(answer.payload)), ("2.05", 32))


class Blocks(Protocol):
    def test_small_blocks_of_one_draw(self):
        answer, body = self.client.fetch(query=["n=200"], options=[(BLOCK2, uint(1))])
        self.assertEqual((answer.code_text, len(body)), ("2.05", 200))
        first = self.ask("n=200", options=[(BLOCK2, uint(1))])
        self.assertNotEqual(first.payload, body[:32], "the next transfer is a new draw")
        again = self.client.request(query=["n=200"], options=[(BLOCK2, uint(0 << 4 | 1))])
        self.assertNotEqual(again.option(ETAG), first.option(ETAG))

    def test_the_draw_is_gone_after_its_last_block(self):
        self.client.fetch(query=["n=200"], options=[(BLOCK2, uint(1))])
        late = self.client.request(query=["n=200"], options=[(BLOCK2, uint(2 << 4 | 1))])
        self.assertEqual(late.code_text, "4.08")


class Observe(Protocol):
    def test_fresh_bytes_until_it_is_cancelled(self):
        first = self.ask("n=16", "every=1", options=[(OBSERVE, b"")])
        self.assertEqual(first.code_text, "2.05")
        self.assertIsNotNone(first.option(OBSERVE))
        draws, numbers = [first.payload], [first.number(OBSERVE)]
        for _ in range(3):
            notification = self.client.receive()
            self.assertEqual((notification.token, notification.code_text, len(notification.payload)), (first.token, "2.05", 16))
            draws.append(notification.payload)
            numbers.append(notification.number(OBSERVE))
            if notification.type == CON:
                self.client.send(Message(ACK, 0, notification.id))
        self.assertEqual(len(set(draws)), 4)
        self.assertEqual(numbers, sorted(set(numbers)))
        # RFC 7641 3.6: a reset ends it; the next thing to arrive is the answer to something else.
        self.client.send(Message(RST, 0, notification.id))
        second = self.ask("n=16", "every=2", options=[(OBSERVE, b"")])
        self.assertEqual(self.client.receive().token, second.token)


class Nonsense(Protocol):
    def test_random_truncated_and_oversized_datagrams_change_nothing(self):
        chance = random.Random(8)
        whole = self.client.make(query=["n=16", "t=mixed", "every=5"], options=[(ACCEPT, uint(CBOR))]).encode()
        noise = Client(self, self.server.plain_port)
        for _ in range(300):
            noise.socket.send(chance.randbytes(chance.randrange(0, 200)))
            noise.socket.send(whole[:chance.randrange(len(whole))])
            broken = bytearray(whole)
            broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
            noise.socket.send(bytes(broken))
        for size in (1300, 9000, 60000):
            noise.socket.send(bytes([0x40, 1, 0, 1]) + chance.randbytes(size))
        self.assertEqual(len(self.ask("n=32").payload), 32)
        self.assertEqual(self.server.sources()["sources"][0]["state"], "healthy")

    def test_a_ping_is_answered_by_a_reset(self):
        self.client.send(Message(CON, 0, 4711))
        answer = self.client.receive()
        self.assertEqual((answer.type, answer.code, answer.id), (RST, 0, 4711))


if __name__ == "__main__":
    main()
