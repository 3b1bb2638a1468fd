# SPDX-License-Identifier: GPL-3.0-or-later
"""The paper's link, also where the kernel has netem (WHY_A_RELAY): a UDP relay on loopback that delays, jitters, loses and refuses datagrams that are too long.

One thread, which the relay owns. Each direction of each client is a queue: Wi-Fi delays a flow, it does not reorder it. All chance comes from
one seeded generator. Delays are in milliseconds and one way; what the relay itself adds is measured by echo_times and stands in the report.
"""
import collections
import dataclasses
import heapq
import random
import select
import socket
import threading
import time

IPV4_UDP = 28      # bytes of header that the MTU counts and a datagram does not show
MOST_CLIENTS = 256  # beyond that the client that has been silent longest is forgotten; its socket towards the server goes


@dataclasses.dataclass(frozen=True)
class Weather:
    """floor_ms and a gamma-distributed wait of mean jitter_ms and shape 2, for each way; loss is the chance of each datagram."""
    floor_ms: float = 0.0
    jitter_ms: float = 0.0
    loss: float = 0.0
    mtu: int = 0  # 0: any length passes

    def words(self):
        rtt = 2 * (self.floor_ms + self.jitter_ms)
        jitter = f", of which {2 * self.jitter_ms:g} ms gamma-distributed jitter" if self.jitter_ms else ""
        return f"{rtt:g} ms round trip{jitter}, {100 * self.loss:g} % loss each way" + (f", MTU {self.mtu}" if self.mtu else "")


WHY_A_RELAY = ("a relay of our own, also where the kernel has netem: netem needs root and a network namespace, and the relay's chance is seeded, so the same sequence "
               "of datagrams meets the same jitter and losses on every machine")
STILL = Weather()
PAPER = Weather(floor_ms=9, jitter_ms=3, loss=0.001)  # 24 ms round trip


def udp_socket():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
    made.bind(("127.0.0.1", 0))
    made.setblocking(False)
    return made


class Relay:
    def __init__(self, server_port, weather, seed=1):
        self._server, self.weather = ("127.0.0.1", server_port), weather
        self._chance = random.Random(seed)
        self.counts = collections.Counter()
        self._front = udp_socket()
        self.port = self._front.getsockname()[1]
        self._clients = collections.OrderedDict()  # client's address -> socket towards the server, longest silent first
        self._last_due = {}                        # (client, to the server?) -> when the datagram before leaves
        self._queue, self._number = [], 0          # heap of (when, number, socket, data, address)
        self._wake_in, self._wake_out = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self._wake_out.send(b"x")
        self._thread.join()
        for made in (self._front, self._wake_in, self._wake_out, *self._clients.values()):
            made.close()

    def _run(self):
        while True:
            wait = max(0.0, self._queue[0][0] - time.monotonic()) if self._queue else None
            ready = select.select([self._wake_in, self._front, *self._clients.values()], [], [], wait)[0]
            if self._wake_in in ready:
                return
            upstream = {made: client for client, made in self._clients.items()}
            for made in ready:
                self._drain(made, upstream.get(made))
            while self._queue and self._queue[0][0] <= time.monotonic():
                self._send(*heapq.heappop(self._queue)[2:])

    def _drain(self, made, client):
        while True:
            try:
                data, sender = made.recvfrom(65536)
            except OSError:  # nothing more
                return
            if made is self._front:
                self._pass(sender, True, self._towards_server(sender), data, self._server)
            else:
                self._pass(client, False, self._front, data, client)

    def _towards_server(self, client):
        if client not in self._clients:
            if len(self._clients) >= MOST_CLIENTS:
                forgotten, made = self._clients.popitem(last=False)
                self._last_due.pop((forgotten, True), None)
                self._last_due.pop((forgotten, False), None)
                self._queue = [entry for entry in self._queue if entry[2] is not made]
                heapq.heapify(self._queue)
                made.close()
            self._clients[client] = udp_socket()
        self._clients.move_to_end(client)
        return self._clients[client]

    def _pass(self, client, to_server, through, data, to):
        weather, chance = self.weather, self._chance
        lost = chance.random() < weather.loss
        wait = weather.floor_ms + (chance.gammavariate(2, weather.jitter_ms / 2) if weather.jitter_ms else 0)
        self.counts["passed"] += 1
        if weather.mtu and len(data) + IPV4_UDP > weather.mtu:
            self.counts["too long"] += 1
            return
        if lost:
            self.counts["lost"] += 1
            return
        due = max(time.monotonic() + wait / 1000, self._last_due.get((client, to_server), 0.0))
        self._last_due[client, to_server] = due
        if not wait:
            self._send(through, data, to)
            return
        self._number += 1
        heapq.heappush(self._queue, (due, self._number, through, data, to))

    @staticmethod
    def _send(through, data, to):
        try:
            through.sendto(data, to)
        except OSError:
            pass  # the peer has gone: lost, as in a network


class Echo:
    """Sends everything back, for calibration."""

    def __init__(self):
        self._socket = udp_socket()
        self._socket.setblocking(True)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            data, sender = self._socket.recvfrom(2048)
            if data == b"end":
                self._socket.close()
                return
            self._socket.sendto(data, sender)

    def close(self):
        with udp_socket() as made:
            made.sendto(b"end", ("127.0.0.1", self.port))


def echo_times(weather, count, seed=1):
    """Round trips in microseconds of a plain UDP echo: directly when weather is None, else through a relay with that weather. Lost ones are left out."""
    echo = Echo()
    relay = Relay(echo.port, weather, seed) if weather else None
    client = udp_socket()
    client.connect(("127.0.0.1", relay.port if relay else echo.port))
    times = []
    for number in range(count):
        client.send(number.to_bytes(4, "big") + bytes(60))
        began = time.perf_counter_ns()
        if select.select([client], [], [], 1.0)[0] and client.recv(2048)[:4] == number.to_bytes(4, "big"):
            times.append((time.perf_counter_ns() - began) / 1000)
    client.close()
    if relay:
        relay.close()
    echo.close()
    return times


def calibrate(count):
    """What the relay itself adds, and what its link gives, in words for the conditions: medians of a plain echo."""
    direct, through, slow = (sorted(echo_times(weather, number)) for weather, number in ((None, count), (STILL, count), (PAPER, max(20, count // 5))))
    middle = [times[len(times) // 2] if times else float("nan") for times in (direct, through, slow)]
    return {"relay": f"adds {middle[1] - middle[0]:.0f} µs to a round trip (median of {count} echoes: {middle[0]:.0f} µs directly, {middle[1]:.0f} µs through it)",
            "link": f"{PAPER.words()}; a plain echo takes {middle[2] / 1000:.1f} ms (median), {slow[int(0.95 * (len(slow) - 1))] / 1000:.1f} ms (p95)",
            "link by": WHY_A_RELAY}
