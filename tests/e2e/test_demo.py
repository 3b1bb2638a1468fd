# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job, as a person does it: `qeaas get` from a server with the physical sources of this machine, and from several servers."""
import base64
import json
import os
import re
import stat

from harness import Case, cli, main

NEGOTIATED = "group=ML-KEM-512 signature=ML-DSA-44 verified=yes"


class Physical(Case):
    """A server without any [[source]]: what a first start gives."""

    def setUp(self):
        self.server = self.serve({"source": []})

    def test_32_bytes_are_64_hex_digits_and_differ(self):
        first, second = (self.assertDone(self.server.get("32")) for _ in range(2))
        for answer in (first, second):
            self.assertRegex(answer.out, r"\A[0-9a-f]{64}\n\Z")
            self.assertEqual(answer.err, "")
        self.assertNotEqual(first.out, second.out)

    def test_verbose_names_group_signature_and_physical_sources(self):
        answer = self.assertDone(self.server.get("32", "--verbose"))
        self.assertRegex(answer.out, r"\A[0-9a-f]{64}\n\Z")
        self.assertIn(NEGOTIATED, answer.err.splitlines())
        kinds = re.findall(r"^source=(\S+) kind=(\S+) conditioned=(?:yes|no)$", answer.err, re.M)
        self.assertTrue(kinds, answer.err)
        self.assertLessEqual({kind for _, kind in kinds}, {"physical", "quantum"})
        self.assertRegex(answer.err, r"\bround_trips=\d+ .*coap_bytes_in=\d+")
        self.assertRegex(answer.err, r"handshake=[\d.]+ ms first_answer=[\d.]+ ms total=[\d.]+ ms")
        self.assertIn("type=mixed bytes=32 combined=1 simulated=no", answer.err)

    def test_json_is_one_document_with_the_account(self):
        answer = self.assertDone(self.server.get("48", "--json"))
        document = json.loads(answer.out)
        self.assertEqual(len(bytes.fromhex(document["random"])), 48)
        self.assertEqual((document["bytes"], document["type"], document["simulated"], document["combined"]), (48, "mixed", False, 1))
        server, = document["servers"]
        self.assertEqual((server["group"], server["post_quantum"], server["signature"], server["verified"]), ("ML-KEM-512", True, "ML-DSA-44", True))
        self.assertTrue(server["sources"])
        self.assertLessEqual({source["kind"] for source in server["sources"]}, {"physical", "quantum"})

    def test_every_type_and_encoding(self):
        for kind in ("direct", "mixed", "drbg"):
            self.assertEqual(len(self.assertDone(self.server.get("100", "--type", kind, "--raw")).raw), 100)
        text = self.assertDone(self.server.get("100", "--base64")).out
        self.assertTrue(text.endswith("\n"))
        self.assertEqual(len(base64.b64decode(text.strip(), validate=True)), 100)

    def test_out_is_a_private_file_that_appears_whole(self):
        path = self.folder() / "seed.bin"
        answer = self.assertDone(self.server.get("33", "--raw", "--out", path))
        self.assertEqual(answer.raw, b"")
        self.assertEqual(path.stat().st_size, 33)
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(os.listdir(path.parent), ["seed.bin"])

    def test_sources_and_doctor_are_content(self):
        report = self.server.sources()
        self.assertGreaterEqual(report["healthy"], 1)
        for source in report["sources"]:
            self.assertIn(source["kind"], ("physical", "quantum"))
            ledger = source["ledger"]
            self.assertLessEqual(ledger["full_entropy_bits_out"], ledger["assessed_bits_in"])
            self.assertLessEqual(ledger["served_bits"], ledger["full_entropy_bits_out"])
        doctor = cli("doctor", "--json", "--from", self.server.url, "--ca", self.server.ca, "--state", self.server.state)
        self.assertTrue(json.loads(self.assertDone(doctor).out)["ok"])


class Verification(Case):
    def setUp(self):
        self.server = self.serve()

    def test_another_ca_is_refused(self):
        other = self.serve()
        answer = cli("get", "32", "--from", self.server.url, "--ca", other.ca)
        self.assertFailed(answer, r"certificate|trusted")
        self.assertEqual(answer.raw, b"")

    def test_no_ca_is_refused(self):
        answer = cli("get", "32", "--from", self.server.url, "--state", self.folder())
        self.assertFailed(answer, r"--ca")
        self.assertEqual(answer.raw, b"")

    def test_insecure_must_be_typed_and_warns(self):
        answer = self.assertDone(cli("get", "32", "--from", self.server.url, "--insecure", "--verbose"))
        self.assertRegex(answer.err, r"warning: --insecure")
        self.assertIn("verified=no", answer.err)

    def test_simulated_bytes_are_marked(self):
        answer = self.assertDone(self.server.get("32", "--json"))
        self.assertIs(json.loads(answer.out)["simulated"], True)
        self.assertRegex(answer.err, r"warning: SIMULATED")

    def test_groups_of_the_client_decide(self):
        for wanted, title in (("X25519MLKEM768", "X25519MLKEM768"), ("P-256", "P-256"), ("X25519", "X25519")):
            answer = self.assertDone(self.server.get("32", "--json", "--groups", wanted))
            self.assertEqual(json.loads(answer.out)["servers"][0]["group"], title)

    def test_pq_only_refuses_a_classical_client(self):
        strict = self.serve({"coaps": {"pq_only": True}})
        self.assertDone(strict.get("32"))
        answer = self.assertFailed(strict.get("32", "--groups", "P-256", "--timeout", "5"), r"\S")
        self.assertEqual(answer.raw, b"")


class Several(Case):
    def setUp(self):
        self.servers = [self.serve({"source": [{"id": name, "type": "photon"}]}) for name in ("left", "right")]
        self.ca = self.folder() / "both.pem"
        self.ca.write_text("".join(server.ca.read_text() for server in self.servers))
        self.places = [part for server in self.servers for part in ("--from", server.url)]

    def get(self, *arguments):
        return cli("get", *arguments, *self.places, "--ca", self.ca, "--timeout", "20")

    def test_both_are_combined(self):
        document = json.loads(self.assertDone(self.get("32", "--json")).out)
        self.assertEqual(document["combined"], 2)
        self.assertEqual([[source["id"] for source in server["sources"]] for server in document["servers"]], [["left"], ["right"]])

    def test_a_dead_server_fails_the_whole(self):
        self.servers[1].stop()
        answer = self.assertFailed(self.get("32"), r"127\.0\.0\.1:%d" % self.servers[1].port)
        self.assertEqual(answer.raw, b"")

    def test_need_one_goes_on_and_says_who_was_left_out(self):
        self.servers[0].stop()
        answer = self.assertDone(self.get("32", "--need", "1", "--json"))
        self.assertEqual(json.loads(answer.out)["combined"], 1)
        self.assertRegex(answer.err, r"warning: coaps://127\.0\.0\.1:%d was left out" % self.servers[0].port)


if __name__ == "__main__":
    main()
