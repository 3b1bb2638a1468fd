#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every signature that a server can have with every size of ML-KEM: over CoAPS by our own client, over HTTPS by OpenSSL 3.5; which one a client
gets, what it refuses, and how a server that runs takes another level."""
import json
import os
import pathlib
import shutil

from harness import PATIENCE, Case, cli, main, need_program, run

GROUPS = {"MLKEM512": "ML-KEM-512", "MLKEM768": "ML-KEM-768", "MLKEM1024": "ML-KEM-1024", "X25519MLKEM768": "X25519MLKEM768",
          "SecP256r1MLKEM768": "SecP256r1MLKEM768"}
SIGNATURES = ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "P-256"]
OPENSSL35 = pathlib.Path(os.environ.get("QEAAS_OPENSSL35", "/nonexistent")).resolve()


class Levels(Case):
    def levels(self, *certificates, **more):
        return self.serve({"coaps": {"certificates": list(certificates), "groups": list(GROUPS)}, "https": {"certificates": list(certificates)}}, **more)

    def test_one_signature_with_every_group(self):
        for signature in SIGNATURES:
            server = self.levels(signature)
            for group, title in GROUPS.items():
                answer = self.assertDone(server.get("32", "--verbose", "--groups", group, "--signatures", signature))
                self.assertIn(f"group={title} signature={signature} verified=yes", answer.err)
                self.assertEqual(len(bytes.fromhex(answer.out)), 32)

    def test_a_client_gets_the_first_that_it_accepts(self):
        server = self.levels("ML-DSA-87", "ML-DSA-44", "P-256")
        for accepted, expected in (([], "ML-DSA-87"), (["ML-DSA-44,ML-DSA-87"], "ML-DSA-87"), (["ml-dsa-65,ml-dsa-44"], "ML-DSA-44"), (["ecdsa"], "P-256")):
            more = ["--signatures", *accepted] if accepted else []
            answer = self.assertDone(server.get("32", "--verbose", *more))
            self.assertIn(f"signature={expected} verified=yes", answer.err)
        answer = self.assertFailed(server.get("32", "--signatures", "ML-DSA-65"), r"no certificate that --signatures accepts")
        self.assertEqual(answer.out, "")

    def test_the_doctor_and_the_keys_name_the_level(self):
        server = self.levels("ML-DSA-65")
        found = json.loads(cli("doctor", "--json", "--from", server.url, "--ca", server.ca, "--state", server.state).out)
        checks = {one["check"]: one for one in found["checks"]}
        self.assertEqual((checks["signature"]["result"], checks["signature"]["detail"]), ("ok", "ML-DSA-65, post-quantum"))
        self.assertIn("server-mldsa65.pem", checks)
        shown = json.loads(self.assertDone(cli("keys", "--json", "--state", server.state)).out)
        self.assertEqual([(one["use"], one["algorithm"]) for one in shown["certificates"]],
                         [(use, algorithm) for use in ("CA", "server") for algorithm in ("ML-DSA-44", "P-256", "ML-DSA-65")])

    def test_a_server_that_runs_takes_another_level(self):
        server = self.serve()
        state = server.state
        old = server.folder / "old-ca.pem"
        shutil.copy(server.ca, old)
        made = json.loads(self.assertDone(cli("keys", "--json", "--state", state, "--certificates", "ML-DSA-87")).out)
        self.assertEqual(made["written"], ["ca-mldsa87.key", "ca.pem", "server-mldsa87.key", "server-mldsa87.pem"])
        distributed = server.folder / "new-ca.pem"
        shutil.copy(server.ca, distributed)
        get = ("get", "32", "--verbose", "--from", server.url, "--ca")
        self.assertIn("signature=ML-DSA-44 verified=yes", self.assertDone(cli(*get, distributed)).err)
        server.change({"coaps": {"certificates": ["ML-DSA-87"]}})
        self.assertIn("signature=ML-DSA-87 verified=yes", self.assertDone(cli(*get, distributed)).err)
        self.assertFailed(cli(*get, old), r"not signed by a trusted CA")
        self.assertEqual(distributed.read_bytes(), server.ca.read_bytes())

    def test_bad_names(self):
        self.assertFailed(cli("get", "32", "--signatures", "ML-DSA-66"), r"unknown signature algorithm 'ML-DSA-66'; known are ML-DSA-44", code=2)
        self.assertFailed(cli("keys", "--certificates", "RSA"), r"unknown signature algorithm 'RSA'", code=2)


class OpenSSL35(Case):
    """HTTPS, by a client that is not ours."""

    def setUp(self):
        need_program(OPENSSL35 / "usr/bin/openssl")
        libraries = next((OPENSSL35 / "usr/lib").glob("*-linux-gnu*"))
        self.program = [next(libraries.glob("ld-linux*.so*")), "--library-path", libraries, OPENSSL35 / "usr/bin/openssl"]

    def ask(self, server, *options):
        request = b"GET /v1/random?bytes=4 HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\nConnection: close\r\n\r\n"
        return run([*self.program, "s_client", "-connect", server.https.removeprefix("https://"), "-CAfile", server.ca, "-verify_return_error",
                    "-verify_hostname", "localhost", "-brief", "-ign_eof", *options], stdin=request, patience=PATIENCE)

    def test_every_level(self):
        for signature, shown in (("ML-DSA-44", "mldsa44"), ("ML-DSA-65", "mldsa65"), ("ML-DSA-87", "mldsa87"), ("P-256", "ecdsa_secp256r1_sha256")):
            server = self.serve({"https": {"certificates": [signature], "groups": list(GROUPS)}})
            for group in ("MLKEM768", "MLKEM1024"):
                answer = self.assertDone(self.ask(server, "-groups", group))
                said = answer.out + answer.err
                self.assertRegex(answer.out, r"\r\n\r\n[0-9a-f]{8}")
                self.assertRegex(said, f"Signature type: {shown}")
                self.assertRegex(said, f"group: {group}")
                self.assertIn("Verification: OK", said)

    def test_it_gets_what_it_knows_or_nothing(self):
        server = self.serve({"https": {"certificates": ["ML-DSA-87", "P-256"]}})
        for offered, shown in (("ecdsa_secp256r1_sha256:mldsa87", "mldsa87"), ("ecdsa_secp256r1_sha256:mldsa44", "ecdsa_secp256r1_sha256")):
            answer = self.assertDone(self.ask(server, "-sigalgs", offered))
            self.assertIn(f"Signature type: {shown}", answer.out + answer.err)
        refused = self.ask(server, "-sigalgs", "mldsa44")
        self.assertEqual((refused.code, refused.out), (1, ""))
        self.assertIn("handshake failure", refused.err)


if __name__ == "__main__":
    main()
