# SPDX-License-Identifier: GPL-3.0-or-later
"""A wire of finite speed between the emulated device and the server: datagrams to the device come one at a time. QEMU's LAN9118 holds 10 kB,
and a server's flight that comes at once on loopback overruns it while the host has no time for the emulator; no radio is that fast."""
import collections
import select
import socket
import threading
import time

GAP_SECONDS = 0.02


class Wire:
    """Forwards between 127.0.0.1:port, for devices, and the server's port. The thread ends with stop()."""

    def __init__(self, port, server_port):
        self._server = ("127.0.0.1", server_port)
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(("127.0.0.1", port))
        self._devices = {}  # the socket towards the server, for each address of a device, and back
        self._waiting = collections.deque()
        self._next = 0.0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        self._stopping = True
        self._thread.join()
        for end in [self._front, *(end for end in self._devices if isinstance(end, socket.socket))]:
            end.close()

    def _upstream(self, device):
        if device not in self._devices:
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            made.connect(self._server)
            self._devices[device], self._devices[made] = made, device
        return self._devices[device]

    def _run(self):
        while not self._stopping:
            ends = [self._front, *(end for end in self._devices if isinstance(end, socket.socket))]
            for end in select.select(ends, [], [], GAP_SECONDS / 4)[0]:
                self._take(end)
            if self._waiting and time.monotonic() >= self._next:
                data, device = self._waiting.popleft()
                self._front.sendto(data, device)
                self._next = time.monotonic() + GAP_SECONDS

    def _take(self, end):
        try:
            data, sender = end.recvfrom(65536)
            if end is self._front:
                self._upstream(sender).send(data)
            else:
                self._waiting.append((data, self._devices[end]))
        except ConnectionError:  # the server is gone: the device will say so
            pass
