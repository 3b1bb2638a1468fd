# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten thousand WebSockets at once, twice: all are served, and the memory of the first ten thousand is what the second ones use."""
import os
import re
import resource
import socket

from harness import PATIENCE, Case, main
from httpc import Wire, address_of, memory
from websocket import credit, frame, handshake

WANTED = 10_000
SPARE = 200  # descriptors of the test and of the server that are no WebSockets
BATCH = 500
CLOSE = frame(8, b"\x03\xe8")


class Many(Case):
    def setUp(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # the server inherits it
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.count = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard - SPARE)
        if self.count < WANTED:
            print(f"only {self.count} WebSockets: this machine allows {hard} descriptors", flush=True)
        self.server = self.serve({"http": {"max_connections": 2 * WANTED, "max_connections_per_address": 2 * WANTED}})
        self.address = address_of(self.server.http)

    def open_batch(self, size):
        opened = [socket.create_connection(self.address, PATIENCE) for _ in range(size)]
        for one in opened:
            one.sendall(handshake("/v1/stream?type=drbg&frame=16")[1] + credit(16))
        for one in opened:
            self.read_until(one, b"\x82\x10", 16)
        return opened

    def read_until(self, one, mark, more):
        got = b""
        while mark not in got or len(got) < got.index(mark) + len(mark) + more:
            piece = one.recv(4096)
            self.assertTrue(piece, f"ended after {got!r}")
            got += piece

    def fill(self):
        """Opens them all, draws once from each, and gives the server's memory at that moment and after they are gone."""
        opened = []
        while len(opened) < self.count:
            opened += self.open_batch(min(BATCH, self.count - len(opened)))
        full = memory(self.server)
        metrics = Wire(self, self.server.http)
        self.assertIn(f"\nqeaas_http_connections {self.count + 1}\n".encode(), metrics.fetch("/metrics").body)
        for one in opened[::2]:
            one.sendall(CLOSE)
        for one in opened:
            one.close()  # every other one without a word
        while not re.search(rb"^qeaas_http_connections 1$", metrics.fetch("/metrics").body, re.M):
            pass  # each turn is a request, answered beside the closing
        self.assertEqual(len(metrics.fetch("/v1/random?bytes=1000").body), 1000)
        metrics.close()
        return full, memory(self.server)

    def test_ten_thousand(self):
        descriptors = len(os.listdir(f"/proc/{self.server.process.pid}/fd"))
        before = memory(self.server)
        first_full, first_after = self.fill()
        second_full, second_after = self.fill()
        print(f"{self.count} WebSockets: {(first_full - before) // self.count} bytes each; resident before {before >> 20} MiB, "
              f"full {first_full >> 20} and {second_full >> 20}, after {first_after >> 20} and {second_after >> 20}", flush=True)
        self.assertLess(second_full, first_full * 1.1, "what was freed is used again")
        self.assertLess(second_after - first_after, (first_full - before) / 10, "what stays does not grow from one crowd to the next")
        self.assertLess(first_after - before, (first_full - before) / 2, "most of it is back with the system")
        self.assertLessEqual(len(os.listdir(f"/proc/{self.server.process.pid}/fd")), descriptors + 2)


if __name__ == "__main__":
    main()
