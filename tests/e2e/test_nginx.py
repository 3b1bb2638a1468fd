#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three qeaasd behind nginx with the configuration of deploy/nginx: what clients see when servers die, hang, starve and come back."""
import http.client
import os
import pathlib
import re
import signal
import ssl
import subprocess
import time

from front import TYPE, FrontCase, Load, served
from harness import PATIENCE, main
from httpc import MIB, Clients, Wire, curl, request
from websocket import Socket

SECURE = {"\nset $qeaas_scheme http;": "", "#set $qeaas_scheme https;": "set $qeaas_scheme https;", "#proxy_ssl": "proxy_ssl"}  # to the servers
STUCK = {"id": "sim", "type": "photon", "seed": 7, "fault": "stuck", "fault_onset_samples": 200_000}


class Dying(FrontCase):
    def setUp(self):
        super().setUp()
        self.backends()
        self.front()

    def test_one_of_three_is_killed_under_load_and_comes_back(self):
        load = Load(self, self.port, self.ca)
        load.wait(1000)
        self.assertTrue(all(served(server) for server in self.servers), "a server had nothing to do")
        self.servers[1].kill()
        load.wait(2000)
        back = self.revive(1)
        while not served(back):
            load.wait(100)
        load.wait(500)
        load.stop()
        self.assertEqual(load.failures, [], f"of {load.done}:\n{self.log.text()[-3000:]}")
        self.assertRegex(self.log.text(), r"(refused|reset by peer|prematurely closed).*while (connecting to|reading response header from) upstream")
        print(f"{load.done} requests by 8 clients over one kill -9 and one return, none failed", flush=True)

    def test_a_server_that_hangs_is_passed_over(self):
        self.servers[2].signal(signal.SIGSTOP)
        try:
            load = Load(self, self.port, self.ca)
            load.wait(2000)
            load.stop()
        finally:
            self.servers[2].signal(signal.SIGCONT)
        self.assertEqual(load.failures, [], f"of {load.done}")

    def test_all_that_hang_are_a_503_too(self):
        for server in self.servers:
            server.signal(signal.SIGSTOP)
        try:
            answer = self.get("/v1/random?bytes=32")
        finally:
            for server in self.servers:
                server.signal(signal.SIGCONT)
        self.assertEqual((answer.status, answer.json()["title"]), (503, "unreachable"))

    def test_all_dead_is_a_quick_503_and_nothing_invented(self):
        Load(self, self.port, self.ca).wait(200)
        for server in self.servers:
            server.kill()
        for path in ("/v1/random?bytes=32", "/random_number/8", "/v1/random?bytes=1000000", "/v1/stream", "/v1/capabilities"):
            began = time.monotonic()
            answer = self.get(path)
            self.assertLess(time.monotonic() - began, 5, path)
            self.assertEqual((answer.status, answer.header("Content-Type"), answer.header("Cache-Control")), (503, "application/problem+json", "no-store"), path)
            self.assertEqual((answer.json()["title"], answer.json()["status"]), ("unreachable", 503))
            self.assertEqual(answer.header("Retry-After"), "5")
        post = self.get("/v1/entropy", "--json", '{"block_size": 32}')
        self.assertEqual((post.status, post.json()["title"]), (503, "unreachable"))
        for index in range(3):
            self.revive(index)
        end = time.monotonic() + PATIENCE
        while self.get(f"/v1/random?bytes=32&type={TYPE}").status != 200:
            self.assertLess(time.monotonic(), end)

    def test_a_download_that_is_cut_is_never_taken_for_the_whole(self):
        wires = []
        for _ in range(3):
            wire = Wire(self, f"https://localhost:{self.port}", ca=self.ca, receive_buffer=1 << 16)
            wire.send(request("/v1/random?bytes=1000000000&type=drbg"))
            status, headers = wire.head()
            self.assertEqual((status, dict(headers)["content-length"]), (200, "1000000000"))
            wire.take(MIB)
            wires.append(wire)
        self.servers[0].kill()
        cut, whole = 0, 0
        for wire in wires:
            try:
                for _ in range(64):
                    wire.take(MIB)
                whole += 1
            except AssertionError as ended:
                self.assertIn("bytes early", str(ended))
                cut += 1
            wire.close()
        self.assertEqual((cut, whole), (1, 2), "least_conn gives each server one")


