# SPDX-License-Identifier: GPL-3.0-or-later
"""Interoperability: libcoap's client on wolfSSL over DTLS 1.3, and Debian's own over plain CoAP."""
import json
import sqlite3

from coap import cbor
from harness import LIBCOAP, Case, cli, main, need_program, run

PSK_IDENTITY, PSK_KEY = "sensor-7", "sixteen-byte-key"


def add_psk_client(state, identity, key):
    """What `qeaas clients add` will do (src/access/schema.cpp)."""
    database = sqlite3.connect(state / "access.db", timeout=30)
    with database:
        database.execute("INSERT INTO identity (name, kind, credential, psk_key) VALUES (?, 'psk', ?, ?)", (identity, identity, key))
    database.close()


class Libcoap(Case):
    def setUp(self):
        self.client = need_program(LIBCOAP / "bin" / "coap-client")

    def coap(self, server, *arguments, path="random"):
        return run([self.client, "-R", server.ca, "-o", "-", "-B", "60", *arguments, f"{server.url}/{path}"])

    def test_ml_kem_512_and_ml_dsa_44(self):
        server = self.serve({"coaps": {"groups": ["MLKEM512"], "certificates": ["ML-DSA-44"]}})
        answer = self.assertDone(self.coap(server, path="random?n=32"))
        self.assertEqual(len(answer.raw), 32, str(answer))

    def test_every_level_of_ml_dsa(self):
        # With ML-KEM-512: libcoap's client cannot send the larger key shares, which need a ClientHello in two datagrams.
        for signature in ("ML-DSA-65", "ML-DSA-87"):
            server = self.serve({"coaps": {"groups": ["MLKEM512"], "certificates": [signature]}})
            answer = self.assertDone(self.coap(server, path="random?n=32"))
            self.assertEqual(len(answer.raw), 32, str(answer))

    def test_p256_and_ecdsa(self):
        server = self.serve({"coaps": {"groups": ["P-256"], "certificates": ["P-256"]}})
        answer = self.assertDone(self.coap(server, path="random?n=32"))
        self.assertEqual(len(answer.raw), 32, str(answer))

    def test_both_certificates_and_x25519(self):
        server = self.serve({"coaps": {"groups": ["X25519"]}})
        answer = self.assertDone(self.coap(server, path="random?n=32"))
        self.assertEqual(len(answer.raw), 32, str(answer))

    def test_our_ca_verifies_and_another_does_not(self):
        # This client says what it found and goes on all the same.
        server, other = self.serve(), self.serve()
        for ca, complaint in ((server.ca, False), (other.ca, True)):
            answer = run([self.client, "-v", "6", "-R", ca, f"{server.url}/random?n=32"])
            self.assertEqual("certificate verify failed" in answer.out + answer.err, complaint, str(answer))

    def test_block2(self):
        server = self.serve()
        answer = self.assertDone(self.coap(server, path="random?n=5000"))
        self.assertEqual(len(answer.raw), 5000)
        answer = self.assertDone(self.coap(server, "-b", "64", path="random?n=1000"))
        self.assertEqual(len(answer.raw), 1000)

    def test_observe_gives_new_bytes_each_time(self):
        server = self.serve()
        answer = self.assertDone(self.coap(server, "-s", "4", path="random?n=32&every=1"))
        draws = [answer.raw[at:at + 32] for at in range(0, len(answer.raw), 32)]
        self.assertEqual(len(answer.raw) % 32, 0)
        self.assertGreaterEqual(len(draws), 3, "the first answer and at least two notifications")
        self.assertEqual(len(set(draws)), len(draws))

    def test_a_client_that_changes_its_port_keeps_its_session(self):
        server = self.serve({"server": {"workers": 2}})
        answer = self.assertDone(self.coap(server, "-d", "1", "-G", "4", path="random?n=32"))
        self.assertEqual(len(answer.raw), 4 * 32, str(answer))

    def test_psk_client_is_known_without_a_restart(self):
        server = self.serve({"coaps": {"client_auth": ["psk"]}})
        got = self.folder() / "got"
        command = [self.client, "-o", got, "-B", "30", "-u", PSK_IDENTITY, "-k", PSK_KEY, f"{server.url}/random?n=32"]
        run(command)
        self.assertFalse(got.exists() and got.stat().st_size, "nobody has entered this identity yet")
        since = server.log.mark()
        add_psk_client(server.state, PSK_IDENTITY, PSK_KEY.encode())
        server.log.wait("identities: reloaded", since)
        answer = self.assertDone(run(command))
        self.assertEqual(got.stat().st_size if got.exists() else 0, 32, str(answer) + server.log.text())


