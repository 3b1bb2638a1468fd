#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the build of a device's firmware says about a CA file that is none. Needs no Zephyr."""
from device import TOP
from harness import Case, main, run

ROOTS = TOP / "zephyr" / "client" / "roots.py"


class CaFile(Case):
    def refused(self, path, expected):
        done = run(["/usr/bin/python3", ROOTS, self.folder() / "out.hpp", "ml-dsa-44", path])
        self.assertNotEqual(done.code, 0)
        self.assertIn(str(path), done.err)
        self.assertRegex(done.err, expected)
        self.assertNotIn("Traceback", done.err)

    def file(self, data):
        path = self.folder() / "ca.pem"
        path.write_bytes(data)
        return path

    def test_a_folder(self):
        self.refused(self.folder(), r"cannot be read \(Is a directory\).*must name a file")

    def test_no_file(self):
        self.refused(self.folder() / "none.pem", r"cannot be read \(No such file")

    def test_a_damaged_pem(self):
        for body in (b"MIIB", b"M!IB" * 40, b"MIIBa" * 33, b"AAAA" * 40):
            with self.subTest(body[:8]):
                self.refused(self.file(b"-----BEGIN CERTIFICATE-----\n" + body + b"\n-----END CERTIFICATE-----\n"),
                             "damaged, its base64 cannot be read|neither a PEM file with certificates nor a DER certificate")

    def test_something_else(self):
        self.refused(self.file(b"rubbish"), "neither a PEM file with certificates nor a DER certificate")


if __name__ == "__main__":
    main()