class Short(FrontCase):
    """Servers that answer, and have no entropy."""

    def alarm(self, server):
        """Draws until the source is found stuck."""
        for _ in range(4000):
            answer = curl(server.http + "/v1/random?bytes=512&type=direct")
            if answer.status == 503 and answer.json()["title"] == "alarmed":
                return
            if answer.status == 503:
                time.sleep(0.005)
        self.fail("no alarm")

    def refusals(self, server):
        return int(re.search(rb'^qeaas_http_answers_total\{status="5xx"\} (\d+)$', curl(server.http + "/metrics").body, re.M).group(1))

    def test_an_alarmed_server_gets_no_client_into_trouble(self):
        self.servers = [self.backend({"source": [STUCK], "service": {"reservoir_blocks": 16}}), self.backend(), self.backend()]
        self.front()
        self.alarm(self.servers[0])
        load = Load(self, self.port, self.ca)
        load.wait(1000)
        before = self.refusals(self.servers[0])
        load.wait(3000)
        load.stop()
        self.assertEqual(load.failures, [])
        self.assertGreater(self.refusals(self.servers[0]) - before, 200, "503 is no reason to leave a server out")
        for path in ("/v1/random?bytes=100000&type=drbg", "/readyz"):
            for _ in range(6):
                self.assertEqual(self.get(path).status, 200, path)

    def test_when_all_are_short_clients_read_why(self):
        self.backends(3, {"source": [STUCK], "service": {"reservoir_blocks": 16}})
        self.front()
        for server in self.servers:
            self.alarm(server)
        answer = self.get("/v1/random?bytes=32&type=direct")
        self.assertEqual((answer.status, answer.json()["title"]), (503, "alarmed"))
        self.assertTrue(int(answer.header("Retry-After")))
        self.assertEqual(answer.header("Cache-Control"), "no-store")


