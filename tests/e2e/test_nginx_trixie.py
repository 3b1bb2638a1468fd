#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of deploy/nginx in Debian trixie's nginx with OpenSSL 3.5, in a root of its own: X25519MLKEM768, ML-DSA-44 beside a classical
certificate, the provider as built here, and everything that test_nginx.py and test_nginx_coaps.py ask of it."""
import os
import pathlib
import re
import shutil
import tempfile

import test_nginx
import test_nginx_coaps
from front import TYPE, FrontCase
from harness import main, need_program, run
from httpc import request
from opensslc import client_context, handshake

ROOT = pathlib.Path(os.environ.get("QEAAS_TRIXIE", "/nonexistent")).resolve()
CHROOT = "/usr/sbin/chroot"
BOTH = {"#ssl_certificate": "ssl_certificate"}


class Trixie(FrontCase):
    """nginx in the root; this test's folder is in the root's /tmp."""

    program = (CHROOT, ROOT, "/usr/sbin/nginx")

    def need(self):
        need_program(ROOT / "usr/sbin/nginx")
        if os.geteuid() != 0:
            print("SKIPPED: chroot needs root", flush=True)
            self.skipTest("chroot needs root")

    def stream_module(self):
        return pathlib.Path("/usr/lib/nginx/modules")

    def place(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="qeaas-", dir=ROOT / "tmp"))
        self.addCleanup(shutil.rmtree, folder, True)
        return folder, pathlib.Path("/") / folder.relative_to(ROOT)

    def s_client(self, *arguments):
        """What OpenSSL 3.5 says of a handshake and an answer."""
        asked = request(f"/v1/random?type={TYPE}", headers=["Connection: close"])
        done = run([CHROOT, ROOT, "/usr/bin/openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-servername", "localhost",
                    "-CAfile", self.inside / "keys/ca.pem", "-verify_return_error", "-ign_eof", *arguments], stdin=asked)
        self.assertIn("HTTP/1.1 200", done.out, str(done))
        self.assertIn("Verification: OK", done.out)
        return done.out


class PostQuantum(Trixie):
    def setUp(self):
        super().setUp()
        self.backends()

    def test_group_and_signature(self):
        self.front(site=BOTH)
        said = self.s_client()
        shown = [re.search(pattern, said).group() for pattern in (r"Negotiated TLS1.3 group: X25519MLKEM768", r"Peer signature type: mldsa44")]
        print("; ".join(shown), flush=True)
        self.assertRegex(self.s_client("-sigalgs", "ecdsa_secp256r1_sha256"), r"Peer signature type: ecdsa_secp256r1_sha256")
        self.assertRegex(self.s_client("-groups", "X25519"), r"Peer signature type: mldsa44")

    def test_curl_of_debian_12_gets_the_classical_certificate(self):
        self.front(site=BOTH)
        self.assertEqual(len(self.get(f"/v1/random?bytes=32&type={TYPE}").body), 32)

    def test_the_classical_certificate_alone(self):
        self.front()
        said = self.s_client()
        self.assertIn("Negotiated TLS1.3 group: X25519MLKEM768", said)
        self.assertIn("Peer signature type: ecdsa_secp256r1_sha256", said)

    def test_classical_clients_can_be_refused(self):
        self.front(site={**BOTH, "\nserver_name": "\nssl_ecdh_curve X25519MLKEM768;\nserver_name"})
        self.s_client()
        with self.assertRaisesRegex(AssertionError, r"handshake failure|alert"):
            self.get("/v1/random")

    def test_servers_are_reached_by_post_quantum_tls(self):
        self.front(site={**BOTH, **test_nginx.SECURE})
        for _ in range(6):
            self.assertEqual(self.get(f"/v1/random?type={TYPE}").status, 200)
        for server in self.servers:
            text = test_nginx.curl(server.http + "/metrics").body.decode()
            self.assertRegex(text, r'qeaas_handshakes_total\{transport="https",group="X25519MLKEM768",signature="ML-DSA-44"\} [1-9]')

    def test_randomness_is_the_service_s(self):
        self.front(site=BOTH)
        context = client_context(self.ca)
        randoms = {handshake(self.port, context) for _ in range(500)}
        self.assertEqual(len(randoms), 500)
        self.own.kill()
        failed = 0
        for _ in range(2000):  # what the workers had read ahead
            try:
                randoms.add(handshake(self.port, context))
            except OSError:
                failed += 1
                if failed == 50:
                    break
        self.assertEqual(failed, 50)


class Dying(Trixie, test_nginx.Dying):
    pass


class Passing(Trixie, test_nginx.Passing):
    pass


class Coaps(Trixie, test_nginx_coaps.Coaps):
    pass


if __name__ == "__main__":
    main()
