# SPDX-License-Identifier: GPL-3.0-or-later
"""A UDP relay between clients and one server that does what networks do: it loses, doubles, reorders, delays and rebinds.

All chance comes from one seeded generator. The thread belongs to the relay; tests talk to it through the methods.
"""
import collections
import random
import select
import selectors
import socket
import threading
import time

HELD_SECONDS = 0.02  # how long a datagram that is overtaken waits at most

Seen = collections.namedtuple("Seen", "to_server data")


def udp_socket(address="127.0.0.1"):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    made.bind((address, 0))
    made.setblocking(False)
    return made


class Relay:
    def __init__(self, case, server_port, seed=1, loss=0.0, duplicate=0.0, reorder=0.0, delay=0.0, address="127.0.0.1"):
        self.address = address  # what the server sees clients come from; a change is in force after rebind
        self._server = ("127.0.0.1", server_port)
        self._chance = random.Random(seed)
        self.loss, self.duplicate, self.reorder, self.delay = loss, duplicate, reorder, delay
        self.withhold = None  # a function of Seen; what it says True to is recorded and not forwarded
        self.seen, self.withheld = [], []
        self.counts = collections.Counter()
        self._lock = threading.RLock()
        self._front = udp_socket()
        self.port = self._front.getsockname()[1]
        self._upstream = {}  # client address -> socket towards the server
        self._held = []      # (when at the latest, send)
        self._selector = selectors.DefaultSelector()
        self._wake_in, self._wake_out = socket.socketpair()
        self._selector.register(self._front, selectors.EVENT_READ, None)
        self._selector.register(self._wake_in, selectors.EVENT_READ, None)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        case.addCleanup(self.close)

    def rebind(self):
        """From now on the server sees every client at another port, of self.address. Gives the ports."""
        with self._lock:
            for client, old in list(self._upstream.items()):
                self._selector.unregister(old)
                self._open(client)
                old.close()
            return [made.getsockname()[1] for made in self._upstream.values()]

    def to_server(self):
        with self._lock:
            return [seen.data for seen in self.seen if seen.to_server]

    def close(self):
        if self._stopping:
            return
        self._stopping = True
        self._wake_out.send(b"x")
        self._thread.join()
        for made in [self._front, self._wake_in, self._wake_out, *self._upstream.values()]:
            made.close()
        self._selector.close()

    def _open(self, client):
        made = udp_socket(self.address)
        self._upstream[client] = made
        self._selector.register(made, selectors.EVENT_READ, client)
        return made

    def _run(self):
        while not self._stopping:
            with self._lock:
                next_due = min((when for when, _ in self._held), default=None)
            wait = None if next_due is None else max(0.0, next_due - time.monotonic())
            ready = self._selector.select(wait)
            with self._lock:
                for key, _ in ready:
                    if key.fileobj is not self._wake_in:
                        self._drain(key.fileobj, key.data)
                self._release(time.monotonic())

    def _drain(self, from_socket, client):
        while True:
            try:
                data, sender = from_socket.recvfrom(65536)
            except OSError:  # nothing more, or rebound meanwhile
                return
            if from_socket is self._front:
                upstream = self._upstream.get(sender) or self._open(sender)
                self._pass(Seen(True, data), upstream, self._server)
            else:
                self._pass(Seen(False, data), self._front, client)

    def _pass(self, seen, through, to):
        self.seen.append(seen)
        if self.withhold and self.withhold(seen):
            self.withheld.append(seen)
            return
        chance = self._chance
        if chance.random() < self.loss:
            self.counts["lost"] += 1
            return
        copies = 1
        if chance.random() < self.duplicate:
            self.counts["doubled"] += 1
            copies = 2
        for _ in range(copies):
            if self.delay or chance.random() < self.reorder:
                self.counts["held"] += 1
                self._held.append((time.monotonic() + self.delay + chance.random() * HELD_SECONDS, (through, seen.data, to)))
            else:
                self._send(through, seen.data, to)

    def _release(self, now):
        due = sorted((entry for entry in self._held if entry[0] <= now), key=lambda entry: entry[0])
        self._held = [entry for entry in self._held if entry[0] > now]
        for _, (through, data, to) in due:
            self._send(through, data, to)

    @staticmethod
    def _send(through, data, to):
        try:
            through.sendto(data, to)
        except OSError:
            pass  # the peer has gone, or the path was rebound: lost, as in a network


class Stranger:
    """Somebody else's socket, from which datagrams are sent that are not the sender's."""

    def __init__(self, case, port):
        self.socket = udp_socket()
        self.socket.connect(("127.0.0.1", port))
        case.addCleanup(self.socket.close)

    def send(self, data):
        self.socket.send(data)

    def answers(self, at_least=0, patience=20):
        """What has arrived so far. Ask after a later request of somebody else was answered: a worker works in order. Where several
        workers may answer, at_least says how many answers to wait for."""
        got = []
        end = time.monotonic() + patience
        while len(got) < at_least and time.monotonic() < end:
            if select.select([self.socket], [], [], end - time.monotonic())[0]:
                got.append(self.socket.recv(65536))
        while True:
            try:
                got.append(self.socket.recv(65536))
            except BlockingIOError:
                return got


def is_protected(datagram):
    """True for a record with the unified header of RFC 9147 section 4: encrypted, with or without a connection ID."""
    return bool(datagram) and datagram[0] & 0xe0 == 0x20


def is_application_data(datagram):
    """True for a protected record of an epoch whose number ends in binary 11, as that of the first application keys does (epoch 3)."""
    return is_protected(datagram) and datagram[0] & 0x03 == 0x03


def has_connection_id(datagram):
    return bool(datagram) and datagram[0] & 0xf0 == 0x30
