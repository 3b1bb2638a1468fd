#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three qeaasd behind nginx's stream module with the configuration of deploy/nginx: which server a device reaches, and what it keeps of its
session when its port, its address, nginx or its server changes. A device's address is one of 127.0.0.0/8, which a relay gives it."""
import os
import re
import signal
import time

from front import FrontCase
from harness import BIN, PATIENCE, Roamer, environment, main, run
from httpc import Clients, curl, openssl, request
from relay import Relay

HANDSHAKES = re.compile(rb'^qeaas_handshakes_total\{transport="coaps".*\} (\d+)$', re.M)


def handshakes(server):
    """Completed handshakes of CoAPS."""
    return sum(int(count) for count in HANDSHAKES.findall(curl(server.http + "/metrics").body))


class Device:
    """A client at an address of its own, and the server that it reached."""

    def __init__(self, case, address, patience=60):
        self.relay = Relay(case, case.udp_port, address=address)
        self.case, self.patience = case, patience
        self.open()

    def open(self, patience=None):
        """A new session from where the device is now."""
        self.patience = patience or self.patience
        before, seen = self.counts(), len(self.relay.seen)
        self.session = Roamer(self.case, self.relay.port, self.case.ca, self.patience)
        answered = [datagram.to_server for datagram in self.relay.seen[seen:]].index(False)
        self.unanswered = answered - 1  # datagrams before the one that was answered
        self.get()
        self.at = [new - old for old, new in zip(before, self.counts())].index(1)

    def counts(self):
        return [0 if server.killed or index == self.case.silent else handshakes(server) for index, server in enumerate(self.case.servers)]

    def get(self):
        self.case.assertEqual(len(self.session.get()), 32)

    def move(self, address):
        self.relay.address = address
        self.relay.rebind()

    def lost(self):
        """The session answers no more: the client gives up when its patience ends."""
        with self.case.assertRaisesRegex(AssertionError, "roam: error"):
            self.session.get()


class StreamCase(FrontCase):
    stream = True
    silent = None  # a server that hangs: it is not asked for its counts

    def setUp(self):
        super().setUp()
        self.backends()

    def device_at(self, server, patience=60, subnet=1, beyond=0):
        """A device whose address leads to that server; with beyond, one of a higher address."""
        for host in range(beyond + 1, 255):
            device = Device(self, f"127.0.{subnet}.{host}", patience)
            if device.at == server:
                return device
        return self.fail(f"no address leads to server {server}")

    def address_to(self, server, subnet=2):
        return self.device_at(server, subnet=subnet).relay.address


class Coaps(StreamCase):
    """What holds with every nginx."""

    def test_addresses_spread_and_one_address_stays(self):
        self.front()
        addresses = [f"127.0.3.{host}" for host in range(1, 31)]
        at = [Device(self, address).at for address in addresses]
        self.assertEqual(set(at), {0, 1, 2}, at)
        self.assertEqual([Device(self, address).at for address in addresses], at)

    def test_a_port_that_changes_keeps_the_session(self):
        self.front()
        for device in [self.device_at(index) for index in range(3)]:
            for _ in range(3):
                device.relay.rebind()
                device.get()

    def test_an_address_that_changes_keeps_it_on_the_same_server_only(self):
        self.front()
        same, other = self.address_to(0), self.address_to(1)
        device = self.device_at(0, patience=10)
        device.move(same)
        device.get()
        device.move(other)
        device.lost()
        device.open()
        self.assertEqual(device.at, 1)

    def test_what_nginx_forgets_and_what_it_reloads_keeps_sessions(self):
        self.front(main={"error_log stderr notice": "error_log stderr info"}, coaps={"proxy_timeout 1h": "proxy_timeout 1s"})
        devices = [self.device_at(index) for index in range(3)]
        for _ in range(3):
            since = self.log.mark()
            for device in devices:
                device.get()
            self.log.wait(r"udp timed out", since)
        since = self.log.mark()
        self.nginx.send_signal(signal.SIGHUP)
        self.log.wait(r"worker process \d+ exited with code 0", since)
        for device in devices:
            device.get()

    def check(self):
        """One run of the shipped check of the servers; waits for nginx when that had it reload."""
        listed = self.etc / "qeaas/site/coaps-servers.conf"
        before, since = listed.read_text(), self.log.mark()
        path = f"{BIN.resolve()}:{os.environ['PATH']}"
        env = environment(self.home, PATH=path, QEAAS_RELOAD=f"kill -HUP {self.nginx.pid}")
        result = run([self.etc / "qeaas/coaps-check", listed, "--ca", self.ca], env=env)
        if listed.read_text() != before:
            ended = {self.log.wait(rf"(\d+)#\d+: gracefully shutting down", since).group(1)}
            while len(ended) < os.cpu_count():
                rest = "|".join(ended)
                ended.add(self.log.wait(rf" (?!(?:{rest})#)(\d+)#\d+: gracefully shutting down", since).group(1))
        return result

    def leads_elsewhere(self, devices):
        """The check takes server 1 out: its device opens a session elsewhere with its first datagram, and the others keep theirs."""
        said = self.assertDone(self.check()).err
        self.assertEqual(re.findall(r"coaps-check: (\S+) does not answer; its devices are led elsewhere", said), [f"127.0.0.1:{self.servers[1].port}"])
        devices[0].get()
        devices[2].get()
        devices[1].open()
        self.assertIn(devices[1].at, (0, 2))
        self.assertEqual(devices[1].unanswered, 0)

    def returns(self, devices):
        self.assertIn("answers again", self.assertDone(self.check()).err)
        self.assertEqual(self.assertDone(self.check()).err, "", "nothing has changed")
        self.assertEqual(Device(self, devices[1].relay.address).at, 1)
        devices[0].get()
        devices[2].get()

    def test_a_server_that_dies_is_taken_out_by_the_check_and_put_back(self):
        self.front()
        devices = [self.device_at(index) for index in range(3)]
        self.assertEqual(self.assertDone(self.check()).err, "")
        self.servers[1].kill()
        self.leads_elsewhere(devices)
        self.revive(1)
        self.returns(devices)

    def test_a_server_that_hangs_is_taken_out_by_the_check_and_put_back(self):
        self.front()
        devices = [self.device_at(index) for index in range(3)]
        self.servers[1].signal(signal.SIGSTOP)
        self.silent = 1
        try:
            self.leads_elsewhere(devices)
        finally:
            self.servers[1].signal(signal.SIGCONT)
            self.silent = None
        self.returns(devices)

    def test_the_check_leaves_a_list_alone_of_which_nobody_answers_and_what_the_operator_took_out(self):
        self.front()
        listed = self.etc / "qeaas/site/coaps-servers.conf"
        text = listed.read_text()
        first, second = (f"127.0.0.1:{server.port}" for server in self.servers[:2])
        text = text.replace(f"{first} max_fails=1 fail_timeout=30s;", f"{first} down;")
        listed.write_text(text)
        self.servers[1].kill()
        self.check()
        self.assertIn(f"{first} down;\n", listed.read_text())
        self.assertIn(f"{second} max_fails=1 fail_timeout=30s down;  # coaps-check\n", listed.read_text())
        self.servers[0].kill()
        self.servers[2].kill()
        kept = listed.read_text()
        self.assertFailed(self.check(), "no server of .* answers; nothing is changed")
        self.assertEqual(listed.read_text(), kept)
        self.assertFailed(run([self.etc / "qeaas/coaps-check"]), "usage:", 2)


