# SPDX-License-Identifier: GPL-3.0-or-later
"""What whoever runs the server relies on: signals, readiness, reload, and nothing secret where it does not belong."""
import base64
import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import time
import unittest

from coap import BLOCK2, Client, uint
from harness import BIN, PATIENCE, PHOTON, Case, Log, Server, cli, environment, main, toml

PLAIN = {"coap": {"enabled": True, "listen": ["127.0.0.1:0"]}}


class WithoutIpv6(Case):
    LOOPBACK = "ip link set lo up && sysctl -qw net.ipv6.conf.lo.disable_ipv6=1"

    def start(self, config):
        isolated = ["unshare", "--net", "sh", "-c"]
        if subprocess.run([*isolated, self.LOOPBACK], capture_output=True, check=False).returncode != 0:
            print("SKIPPED: no network namespace can be made here", flush=True)
            raise unittest.SkipTest("no network namespace can be made here")
        folder = self.folder()
        (folder / "qeaasd.toml").write_text(toml({**config, "local": {"enabled": False}, "source": [PHOTON]}))
        command = f"{self.LOOPBACK} && exec {BIN / 'qeaasd'} --config {folder / 'qeaasd.toml'} --state {folder / 'state'}"
        process = subprocess.Popen([*isolated, command], stderr=subprocess.PIPE, text=True, env=environment(folder))
        self.addCleanup(process.wait, PATIENCE)
        self.addCleanup(process.terminate)
        log = Log(process.stderr)
        log.wait(r" ready$")
        return log

    def test_the_built_in_addresses_do_not_need_it(self):
        log = self.start({})
        for section, address in (("coaps", "127.0.0.1:5684"), ("http", "http://127.0.0.1:6065"), ("https", "https://127.0.0.1:6066")):
            self.assertRegex(log.text(), rf"\[{section}\] listen \[::1\]:\d+ is left out: this machine has no IPv6")
            self.assertIn(f"listening on {address}", log.text())

    def test_neither_does_every_address_of_both_families(self):
        log = self.start({section: {"listen": ["0.0.0.0:0", "[::]:0"]} for section in ("coaps", "https")})
        for section in ("coaps", "https"):
            self.assertRegex(log.text(), rf"\[{section}\] listen \[::\]:0 is left out: this machine has no IPv6")


