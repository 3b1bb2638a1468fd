#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units: what systemd itself says of them (verify, security), their users and folders, and the order that they promise."""
import os
import pathlib
import re

from harness import BIN, Case, main, need_program, run

SOURCE = pathlib.Path(__file__).resolve().parents[2]
UNITS = SOURCE / "deploy" / "systemd"
MOST_EXPOSED = 20  # tenths, as systemd-analyze counts: 2.0


class Units(Case):
    def setUp(self):
        need_program("/usr/bin/systemd-analyze")
        # As `make install` writes them, with the programs of this build.
        self.place = self.folder()
        sandbox = (UNITS / "feed-sandbox.conf").read_text()
        words = {"CMAKE_INSTALL_FULL_BINDIR": str(BIN.resolve()), "CMAKE_INSTALL_FULL_DOCDIR": "/usr/share/doc/qeaas", "QEAAS_FEED_SANDBOX": sandbox}
        for unit in UNITS.glob("*.service.in"):
            (self.place / unit.stem).write_text(re.sub(r"@(\w+)@", lambda match: words[match.group(1)], unit.read_text()))
        for unit in UNITS.glob("*.socket"):
            (self.place / unit.name).write_text(unit.read_text())

    def services(self):
        return sorted(self.place.glob("*.service"))

    def test_there_are_the_units_that_the_documentation_names(self):
        self.assertEqual(sorted(unit.name for unit in self.place.iterdir()),
                         ["qeaas-feed-boot.service", "qeaas-feed.service", "qeaasd-network.socket", "qeaasd.service", "qeaasd.socket"])

    def test_systemd_finds_nothing_wrong(self):
        done = self.assertDone(run(["systemd-analyze", "verify", *sorted(self.place.iterdir())]))
        self.assertEqual((done.out, done.err), ("", ""))

    def test_systemd_understands_what_nginx_s_unit_gets(self):
        place = self.folder()
        shipped = SOURCE / "deploy" / "nginx"
        (place / "nginx.service").write_text("[Service]\nType=forking\nExecStart=/bin/true\n")
        (place / "nginx.service.d").mkdir()
        drop_in = (shipped / "nginx.service.d" / "qeaas.conf").read_text().replace("/usr/bin/qeaas", str(BIN.resolve() / "qeaas"))
        (place / "nginx.service.d" / "qeaas.conf").write_text(drop_in)
        for unit in ("qeaas-coaps-check.service", "qeaas-coaps-check.timer"):
            (place / unit).write_text((shipped / unit).read_text().replace("/etc/nginx/qeaas/coaps-check", str(shipped / "qeaas/coaps-check")))
        (place / "qeaasd.service").write_text((self.place / "qeaasd.service").read_text())
        done = self.assertDone(run(["systemd-analyze", "verify", *sorted(place.glob("*.service")), place / "qeaas-coaps-check.timer"]))
        self.assertEqual((done.out, done.err), ("", ""))

    def test_the_sandbox_is_tight(self):
        for unit in self.services():
            done = run(["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", unit])
            exposure = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", done.out)
            self.assertIsNotNone(exposure, str(done))
            print(f"{unit.name}: exposure {exposure.group(1)}", flush=True)
            self.assertEqual(done.code, 0, str(done))
            self.assertLessEqual(float(exposure.group(1)), MOST_EXPOSED / 10)

    def section(self, unit, name):
        """The lines of a section, as (key, value) pairs: systemd allows a key several times."""
        text = (self.place / unit).read_text()
        body = re.search(rf"^\[{name}\]\n(.*?)(?=^\[|\Z)", text, re.M | re.S).group(1)
        return [tuple(line.split("=", 1)) for line in body.splitlines() if "=" in line and not line.startswith("#")]

    def words(self, unit, name, key):
        return " ".join(value for found, value in self.section(unit, name) if found == key).split()

    def test_the_boot_is_fed_before_keys_are_made_and_not_held_up(self):
        unit = "qeaas-feed-boot.service"
        before = self.words(unit, "Unit", "Before")
        for service in ("ssh.service", "sshd.service", "sshd-keygen.service", "sshd-keygen.target"):
            self.assertIn(service, before)
        # After the socket alone: a server that does not come up may not keep the boot waiting.
        self.assertIn("qeaasd.socket", self.words(unit, "Unit", "After"))
        for held_up in ("qeaasd.service", "network-online.target"):
            self.assertNotIn(held_up, self.words(unit, "Unit", "After") + self.words(unit, "Unit", "Wants") + self.words(unit, "Unit", "Requires"))
        service = dict(self.section(unit, "Service"))
        self.assertIn("feed --once --timeout 5s", service["ExecStart"])
        self.assertLessEqual(int(service["TimeoutStartSec"]), 10)

    def test_only_the_feeders_have_a_capability(self):
        self.assertEqual(self.words("qeaasd.service", "Service", "CapabilityBoundingSet"), [])
        self.assertEqual(self.words("qeaas-feed-boot.service", "Service", "CapabilityBoundingSet"), ["CAP_SYS_ADMIN"])
        self.assertEqual(self.words("qeaas-feed.service", "Service", "CapabilityBoundingSet"), ["CAP_SYS_ADMIN", "CAP_SYSLOG"])
        for unit in ("qeaas-feed.service", "qeaas-feed-boot.service"):
            self.assertIn("!container", self.words(unit, "Unit", "ConditionVirtualization"))

    def test_the_server_sees_the_groups_of_its_local_peers(self):
        # In a user namespace each of them would be nogroup, and [local] groups would let nobody in.
        self.assertEqual(self.words("qeaasd.service", "Service", "PrivateUsers"), [])

    def test_the_socket_is_where_the_feeder_looks(self):
        [path] = self.words("qeaasd.socket", "Socket", "ListenStream")
        self.assertEqual(path, "/run/qeaas/entropy.sock")
        done = run([BIN / "qeaas", "feed", "--dry-run", "--once"])
        if os.geteuid() == 0 and not os.path.exists(path):
            self.assertIn(path, done.err)

    def test_the_network_sockets_are_the_built_in_addresses(self):
        listed = set(self.words("qeaasd-network.socket", "Socket", "ListenDatagram") + self.words("qeaasd-network.socket", "Socket", "ListenStream"))
        printed = run([BIN / "qeaasd", "--print-config"]).out
        built_in = set()
        for section in ("coaps", "http", "https"):
            body = re.search(rf"^#? ?\[{section}\]$(.*?)(?=^#? ?\[|\Z)", printed, re.M | re.S).group(1)
            built_in |= set(re.findall(r'"((?:127\.0\.0\.1|\[::1\]):\d+)"', body))
        self.assertEqual(listed, built_in)

    def test_the_user_and_the_folder(self):
        need_program("/usr/bin/systemd-sysusers")
        need_program("/usr/bin/systemd-tmpfiles")
        if os.geteuid() != 0:
            self.skipTest("needs root to make users in a root of its own")
        root = self.folder()
        (root / "etc").mkdir()
        self.assertDone(run(["systemd-sysusers", f"--root={root}", UNITS / "qeaas.sysusers"]))
        user = [line for line in (root / "etc" / "passwd").read_text().splitlines() if line.startswith("qeaas:")]
        self.assertEqual(len(user), 1)
        self.assertTrue(user[0].endswith(":/var/lib/qeaas:/usr/sbin/nologin"))
        self.assertDone(run(["systemd-tmpfiles", f"--root={root}", "--create", UNITS / "qeaas.tmpfiles"]))
        place = (root / "run" / "qeaas").stat()
        self.assertEqual((place.st_mode & 0o7777, place.st_uid), (0o755, int(user[0].split(":")[2])))


if __name__ == "__main__":
    main()