class Refused(StreamCase):
    """What nginx 1.22 learns by itself, from datagrams that a server's machine refuses."""

    def test_a_server_that_dies_costs_its_devices_a_handshake(self):
        self.front()
        devices = [self.device_at(index, patience=10) for index in range(3)]
        sibling = self.device_at(1, beyond=int(devices[1].relay.address.rsplit(".", 1)[1]))
        self.servers[1].kill()
        devices[0].get()
        devices[2].get()
        devices[1].lost()
        devices[1].open(patience=60)
        self.assertIn(devices[1].at, (0, 2))
        self.assertLessEqual(devices[1].unanswered, 3, "the fourth datagram of a device goes to another server")
        sibling.open()
        self.assertIn(sibling.at, (0, 2))
        self.assertEqual(sibling.unanswered, 0, "nginx has learnt it")

    def test_a_server_that_returns_gets_its_addresses_back(self):
        self.front()
        device = self.device_at(1, patience=10)
        address = device.relay.address
        self.servers[1].kill()
        device.open(patience=60)
        self.assertNotEqual(device.at, 1)
        self.revive(1)
        end = time.monotonic() + PATIENCE
        while Device(self, address).at != 1:
            self.assertLess(time.monotonic(), end)
            time.sleep(1)  # there is no event to wait for: fail_timeout must end
        device.get()


PASS = {"#include qeaas/tls.conf;": "include qeaas/tls.conf;"}


class PassedThrough(StreamCase):
    """TLS that ends at the servers."""

    def get_through(self, *arguments):
        return curl(*arguments, f"https://localhost:{self.tls_port}/v1/random?bytes=32&type=drbg", ca=self.ca)

    def test_a_server_that_dies_is_passed_over(self):
        self.front(main=PASS)
        self.assertEqual({self.get_through().status for _ in range(6)}, {200})
        self.servers[2].kill()
        self.assertEqual({self.get_through().status for _ in range(12)}, {200})

    def test_clients_prove_themselves_to_the_servers(self):
        place = self.home
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", place / "me.key", "-out", place / "me.pem",
                "-subj", "/CN=me", "-addext", "extendedKeyUsage=clientAuth")
        for server in self.servers:
            server.change({"https": {"client_auth": ["none", "certificate"], "client_ca": str(place / "me.pem")}})
            Clients(server).run("add", "me", "--certificate", place / "me.pem")
            Clients(server).run("disable", "anonymous")
        self.front(main=PASS)
        self.assertEqual({self.get_through().status for _ in range(3)}, {401})
        me = ["--cert", place / "me.pem", "--key", place / "me.key"]
        self.assertEqual({self.get_through(*me).status for _ in range(6)}, {200})
        self.assertEqual(self.get("/v1/random", *me).status, 401, "through the HTTPS front that proof does not reach them")

    def test_a_ticket_is_good_at_its_own_server_only(self):
        self.front(main=PASS)
        ticket = self.home / "ticket"
        self.assertIn("New, TLSv1.3", self.s_client("-sess_out", ticket))
        said = [self.s_client("-sess_in", ticket) for _ in range(6)]
        self.assertTrue(all("Verification: OK" in text for text in said), said)
        self.assertEqual(len([text for text in said if "Reused, TLSv1.3" in text]), 2, "least_conn takes each of three in turn")

    def s_client(self, *arguments):
        asked = request("/v1/random?type=drbg", headers=["Connection: close"])
        done = run(["/usr/bin/openssl", "s_client", "-connect", f"localhost:{self.tls_port}", "-CAfile", self.ca, "-servername", "localhost", "-ign_eof",
                    *arguments], stdin=asked)
        self.assertIn("HTTP/1.1 200", done.out)
        return done.out


if __name__ == "__main__":
    main()