class Stopping(Case):
    def test_sigterm_and_sigint_end_with_zero(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.serve()
            server.signal(number)
            self.assertEqual(server.process.wait(PATIENCE), 0)
            server.log.join()
            self.assertRegex(server.log.text(), r"info draining")
            self.assertRegex(server.log.text(), r"ledger sim: assessed_in=\d+ full_out=\d+ served=\d+ bits\Z")

    def test_a_transfer_under_way_is_finished_and_nobody_new_is_let_in(self):
        server = self.serve({**PLAIN, "server": {"drain_seconds": 60}})
        old = Client(self, server.plain_port)
        query = ["n=20000", "t=drbg"]
        body = old.prove(query=query).payload
        server.signal(signal.SIGTERM)
        server.log.wait("draining")
        # A worker works in order: when the old client has its block, the new one's request has been looked at.
        while len(body) < 20000:
            new = Client(self, server.plain_port)
            new.send(new.make(query=["n=8"]))
            answer = old.request(query=query, options=[(BLOCK2, uint(len(body) // 1024 << 4 | 6))])
            self.assertEqual(answer.code_text, "2.05")
            body += answer.payload
        self.assertEqual(server.process.wait(PATIENCE), 0)
        new.socket.setblocking(False)
        with self.assertRaises((BlockingIOError, ConnectionRefusedError)):
            new.receive()

    def test_draining_has_an_end(self):
        server = self.serve({**PLAIN, "server": {"drain_seconds": 1}})
        Client(self, server.plain_port).prove(query=["n=5000", "t=drbg"])
        server.signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(PATIENCE), 0)

    def test_who_asks_twice_is_not_punished(self):
        server = self.serve()
        server.signal(signal.SIGTERM)
        server.log.wait(r"draining")
        while server.process.poll() is None:
            server.signal(signal.SIGTERM)
            time.sleep(0.002)
        self.assertEqual(server.process.returncode, 0)

    def test_identities_keys_and_roots_outlive_the_process(self):
        first = self.serve()
        roots = first.ca.read_bytes()
        first.stop()
        second = Server(self, state=first.state)
        self.assertEqual(second.ca.read_bytes(), roots)
        self.assertNotIn("wrote ", second.log.text())
        self.assertDone(second.get("32"))


class Readiness(Case):
    def setUp(self):
        folder = self.folder()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.settimeout(PATIENCE)
        self.path = str(folder / "notify")

    def states(self, name):
        server = self.serve(env={"NOTIFY_SOCKET": name})
        self.assertEqual(self.manager.recv(1024), b"READY=1")
        self.assertDone(server.get("32"))
        server.signal(signal.SIGHUP)
        self.assertTrue(self.manager.recv(1024).startswith(b"RELOADING=1"))
        self.assertEqual(self.manager.recv(1024), b"READY=1")
        server.signal(signal.SIGTERM)
        self.assertEqual(self.manager.recv(1024), b"STOPPING=1")
        server.stop()

    def test_a_socket_in_the_file_system(self):
        self.manager.bind(self.path)
        self.states(self.path)

    def test_an_abstract_socket(self):
        self.manager.bind("\0qeaas-e2e-" + os.path.basename(os.path.dirname(self.path)))
        self.states("@" + self.manager.getsockname()[1:].decode())


class Reload(Case):
    def test_limits(self):
        server = self.serve()
        for _ in range(3):
            self.assertDone(server.get("64"))
        server.change({"limits": {"identity_bytes_per_second": 1, "identity_burst_bytes": 64}})
        self.assertDone(server.get("64"))
        self.assertFailed(server.get("64", "--retry", "0"), r"4\.29")
        server.change({"limits": {"identity_bytes_per_second": 0, "identity_burst_bytes": 0}})
        self.assertDone(server.get("64"))

    def test_a_bad_file_changes_nothing_and_is_told(self):
        server = self.serve()
        server.change({"limits": {"identity_bytes_per_second": "many"}}, expect="reload failed")
        self.assertRegex(server.log.text(), r"error reload failed, the old settings stay: .*qeaasd\.toml:\d+:\d+: ")
        self.assertDone(server.get("32"))

    def test_certificates(self):
        server = self.serve({"coaps": {"listen": ["127.0.0.1:0", "127.0.0.2:0"]}})
        there = ["get", "32", "--from", f"coaps://127.0.0.2:{server.ports[1]}", "--ca", server.ca]
        self.assertFailed(cli(*there), r"127\.0\.0\.2")
        made = json.loads(self.assertDone(cli("keys", "--state", server.state, "--san", "127.0.0.2", "--json")).out)
        self.assertIn("127.0.0.2", made["names"])
        self.assertIn("server-mldsa44.pem", made["written"])
        self.assertFailed(cli(*there), r"127\.0\.0\.2")
        server.change({})
        self.assertDone(cli(*there))
        self.assertDone(server.get("32"))

    def test_renewed_certificates_and_open_sessions(self):
        server = self.serve()
        before = json.loads(self.assertDone(cli("keys", "--state", server.state, "--json")).out)
        after = json.loads(self.assertDone(cli("keys", "--renew", "--state", server.state, "--json")).out)
        for old, new in zip(before["certificates"], after["certificates"]):
            self.assertEqual(old["spki_sha256"], new["spki_sha256"], "the same keys")
            self.assertEqual(old["sha256"] == new["sha256"], new["use"] == "CA", "new leaves under the same CA")
        server.change({})
        self.assertDone(server.get("32"))


class Secrecy(Case):
    def test_no_byte_of_an_answer_is_logged(self):
        server = self.serve({**PLAIN, "server": {"log_level": "debug"}})
        answers = [self.assertDone(server.get("32", "--raw", "--type", kind)).raw for kind in ("direct", "mixed", "drbg") for _ in range(3)]
        answers.append(Client(self, server.plain_port).prove(query=["n=64"]).payload)
        server.get("65536", "--groups", "nonsense")
        server.stop()
        log = server.log.text()
        for answer in answers:
            for piece in (answer[:4], answer[-4:]):
                self.assertNotIn(piece.hex(), log.lower())
            self.assertNotIn(base64.b64encode(answer[:6]).decode(), log)

    def test_files_of_the_state_folder_are_private(self):
        server = self.serve()
        self.assertDone(server.get("32"))
        self.assertEqual(stat.S_IMODE(server.state.stat().st_mode), 0o700)
        names = {path.name for path in server.state.iterdir()}
        self.assertLessEqual({"ca.pem", "ca-mldsa44.key", "ca-p256.key", "server-mldsa44.key", "server-p256.key", "server-mldsa44.pem",
                              "server-p256.pem", "access.db"}, names)
        for path in server.state.iterdir():
            if path.suffix in (".key", ".seed") or path.name.startswith("access.db"):
                self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)

    def test_core_dumps_are_off(self):
        server = self.serve()
        limits = pathlib.Path(f"/proc/{server.process.pid}/limits").read_text(encoding="ascii")
        self.assertRegex(limits, r"Max core file size +0 +0 ")

    def test_plain_coap_is_off_by_default_and_warns_when_on(self):
        silent = self.serve()
        self.assertEqual(len(silent.ports), 1)
        self.assertNotRegex(silent.log.text(), r"(?i)plain CoAP")
        loud = self.serve(PLAIN)
        self.assertRegex(loud.log.text(), r"(?i)warning .*plain coap")

    def test_every_name_of_the_loopback_verifies(self):
        text = self.assertDone(cli("keys", "--state", self.folder() / "state", "--json")).out
        self.assertLessEqual({"localhost", "127.0.0.1", "::1"}, set(json.loads(text)["names"]))
        server = self.serve({"coaps": {"listen": ["127.0.0.1:0", "[::1]:0"]}})
        self.assertDone(cli("get", "32", "--from", f"coaps://[::1]:{server.ports[1]}", "--ca", server.ca))
        self.assertDone(cli("get", "32", "--from", f"coaps://localhost:{server.port}", "--ca", server.ca))


if __name__ == "__main__":
    main()