class Passing(FrontCase):
    def setUp(self):
        super().setUp()
        self.backends()

    def test_answers_pass_as_they_are(self):
        self.front()
        answer = self.get(f"/v1/random?bytes=33&type={TYPE}")
        self.assertEqual((answer.status, len(answer.body), answer.header("Cache-Control"), answer.header("Entropy-Type")), (200, 33, "no-store", TYPE))
        self.assertTrue(answer.header("Entropy-Source"))
        self.assertEqual(self.get("/v1/random?bytes=zero").json()["title"], "malformed")
        self.assertEqual(self.get("/v1/entropy", "--json", '{"block_size": 0}').status, 422)
        self.assertEqual(self.get("/nowhere").status, 404)
        self.assertEqual(self.get("/v1/random", "-X", "DELETE").header("Allow"), curl("-X", "DELETE", self.servers[0].http + "/v1/random").header("Allow"))
        self.assertEqual(self.get("/metrics").status, 404)
        self.assertEqual(self.get("/openapi.json").json()["openapi"], curl(self.servers[0].http + "/openapi.json").json()["openapi"])
        self.assertIn(b"<html", self.get("/").body)
        self.assertEqual(len(self.get("/v1/random?bytes=65537&type=drbg").body), 65537)
        drawn = [self.get(f"/v1/random?bytes=16&type={TYPE}").body for _ in range(20)]
        self.assertEqual(len(set(drawn)), 20, "nothing is kept and given out again")

    def test_tokens_pass_and_addresses_do_not(self):
        self.front()
        token = Clients(self.servers[0]).token("web")
        shared = self.home / "web.token"
        shared.write_text(token + "\n")
        shared.chmod(0o600)
        for server in self.servers:
            Clients(server).run("disable", "anonymous")
        self.assertEqual({self.get("/v1/random").status for _ in range(6)}, {401})
        said = {self.get("/v1/random?type=drbg", "-H", f"Authorization: Bearer {token}").status for _ in range(6)}
        self.assertEqual(said, {200, 401}, "a token is known to the server that it was made on, and to no other")
        for server in self.servers[1:]:
            Clients(server).run("add", "web", "--token", "--key-file", shared)
        self.assertEqual({self.get("/v1/random?type=drbg", "-H", f"X-API-KEY: {token}").status for _ in range(6)}, {200})
        forged = self.get("/v1/random", "-H", "X-Forwarded-For: 192.0.2.1", "-H", "Forwarded: for=192.0.2.1")
        self.assertEqual(forged.status, 401)

    def test_an_address_has_so_many_requests_at_once(self):
        self.front(limits={"limit_conn qeaas_connections 256": "limit_conn qeaas_connections 4"})
        heads = []
        for _ in range(6):
            wire = Wire(self, f"https://localhost:{self.port}", ca=self.ca, receive_buffer=1 << 16)
            wire.send(request("/v1/random?bytes=1000000000&type=drbg"))
            heads.append(wire.head()[0])
        self.assertEqual(heads, [200] * 4 + [429] * 2)

    def test_quotas_pass_with_their_retry_time_and_are_not_repeated(self):
        for server in self.servers:
            server.change({"limits": {"identity_bytes_per_second": 100, "identity_burst_bytes": 100}})
        self.front()
        answers = [self.get("/v1/random?bytes=100&type=drbg") for _ in range(4)]
        self.assertEqual([answer.status for answer in answers].count(200), 3, "each server counts for itself")
        over = next(answer for answer in answers if answer.status == 429)
        self.assertEqual((over.json()["title"], bool(over.header("Retry-After"))), ("over_quota", True))

    def test_websockets(self):
        self.front()
        url = f"https://localhost:{self.port}"
        socket = Socket(self, url, "/v1/stream?type=drbg&frame=65536", ca=self.ca)
        self.assertEqual(len(socket.draw(8 * MIB)), 8 * MIB)
        others = [Socket(self, url, "/v1/stream?type=drbg", ca=self.ca) for _ in range(5)]
        self.assertEqual(len({other.draw(64) for other in others}), 5)
        opening = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13"]
        for origin, status in ((url, 101), ("https://elsewhere.example", 403)):
            wire = Wire(self, url, ca=self.ca)
            wire.send(request("/v1/stream", headers=[*opening, f"Origin: {origin}"], host=f"localhost:{self.port}"))
            self.assertEqual(wire.answer().status, status)
        self.assertEqual(self.get("/v1/stream").status, 426)

    def test_a_long_download_costs_nginx_neither_memory_nor_disk(self):
        self.front()
        self.pull(MIB)
        before = self.memory()
        self.pull(300 * MIB)
        slow = Wire(self, f"https://localhost:{self.port}", ca=self.ca, receive_buffer=4096)
        slow.send(request("/v1/random?bytes=1000000000&type=drbg"))
        slow.head()
        self.pull(100 * MIB)
        self.assertLess(self.memory() - before, 8 * MIB)
        files = [link for pid in self.workers() for link in map(os.readlink, self.descriptors(pid))]
        self.assertFalse([link for link in files if "/temp-" in link])
        self.assertEqual([path for folder in self.home.glob("temp-*") for path in folder.rglob("*")], [])

    def pull(self, size):
        fetch = subprocess.run(["curl", "-sS", "--cacert", str(self.ca), "-o", "/dev/null", "-w", "%{size_download}",
                                f"https://localhost:{self.port}/v1/random?bytes={size}&type=drbg"], capture_output=True, text=True, timeout=4 * PATIENCE, check=True)
        self.assertEqual(int(fetch.stdout), size)

    @staticmethod
    def descriptors(pid):
        return [path for path in pathlib.Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()]

    def memory(self):
        """Peak resident memory of the workers together."""
        return sum(int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)) * 1024 for pid in self.workers())

    def test_servers_behind_tls_are_verified(self):
        self.front(site=SECURE)
        self.assertEqual({len(self.get(f"/v1/random?bytes=40&type={TYPE}").body) for _ in range(6)}, {40})
        self.assertEqual(len(Socket(self, f"https://localhost:{self.port}", "/v1/stream?type=drbg", ca=self.ca).draw(MIB)), MIB)

    def test_a_server_of_another_ca_is_not_used(self):
        stranger = self.serve()
        self.servers = [stranger]
        self.front(site=SECURE)
        self.assertEqual((self.get("/v1/random").status, served(stranger)), (503, 0))

    def test_nothing_but_tls_13_and_no_entropy_without_the_provider(self):
        self.front()
        old = ssl.create_default_context(cafile=self.ca)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        link = http.client.HTTPSConnection("localhost", self.port, timeout=PATIENCE, context=old)
        with self.assertRaises(ssl.SSLError):
            link.request("GET", "/v1/random")
        self.own.kill()
        fresh = 0
        end = time.monotonic() + PATIENCE
        while True:  # what the workers had read ahead
            try:
                wire = Wire(self, f"https://localhost:{self.port}", ca=self.ca)
                wire.close()
                fresh += 1
            except (OSError, ssl.SSLError):
                break
            self.assertLess(time.monotonic(), end)
        self.assertLess(fresh, 2000)


if __name__ == "__main__":
    main()
