# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers that are measured: a qeaasd with one group and one certificate that is its own HTTP origin, and libcoap's example server.
Each has a folder of its own and is stopped by its process."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import conditions
from configurations import CERTIFICATES, GROUPS
from reasons import NotHere, Unavailable

PATIENCE = 60  # seconds for a start, on a busy machine
PSK_NAME = "bench"


def free_port(kind):
    """A port that nobody has, for what must be known before the server runs."""
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Process:
    """A process of ours whose words go to a file."""

    def __init__(self, words, log, ready):
        self.log = pathlib.Path(log)
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        end = time.monotonic() + PATIENCE
        while not re.search(ready, self.text(), re.M):
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                said = self.text().strip().replace(f"{self.log.parent}/", "")[-300:]
                raise Unavailable(f"{pathlib.Path(words[0]).name} did not start: {said}")
            time.sleep(0.02)

    def text(self):
        return self.log.read_text(errors="replace")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


class Qeaasd(Process):
    """One worker; RDSEED where the machine has it, else every physical source. configuration says group and certificate; plain CoAP if it
    has none. The proxy may fetch from this very server's HTTP side, as the paper's fetches from the API beside it."""

    def __init__(self, binaries, folder, configuration, mtu=1280):
        self.binaries, self.folder = pathlib.Path(binaries), pathlib.Path(folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.configuration, self.state = configuration, self.folder / "state"
        self.http_port = free_port(socket.SOCK_STREAM)
        path = self.folder / "qeaasd.toml"
        path.write_text(self._toml(mtu))
        super().__init__([self.binaries / "qeaasd", "--config", path, "--state", self.state], self.folder / "log", r" ready$")
        listening = re.search(r"listening on 127\.0\.0\.1:(\d+)$", self.text(), re.M)
        if listening is None:
            self.stop()
            raise Unavailable(f"qeaasd names no port: {self.text()[-300:]}")
        self.port = int(listening.group(1))

    def _toml(self, mtu):
        one = self.configuration
        flags = conditions.text_of("/proc/cpuinfo")
        source = '[[source]]\nid = "rdseed"\ntype = "rdseed"\n' if re.search(r"\brdseed\b", flags) else ""
        groups = json.dumps([GROUPS[one.group]] if one.group else ["MLKEM512"])
        certificates = json.dumps([CERTIFICATES[one.signature]] if one.signature else ["ML-DSA-44"])
        listen = 'listen = ["127.0.0.1:0"]'
        return (f'[server]\nworkers = 1\n[local]\nenabled = false\n[https]\nenabled = false\n[http]\nlisten = ["127.0.0.1:{self.http_port}"]\n'
                f'[proxy]\norigins = ["{self.origin}"]\nplain_coap = true\n'
                f'[coap]\nenabled = {"false" if one.group else "true"}\n{listen}\n'
                f'[coaps]\nenabled = {"true" if one.group else "false"}\n{listen}\ngroups = {groups}\ncertificates = {certificates}\n'
                f'client_auth = ["none", "psk"]\nmtu = {mtu}\n{source}')

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def proxy_uri(self):
        """What the paper asks its proxy for."""
        return f"{self.origin}/random_number/8"

    @property
    def ca(self):
        return self.state / "ca.pem"

    def url(self, port=None):
        return f"{'coaps' if self.configuration.group else 'coap'}://127.0.0.1:{port or self.port}"

    def add_psk(self):
        """ID:FILE of a client with a pre-shared key, known to the running server."""
        key = self.folder / "psk.key"
        since = len(self.text())
        done = subprocess.run([self.binaries / "qeaas", "clients", "add", PSK_NAME, "--psk", "--out", key, "--state", self.state],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise Unavailable(f"qeaas clients add: {done.stdout.strip()[-200:]}")
        end = time.monotonic() + PATIENCE
        while "identities" not in self.text()[since:] and time.monotonic() < end:
            time.sleep(0.05)
        return f"{PSK_NAME}:{key}"


class Libcoap(Process):
    """libcoap's example server on wolfSSL, with a certificate that a qeaasd has made. It listens for plain CoAP on port and for DTLS on port + 1."""

    def __init__(self, folder, state, signature):
        program = conditions.cache() / "current" / "libcoap" / "bin" / "coap-server"
        if not os.access(program, os.X_OK):
            raise Unavailable(NotHere("libcoap is not built; scripts/setup --peers builds it"))
        stem = state / {"ECDSA": "server-p256", "ML-DSA-44": "server-mldsa44"}[signature]
        self.ca = state / "ca.pem"
        plain = self._two_ports()
        self.port = plain + 1
        super().__init__([program, "-A", "127.0.0.1", "-p", plain, "-n", "-v", "3", "-c", f"{stem}.pem", "-j", f"{stem}.key"], folder / "libcoap.log", r"^")
        self._wait_until_it_listens()

    @staticmethod
    def _two_ports():
        for _ in range(100):
            port = free_port(socket.SOCK_DGRAM)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second:
                try:
                    second.bind(("127.0.0.1", port + 1))
                    return port
                except OSError:
                    continue
        raise Unavailable("no two free ports beside each other")

    def _wait_until_it_listens(self):
        """It says nothing when it is ready; the kernel knows who listens."""
        wanted = f":{self.port:04X} "
        end = time.monotonic() + PATIENCE
        while wanted not in conditions.text_of("/proc/net/udp"):
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise Unavailable(f"libcoap's server did not start: {self.text()[-200:]}")
            time.sleep(0.05)

    def url(self, port=None):
        return f"coaps://127.0.0.1:{port or self.port}"