class PskCommandLine(Case):
    def setUp(self):
        self.server = self.serve({"coaps": {"client_auth": ["psk"]}})
        self.key = self.folder() / "sensor.key"
        self.key.write_text(PSK_KEY.encode().hex() + "\n")
        self.key.chmod(0o600)

    def get(self, *arguments):
        return cli("get", "32", "--from", self.server.url, "--psk", f"{PSK_IDENTITY}:{self.key}", "--timeout", "10", *arguments)

    def test_a_known_identity_is_served_and_a_disabled_one_is_not(self):
        self.assertFailed(self.get(), r"\S")
        since = self.server.log.mark()
        add_psk_client(self.server.state, PSK_IDENTITY, PSK_KEY.encode())
        self.server.log.wait("identities: reloaded", since)
        server, = json.loads(self.assertDone(self.get("--json")).out)["servers"]
        self.assertEqual((server["group"], server["signature"], server["verified"]), ("ML-KEM-512", "psk", True))

        since = self.server.log.mark()
        database = sqlite3.connect(self.server.state / "access.db", timeout=30)
        with database:
            database.execute("UPDATE identity SET enabled = 0 WHERE name = ?", (PSK_IDENTITY,))
        database.close()
        self.server.log.wait("identities: reloaded", since)
        self.assertFailed(self.get(), r"\S")

    def test_a_client_that_proves_nothing_is_refused(self):
        answer = self.assertFailed(self.server.get("32", "--timeout", "10"), r"\S")
        self.assertEqual(answer.raw, b"")

    def test_a_wrong_key_is_refused(self):
        since = self.server.log.mark()
        add_psk_client(self.server.state, PSK_IDENTITY, b"another-16-bytes")
        self.server.log.wait("identities: reloaded", since)
        answer = self.assertFailed(self.get(), r"\S")
        self.assertEqual(answer.raw, b"")


class Plain(Case):
    def setUp(self):
        self.client = need_program("/usr/bin/coap-client-notls")
        self.server = self.serve({"coap": {"enabled": True, "listen": ["127.0.0.1:0"]}})

    def coap(self, path, *arguments):
        return run([self.client, "-B", "60", "-o", "-", *arguments, f"coap://127.0.0.1:{self.server.plain_port}/{path}"])

    def test_discovery(self):
        text = self.assertDone(self.coap(".well-known/core")).out
        for expected in ("</random>", "</sources>", "</health>", ";obs"):
            self.assertIn(expected, text)

    def test_small_answers_in_every_format(self):
        self.assertEqual(len(self.assertDone(self.coap("random?n=32")).raw), 32)
        document = json.loads(self.assertDone(self.coap("random?n=32&t=direct", "-A", "50")).out)
        self.assertEqual((len(bytes.fromhex(document["random"])), document["type"], document["simulated"]), (32, "direct", True))
        self.assertEqual(document["sources"][0]["kind"], "simulated")
        numbered = cbor(self.assertDone(self.coap("random?n=32&t=direct", "-A", "60")).raw)
        self.assertEqual((len(numbered[1]), numbered[2], numbered[4], numbered[5]), (32, "direct", None, True))
        self.assertEqual(numbered[3], [["sim", "simulated", False]])

    def test_large_answers_after_the_echo(self):
        self.assertEqual(len(self.assertDone(self.coap("random?n=5000")).raw), 5000)

    def test_observe(self):
        raw = self.assertDone(self.coap("random?n=32&every=1", "-s", "4")).raw
        draws = [raw[at:at + 32] for at in range(0, len(raw), 32)]
        self.assertGreaterEqual(len(draws), 3)
        self.assertEqual(len(set(draws)), len(draws))


if __name__ == "__main__":
    main()
