#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Socket activation: qeaasd serves the sockets that a service manager opened, and says what is wrong with those that it cannot serve."""
import os
import re
import signal
import socket
import subprocess
import unittest
import urllib.request

from harness import BIN, PATIENCE, PHOTON, Case, Log, cli, environment, main, merged, toml
from test_local import KEPT_OUT, NOBODY, REFUSED, SERVED, Client, as_user


def internet(kind, address="127.0.0.1:0", reuse=False):
    opened = socket.socket(socket.AF_INET, kind)
    if reuse:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    host, port = address.rsplit(":", 1)
    opened.bind((host, int(port)))
    if kind == socket.SOCK_STREAM:
        opened.listen()
    return opened, f"127.0.0.1:{opened.getsockname()[1]}"


class Activated(Case):
    def start(self, sockets, config):
        """A qeaasd with these sockets as descriptors 3, 4, ..., as systemd passes them."""
        folder = self.folder()
        off = {"coaps": {"enabled": False}, "http": {"enabled": False}, "https": {"enabled": False}, "local": {"enabled": False}}
        merged_config = merged(merged({"server": {"workers": 1}, "source": [PHOTON]}, off), config)
        (folder / "qeaasd.toml").write_text(toml(merged_config))
        # Far away first: a number below 3 + n may be one of those that are to be passed.
        moves = " ".join(f"{50 + i}<&{one.fileno()}" for i, one in enumerate(sockets))
        places = " ".join(f"{3 + i}<&{50 + i} {50 + i}<&-" for i in range(len(sockets)))
        script = f"exec {moves}; exec {places}; export LISTEN_PID=$$ LISTEN_FDS={len(sockets)}; exec \"$@\""
        process = subprocess.Popen(["bash", "-c", script, "bash", BIN / "qeaasd", "--config", folder / "qeaasd.toml", "--state", folder / "state"],
                                   stderr=subprocess.PIPE, text=True, env=environment(folder), pass_fds=[one.fileno() for one in sockets])
        log = Log(process.stderr)

        def stop(ask=True):
            if ask and process.poll() is None:
                process.send_signal(signal.SIGTERM)
            code = process.wait(PATIENCE)
            log.join()
            return code
        self.addCleanup(stop)
        return folder, log, stop

    def test_tcp_udp_and_the_local_socket(self):
        http, http_at = internet(socket.SOCK_STREAM)
        coaps, coaps_at = internet(socket.SOCK_DGRAM)
        path = self.folder() / "entropy.sock"
        local = socket.socket(socket.AF_UNIX)
        local.bind(str(path))
        local.listen()
        with http, coaps, local:
            folder, log, stop = self.start([http, coaps, local], {
                "http": {"enabled": True, "listen": [http_at]}, "coaps": {"enabled": True, "listen": [coaps_at]},
                "local": {"enabled": True, "path": ""}})
            log.wait(r" ready$")
            with urllib.request.urlopen(f"http://{http_at}/v1/random?bytes=32", timeout=PATIENCE) as answer:
                self.assertEqual(len(answer.read()), 32)
            self.assertEqual(len(Client(self, path).read_wait(16)), 16)
            self.assertDone(cli("get", "32", "--from", f"coaps://{coaps_at}", "--ca", folder / "state" / "ca.pem"))
            self.assertEqual(stop(), 0)
            self.assertTrue(path.exists())  # it is the manager's
            # Whoever comes while the server is away waits in the manager's queue, and is served by the next one.
            waiting = Client(self, path)
            waiting.socket.sendall(b"\x02\x20")
            _, log, _ = self.start([local], {"local": {"enabled": True, "path": str(path)}})
            log.wait(r" ready$")
            self.assertEqual(len(waiting.take(32)), 32)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become other users")
    def test_whom_the_managers_file_keeps_out_is_said_and_they_are_served_when_it_does_not(self):
        """As nginx's workers (www-data) with qeaasd.socket: first as the unit is shipped, then with the drop-in of docs/operate.md."""
        place = self.folder()
        place.chmod(0o755)
        path = place / "entropy.sock"
        config = {"local": {"enabled": True, "path": str(path), "groups": ["4242"]}}
        local = socket.socket(socket.AF_UNIX)
        local.bind(str(path))
        local.listen()
        path.chmod(0o660)
        with local:
            _, log, stop = self.start([local], config)
            log.wait(r"warning \[local\] groups: the mode and the group of .*entropy\.sock keep out members of 4242\. The service manager made it.*"
                     r"SocketGroup=.*SocketMode=0666.*systemctl edit qeaasd\.socket")
            log.wait(r" ready$")
            self.assertEqual(as_user(NOBODY, [4242], path), KEPT_OUT)
            self.assertEqual(stop(), 0)
            for mode, group in ((0o660, 4242), (0o666, 0)):
                os.chown(path, 0, group)
                path.chmod(mode)
                _, log, stop = self.start([local], config)
                log.wait(r" ready$")
                self.assertNotIn("keep out", log.text())
                self.assertEqual(as_user(NOBODY, [4242], path), SERVED)
                self.assertEqual(as_user(NOBODY, [4243], path), KEPT_OUT if mode == 0o660 else REFUSED)
                self.assertEqual(stop(), 0)

    def test_one_tcp_socket_serves_every_worker_and_udp_needs_one_for_each(self):
        http, http_at = internet(socket.SOCK_STREAM)
        first, coaps_at = internet(socket.SOCK_DGRAM, reuse=True)
        second, _ = internet(socket.SOCK_DGRAM, coaps_at, reuse=True)
        config = {"server": {"workers": 2}, "http": {"enabled": True, "listen": [http_at]}, "coaps": {"enabled": True, "listen": [coaps_at]}}
        with http, first, second:
            folder, log, stop = self.start([http, first, second], config)
            log.wait(r" ready$")
            for _ in range(8):
                with urllib.request.urlopen(f"http://{http_at}/healthz", timeout=PATIENCE) as answer:
                    self.assertEqual(answer.status, 200)
                self.assertDone(cli("get", "32", "--from", f"coaps://{coaps_at}", "--ca", folder / "state" / "ca.pem"))
            self.assertNotIn("workers serve", log.text())
            self.assertEqual(stop(), 0)
        lone, coaps_at = internet(socket.SOCK_DGRAM)
        config["coaps"]["listen"] = [coaps_at]
        with lone:
            folder, log, _ = self.start([lone], {"server": {"workers": 2}, "coaps": config["coaps"]})
            log.wait(r"warning 1 of 2 workers serve 127\.0\.0\.1:\d+: to have all of them do, pass 2 sockets")
            log.wait(r" ready$")
            for _ in range(4):
                self.assertDone(cli("get", "32", "--from", f"coaps://{coaps_at}", "--ca", folder / "state" / "ca.pem"))

    def refused(self, sockets, config, pattern):
        _, log, stop = self.start(sockets, config)
        log.wait(pattern)
        self.assertEqual(stop(ask=False), 1)

    def test_what_nobody_listens_for_is_named(self):
        http, at = internet(socket.SOCK_STREAM)
        with http:
            self.refused([http], {}, rf"the service manager passed a socket at TCP {re.escape(at)}, where no section of the configuration listens")

    def test_what_cannot_be_served_is_named(self):
        with open("/dev/null", "rb") as null:
            self.refused([null], {}, "descriptor 3 of the service manager is no socket")
        first, at = internet(socket.SOCK_DGRAM, reuse=True)
        second, _ = internet(socket.SOCK_DGRAM, at, reuse=True)
        with first, second:
            self.refused([first, second], {"coaps": {"enabled": True, "listen": [at]}}, "more sockets at .* than there are workers")


if __name__ == "__main__":
    main()
