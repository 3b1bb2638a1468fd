#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local Unix socket: every command by a client of its own, who is let in, restarts, quotas, JSON logs. QEMU is in test_qemu.py."""
import json
import os
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import unittest

from harness import BIN, PATIENCE, Case, Server, environment, main, merged, need_program, qeaasd, run, toml

NOBODY = 65534


class Client:
    """Speaks the protocol of docs/protocol.md and nothing else."""

    def __init__(self, case, path):
        self.socket = socket.socket(socket.AF_UNIX)
        case.addCleanup(self.socket.close)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))

    def take(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise ConnectionError(f"closed after {len(data)} of {count} bytes")
            data += part
        return data

    def ended(self):
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def level(self):
        self.socket.sendall(b"\0")
        return struct.unpack(">I", self.take(4))[0]

    def read_now(self, count):
        self.socket.sendall(bytes([1, count]))
        return self.take(self.take(1)[0])

    def read_wait(self, count):
        self.socket.sendall(bytes([2, count]))
        return self.take(count)

    def write(self, data, bits=0):
        self.socket.sendall(struct.pack(">BHB", 3, bits, len(data)) + data)

    def pid(self):
        self.socket.sendall(b"\4")
        return int(self.take(self.take(1)[0]))

    def draw(self, count, kind):
        """(code, retry, bytes, provenance in CBOR)"""
        self.socket.sendall(struct.pack(">BHB", 0x51, count, kind))
        code, retry, length, size = struct.unpack(">BBHH", self.take(6))
        return code, retry, self.take(length), self.take(size)


def as_user(uid, groups, path):
    """Asks for one byte as another user, and says what came of it: the exit code of a small program."""
    program = ("import socket, sys\n"
               "s = socket.socket(socket.AF_UNIX)\n"
               "try: s.connect(sys.argv[1])\n"
               "except PermissionError: sys.exit(13)\n"
               "try:\n"
               "  s.sendall(bytes([1, 1]))\n"
               "  sys.exit(0 if len(s.recv(2)) > 0 else 7)\n"
               "except ConnectionError: sys.exit(7)\n")
    identity = ["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]
    return run(["setpriv", "--reuid", uid, "--regid", NOBODY, *identity, sys.executable, "-c", program, path]).code


SERVED, KEPT_OUT, REFUSED = 0, 13, 7  # by the file's permissions; by the server


class Commands(Case):
    def setUp(self):
        self.server = self.serve()
        self.client = Client(self, self.server.local)

    def test_level_is_whole_blocks_in_bits(self):
        level = self.client.level()
        self.assertGreater(level, 0)
        self.assertEqual(level % 256, 0)
        self.assertLessEqual(level, 2048 * 256)

    def test_reads(self):
        self.assertEqual(self.client.read_now(0), b"")
        seen = {self.client.read_now(255), self.client.read_now(255), self.client.read_wait(255), self.client.read_wait(255)}
        self.assertEqual({len(part) for part in seen}, {255})
        self.assertEqual(len(seen), 4)
        self.assertEqual(len(self.client.read_wait(1)), 1)

    def test_what_is_written_is_answered_by_nothing_and_bytes_still_come(self):
        self.client.write(b"some noise of ours", 65535)
        self.client.write(b"")
        self.client.write(b"\xff" * 255, 2040)
        self.assertEqual(len(self.client.read_wait(32)), 32)

    def test_pid_is_the_servers(self):
        self.assertEqual(self.client.pid(), self.server.process.pid)

    def test_draws_say_where_they_came_from(self):
        for kind, name in ((0, b"direct"), (1, b"mixed"), (2, b"drbg")):
            code, retry, data, account = self.client.draw(4096, kind)
            self.assertEqual((code, retry, len(data)), (0, 0, 4096))
            # {2: name, 3: [["sim", "simulated", false]], 4: null, 5: true}
            self.assertEqual(account, b"\xa4\x02" + bytes([0x60 + len(name)]) + name + b"\x03\x81\x83\x63sim\x69simulated\xf4\x04\xf6\x05\xf5")
            self.assertGreater(len(set(data)), 200)

    def test_the_largest_and_the_impossible(self):
        self.assertEqual(len(self.client.draw(65535, 2)[2]), 65535)
        self.assertEqual(self.client.draw(0, 1), (1, 0, b"", b""))
        self.assertEqual(self.client.draw(9, 3), (1, 0, b"", b""))
        self.assertEqual(len(self.client.read_wait(5)), 5)

    def test_requests_in_one_piece_and_byte_by_byte(self):
        requests = b"\x01\x03" + b"\x03\0\0\2ab" + b"\x02\x04" + b"\x51\0\x05\x02" + b"\x04"
        pid = str(self.server.process.pid).encode()
        expected = 4 + 4 + 6 + 5 + len(b"\xa4\x02\x64drbg\x03\x81\x83\x63sim\x69simulated\xf4\x04\xf6\x05\xf5") + 1 + len(pid)
        self.client.socket.sendall(requests)
        whole = self.client.take(expected)
        self.assertTrue(whole.endswith(pid))
        for byte in requests:
            self.client.socket.sendall(bytes([byte]))
        self.assertTrue(self.client.take(expected).endswith(pid))

    def test_another_protocol_ends_the_connection(self):
        self.client.socket.sendall(b"GET / HTTP/1.1\r\n\r\n")
        self.assertTrue(self.client.ended())
        self.server.log.wait(rf"local client sent what cannot be answered uid={os.geteuid()} pid={os.getpid()}")
        self.assertEqual(len(Client(self, self.server.local).read_wait(5)), 5)

    def test_one_who_shuts_its_sending_half_gets_all_answers(self):
        self.client.socket.sendall(b"\x02\x10" * 100)
        self.client.socket.shutdown(socket.SHUT_WR)
        self.client.take(1600)
        self.assertTrue(self.client.ended())

    def test_a_blocking_read_waits_while_others_are_served(self):
        source = {"id": "sim", "type": "photon", "fault": "stuck", "fault_onset_samples": 60000}
        server = self.serve({"service": {"reservoir_blocks": 16}, "source": [source]})
        server.log.wait(r"source sim is alarmed")
        waiting, other = Client(self, server.local), Client(self, server.local)
        waiting.socket.sendall(b"\x02\x20")
        self.assertEqual(other.read_now(32), b"")
        code, retry, data, account = other.draw(32, 0)
        self.assertIn(code, (2, 3))
        self.assertTrue(1 <= retry <= 60 and not data and not account)
        self.assertEqual(other.level(), 0)
        waiting.socket.setblocking(False)
        with self.assertRaises(BlockingIOError):
            waiting.socket.recv(1)
        self.assertEqual(server.stop(), 0)  # nobody is owed anything: it ends at once
        self.assertTrue(other.ended())


class Places(Case):
    def mode(self, path):
        return stat.S_IMODE(os.lstat(path).st_mode)

    def test_mode_and_end(self):
        server = self.serve()
        self.assertEqual(self.mode(server.local), 0o660)
        self.assertRegex(server.log.text(), rf"listening on {re.escape(str(server.local))}")
        server.stop()
        self.assertFalse(server.local.exists())

    def test_a_socket_that_a_killed_server_left_is_replaced(self):
        path = str(self.folder() / "left.sock")
        first = self.serve({"local": {"path": path}})
        Client(self, path).read_wait(1)
        first.kill()
        self.assertTrue(os.path.exists(path))
        with self.assertRaises(ConnectionRefusedError):
            Client(self, path)
        self.serve({"local": {"path": path}})
        self.assertEqual(len(Client(self, path).read_wait(8)), 8)

    def refused(self, config, pattern, env=None):
        folder = self.folder()
        (folder / "qeaasd.toml").write_text(toml({**Server.DEFAULTS, **config}))
        return self.assertFailed(qeaasd("--config", folder / "qeaasd.toml", "--state", folder / "state", env=env), pattern)

    def test_a_second_server_names_the_first_and_leaves_it_alone(self):
        server = self.serve()
        self.refused({"local": {"path": str(server.local)}},
                     rf"entropy\.sock: it is served by process {server.process.pid} \(qeaasd\)\. Stop that, or choose another path in \[local\]")
        self.assertEqual(len(Client(self, server.local).read_wait(8)), 8)

    def test_a_path_that_cannot_be_had_is_an_error(self):
        folder = self.folder()
        (folder / "file").write_text("precious")
        self.refused({"local": {"path": str(folder / "none" / "e.sock")}}, r"\[local\] path: .*none.*No such file")
        self.refused({"local": {"path": str(folder / "file")}}, r"file exists and is no socket; remove it")
        self.assertEqual((folder / "file").read_text(), "precious")
        folder.chmod(0o777)
        self.refused({"local": {"path": str(folder / "e.sock")}}, r"\[local\] path: .*may be written by everybody.*chmod o-w")
        elsewhere = str(self.folder() / "e.sock")
        self.refused({"local": {"path": elsewhere, "groups": ["no-such-group"]}}, r"\[local\] groups: .*no group 'no-such-group'")

    def test_the_service_managers_folder_is_the_default(self):
        folder = self.folder()
        self.serve({"local": {"path": ""}}, env={"RUNTIME_DIRECTORY": str(folder)})
        self.assertEqual(len(Client(self, folder / "entropy.sock").read_wait(8)), 8)

    def test_a_default_place_that_cannot_be_had_is_a_warning(self):
        server = self.serve({"local": {"path": ""}}, env={"RUNTIME_DIRECTORY": "/nonexistent"})
        server.log.wait(r"warning no local socket: .*/nonexistent.*; set \[local\] path to a place .*, or \[local\] enabled = false")

    def test_it_can_be_switched_off(self):
        server = self.serve({"local": {"enabled": False}})
        self.assertFalse(server.local.exists())


@unittest.skipUnless(os.geteuid() == 0, "needs root to become other users")
class Credentials(Case):
    def setUp(self):
        need_program("/usr/bin/setpriv")
        self.place = self.folder()
        self.place.chmod(0o755)
        self.path = str(self.place / "e.sock")

    def test_the_file_keeps_others_out_and_the_server_refuses_them_too(self):
        server = self.serve({"local": {"path": self.path}})
        self.assertEqual(as_user(NOBODY, [], self.path), KEPT_OUT)
        server.stop()
        server = self.serve({"local": {"path": self.path, "mode": "0666"}})
        self.assertEqual(as_user(NOBODY, [], self.path), REFUSED)
        server.log.wait(rf"local client refused reason=\"neither root, .*\" uid={NOBODY} pid=\d+")
        self.assertEqual(len(Client(self, self.path).read_wait(1)), 1)

    def test_members_of_listed_groups_are_served(self):
        server = self.serve({"local": {"path": self.path, "groups": ["4242", "4243"], "mode": "0666"}})
        self.assertNotIn("keep out", server.log.text())
        self.assertEqual(as_user(NOBODY, [4242], self.path), SERVED)
        self.assertEqual(as_user(NOBODY, [1, 4243], self.path), SERVED)
        self.assertEqual(as_user(NOBODY, [4244], self.path), REFUSED)

    def test_with_0660_the_first_group_gets_in(self):
        server = self.serve({"local": {"path": self.path, "groups": ["4242"]}})
        self.assertEqual(os.stat(self.path).st_gid, 4242)
        self.assertEqual(as_user(NOBODY, [4242], self.path), SERVED)
        self.assertEqual(as_user(NOBODY, [], self.path), KEPT_OUT)
        self.assertNotIn("keep out", server.log.text())
        server.stop()
        server = self.serve({"local": {"path": self.path, "groups": ["4242", "4243"]}})
        server.log.wait(r"warning local\.mode 0660 keeps out members of all but the first of local\.groups")
        self.assertEqual(as_user(NOBODY, [4243], self.path), KEPT_OUT)

    def test_a_group_that_means_anybody_is_refused(self):
        for group in ("nogroup", "65534"):
            done = self.served_as([], {"local": {"path": self.path, "groups": [group], "mode": "0666"}})
            self.assertEqual(done.code, 1, str(done))
            self.assertRegex(done.err, rf"\[local\] groups: group '{group}' .* make a group for the purpose")

    def test_a_group_that_the_socket_cannot_be_given_to_is_named_with_what_to_do(self):
        theirs = self.place / "theirs"
        theirs.mkdir()
        shutil.chown(theirs, NOBODY, NOBODY)
        config = {"local": {"path": str(theirs / "e.sock"), "groups": ["4242"]}}
        done = self.served_as(["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"], config)
        self.assertEqual(done.code, 1, str(done))
        self.assertRegex(done.err, r"no member of the first of \[local\] groups.*usermod -aG GROUP USER.*mode = \"0666\"")
        hidden = ["unshare", "--user", "--map-root-user"]
        if run([*hidden, "true"]).code != 0:
            self.skipTest("no user namespaces here")
        done = self.served_as(hidden, {"local": {"path": self.path, "groups": ["4242"]}})
        self.assertEqual(done.code, 1, str(done))
        self.assertRegex(done.err, r"group 4242 of \[local\] groups does not exist in this process's user namespace \(PrivateUsers=")

    def served_as(self, prefix, config):
        """How the start of a server ends that some command begins."""
        place = self.folder()
        place.chmod(0o777)
        (place / "qeaasd.toml").write_text(toml(merged(Server.DEFAULTS, config)))
        shutil.copy(BIN / "qeaasd", place / "qeaasd")  # the build folder may be closed to others
        return run([*prefix, place / "qeaasd", "--config", place / "qeaasd.toml", "--state", place / "state"], env=environment(place))

    def test_users_of_a_group_cannot_take_all_connections(self):
        self.serve({"local": {"path": self.path, "groups": ["4242"], "max_connections": 4}})
        program = ("import socket, sys\n"
                   "held = []\n"
                   "for _ in range(4):\n"
                   "  s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); held.append(s)\n"
                   "def works(s):\n"
                   "  try: s.sendall(bytes([1, 1])); return s.recv(1) != b''\n"
                   "  except ConnectionError: return False\n"
                   "print([works(s) for s in held]); sys.stdout.flush(); sys.stdin.read()\n")
        command = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--groups", "4242", sys.executable, "-c", program, self.path]
        other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self.assertEqual(other.stdout.readline(), "[True, True, False, False]\n")
            # Another user finds one place (three quarters of four are theirs together), and the last one stays root's.
            command[command.index(str(NOBODY))] = "4444"
            second = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            try:
                self.assertEqual(second.stdout.readline(), "[True, False, False, False]\n")
                self.assertEqual(len(Client(self, self.path).read_wait(1)), 1)
            finally:
                second.communicate("")
        finally:
            other.communicate("")

    def test_not_root_without_a_session_there_is_a_warning_and_a_server(self):
        place = self.folder()
        place.chmod(0o755)
        home = place / "home"
        home.mkdir()
        shutil.chown(home, NOBODY, NOBODY)
        (place / "qeaasd.toml").write_text(toml(Server.DEFAULTS))
        binary = place / "qeaasd"  # the build folder may be closed to others
        shutil.copy(BIN / "qeaasd", binary)
        run_dir = home / "run"

        def start(env):
            process = subprocess.Popen(["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", binary, "--config",
                                        place / "qeaasd.toml", "--state", home / "state"], stderr=subprocess.PIPE, text=True, env=env)
            lines = []
            for line in process.stderr:
                lines.append(line)
                if line.endswith(" ready\n"):
                    return process, "".join(lines)
            raise AssertionError("".join(lines))

        def stop(process):
            process.send_signal(signal.SIGTERM)
            process.communicate()
            self.assertEqual(process.returncode, 0)

        process, log = start(environment(home))
        self.assertRegex(log, r"warning no local socket: neither \$RUNTIME_DIRECTORY nor \$XDG_RUNTIME_DIR says .*; set \[local\] path")
        stop(process)
        run_dir.mkdir(mode=0o700)
        shutil.chown(run_dir, NOBODY, NOBODY)
        process, log = start(environment(home, XDG_RUNTIME_DIR=str(run_dir)))
        self.assertEqual(stat.S_IMODE(os.stat(run_dir / "qeaas").st_mode), 0o700)
        self.assertEqual(len(Client(self, run_dir / "qeaas" / "entropy.sock").read_wait(4)), 4)
        stop(process)


class Quotas(Case):
    def test_local_clients_draw_on_the_identity_that_is_named(self):
        server = self.serve({"local": {"identity": "anonymous"}, "limits": {"identity_bytes_per_day": 100_000}})
        client = Client(self, server.local)
        codes = [client.draw(40_000, 2)[0] for _ in range(3)]
        self.assertEqual(codes, [0, 0, 4])
        code, retry, data, _ = client.draw(40_000, 2)
        self.assertEqual((code, data), (4, b""))
        self.assertGreater(retry, 0)
        self.assertEqual(len(client.read_now(200)), 200)  # less is still allowed

    def test_an_identity_that_is_not_there_is_served_nothing(self):
        server = self.serve({"local": {"identity": "nobody-by-this-name"}})
        client = Client(self, server.local)
        self.assertEqual(client.draw(32, 1)[0], 5)
        self.assertEqual(client.read_now(32), b"")
        client.socket.sendall(b"\x02\x01")
        self.assertTrue(client.ended())

    def test_without_one_there_is_no_quota(self):
        server = self.serve({"limits": {"identity_bytes_per_day": 1000}})
        self.assertEqual(Client(self, server.local).draw(60_000, 2)[0], 0)


class Logs(Case):
    def test_every_line_is_one_json_object(self):
        folder = self.folder()
        (folder / "qeaasd.toml").write_text(toml({**Server.DEFAULTS, "server": {"workers": 1, "log_format": "json", "log_level": "debug"},
                                                  "local": {"path": str(folder / "e.sock")}}))
        process = subprocess.Popen([BIN / "qeaasd", "--config", folder / "qeaasd.toml", "--state", folder / "state"],
                                   stderr=subprocess.PIPE, env=environment(folder))
        self.addCleanup(process.kill)
        lines = []
        for line in process.stderr:
            lines.append(json.loads(line))
            if lines[-1]["message"] == "ready":
                break
        client = Client(self, folder / "e.sock")
        secret = client.read_wait(64)
        client.socket.close()
        process.send_signal(signal.SIGTERM)
        rest = process.communicate()[1]
        lines += map(json.loads, rest.splitlines())
        for line in lines:
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertIn(line["level"], ("debug", "info", "warning", "error"))
        self.assertIn({"source": "sim", "state": "healthy"}, [{key: line.get(key) for key in ("source", "state")} for line in lines])
        left = next(line for line in lines if line["message"] == "local client left")
        self.assertEqual((left["served_bytes"], left["mixed_in_bytes"], left["pid"]), (64, 0, os.getpid()))
        for form in (secret.hex(), secret[:8].hex()):
            self.assertNotIn(form, json.dumps(lines))

    def test_a_start_that_fails_says_so_in_json_too(self):
        folder = self.folder()
        (folder / "qeaasd.toml").write_text(toml({**Server.DEFAULTS, "server": {"log_format": "json"},
                                                  "local": {"path": '/nonexistent/"x"/e.sock'}}))
        answer = qeaasd("--config", folder / "qeaasd.toml", "--state", folder / "state")
        self.assertEqual(answer.code, 1)
        last = json.loads(answer.err.splitlines()[-1])
        self.assertEqual((last["level"], last["error"]), ("error", "not_found"))
        self.assertIn('/nonexistent/"x"', last["message"])


if __name__ == "__main__":
    main()
