#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider, as built here, inside the OpenSSL 3.5 of Debian trixie, whose programs run by trixie's own loader and C library."""
import os
import pathlib
import re
import time

from harness import BIN, PATIENCE, main, need_program, run
from opensslc import RAND, SEED, ProviderCase, free_port

ROOT = pathlib.Path(os.environ.get("QEAAS_OPENSSL35", "/nonexistent")).resolve()


class OpenSSL35(ProviderCase):
    def setUp(self):
        super().setUp()
        need_program(ROOT / "usr/bin/openssl")
        libraries = next((ROOT / "usr/lib").glob("*-linux-gnu*"))
        self.loader = [next(libraries.glob("ld-linux*.so*")), "--library-path"]
        self.libraries = libraries
        self.program = [*self.loader, libraries, ROOT / "usr/bin/openssl"]

    def openssl(self, conf, *arguments):
        return run([*self.program, *arguments], env=self.env(conf), patience=PATIENCE)

    def probe(self, conf):
        return self.assertDone(run([*self.loader, self.libraries, BIN / "qeaas-openssl-probe"], env=self.env(conf))).out

    def test_it_is_that_version(self):
        self.assertRegex(self.openssl(self.home / "none", "version").out, r"^OpenSSL 3\.[5-9]")

    def test_bytes_come_from_the_service_or_not_at_all(self):
        server = self.serve()
        for random, source in ((RAND, "every byte comes from socket:"), (SEED, "seeds come from socket:.*: 80 bytes, measured")):
            conf = self.conf(server, random=random)
            self.assertEqual(len(self.assertDone(self.openssl(conf, "rand", "50000")).raw), 50000)
            said = self.probe(conf)
            self.assertRegex(said, r"ok\tsource\t" + source)
            self.assertNotRegex(said, r"(?m)^(warn|FAIL)")
            refused = self.openssl(self.conf(random=random, socket=self.home / "none.sock"), "rand", "-hex", "32")
            self.assertEqual((refused.code, refused.out), (1, ""))
            self.assertIn("is qeaasd running", refused.err)

    def test_the_traps_are_the_same(self):
        server = self.serve()
        for trap in (dict(random=SEED + "\nseed_properties = fips=yes"), dict(random="seed = QEAAS-SEED-SCR"),
                     dict(random=SEED, module="/none/qeaas-provider.so")):
            conf = self.conf(server, **trap)
            self.assertDone(self.openssl(conf, "rand", "-hex", "32"))
            self.assertRegex(self.probe(conf), r"FAIL\tsource\t")
        self.assertNotEqual(self.openssl(self.conf(module="/none/qeaas-provider.so"), "rand", "-hex", "32").code, 0)

    def test_post_quantum_handshakes(self):
        server = self.serve()
        conf = self.conf(server, random=RAND, buffer=0)
        key, certificate = self.home / "key.pem", self.home / "cert.pem"
        self.assertDone(self.openssl(conf, "req", "-x509", "-newkey", "ML-DSA-44", "-noenc", "-keyout", key, "-out", certificate, "-subj", "/CN=localhost",
                                     "-config", self.request()))
        port = free_port()
        _, log = self.start([*self.program, "s_server", "-accept", port, "-cert", certificate, "-key", key, "-quiet", "-naccept", 100000], conf)
        self.assertRegex(self.client(port, certificate, conf, log), r"X25519MLKEM768")
        for _ in range(20):
            self.client(port, certificate, conf, log)
        server.kill()
        refused = self.openssl(self.home / "none", "s_client", "-connect", f"127.0.0.1:{port}", "-brief")
        self.assertNotEqual(refused.code, 0)
        log.wait(r"is qeaasd running")

    def request(self):
        file = self.home / "req.cnf"
        file.write_text("[req]\ndistinguished_name = dn\n[dn]\n")
        return file

    def client(self, port, certificate, conf, log):
        end = time.monotonic() + PATIENCE
        while True:  # the server says nothing when it listens
            said = self.openssl(conf, "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", certificate, "-verify_return_error", "-brief")
            if said.code == 0:
                self.assertIn("Verification: OK", said.out + said.err)
                return said.out + said.err
            if "refused" not in said.err or time.monotonic() > end:
                raise AssertionError(f"{said}\n{log.text()}")

    def test_our_own_tests_pass(self):
        system = f"{self.libraries}:/usr/lib/{self.libraries.name}"
        done = run([*self.loader, system, BIN / "qeaas_provider_test", "--gtest_filter=ModuleTest.*"], env=self.env("/none"))
        self.assertRegex(self.assertDone(done).out, r"\[  PASSED  \] \d\d tests")


if __name__ == "__main__":
    main()
