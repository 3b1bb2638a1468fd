# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample of zephyr/ as a process: native_sim, or mps2/an385 in QEMU, driven through its shell. And a CoAP server that lies."""
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import threading
import time
import unittest

import coap
from harness import BIN, Case, Log, PATIENCE, merged, run
from relay import is_protected

TOP = pathlib.Path(__file__).resolve().parents[2]
OUT = TOP / "build" / "zephyr"
TOOL = TOP / "scripts" / "zephyr"
SAMPLE = TOP / "zephyr" / "samples" / "qeaas_client"
NATIVE, MPS2 = "native_sim/native/64", "mps2/an385"
QEMU = "/usr/bin/qemu-system-arm"
N = 32  # CONFIG_QEAAS_CLIENT_BYTES
SEEDED = "the pool is seeded: drew 32 bytes"


def skip(why):
    print(f"SKIPPED: {why}", flush=True)
    raise unittest.SkipTest(why)


def need_zephyr():
    if not os.environ.get("ZEPHYR_BASE"):
        skip("ZEPHYR_BASE is not set; it names a Zephyr tree (docs/zephyr.md)")


def authority():
    """A state folder whose CA the firmware trusts. It stays from run to run, so that the firmware needs no new build."""
    folder = OUT / "e2e" / "state"
    if not all((folder / name).exists() for name in ("ca.pem", "ca-mldsa65.key", "ca-mldsa87.key")):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = run([BIN / "qeaas", "keys", "--state", folder, "--san", "10.0.2.2", "--certificates", "ML-DSA-65,ML-DSA-87"])
        if made.code != 0:
            raise AssertionError(f"qeaas keys: {made}")
    return folder


def state_copy(case):
    """The keys of authority(), for one server."""
    folder = case.folder() / "state"
    shutil.copytree(authority(), folder)
    return folder


_built = {}


def firmware(board, name, *options):
    """The folder of a build of the sample; built once in a run."""
    if board == MPS2 and not (os.access(QEMU, os.X_OK) and os.access("/usr/bin/arm-none-eabi-gcc", os.X_OK)):
        skip("qemu-system-arm or gcc-arm-none-eabi is not installed")
    out = OUT / "e2e" / f"{name}-{board.split('/', maxsplit=1)[0]}"
    if out not in _built:
        command = [TOOL, "build", SAMPLE, board, out, f"-DEXTRA_CONF_FILE={TOP / 'tests/e2e/zephyr.conf'}", *options]
        _built[out] = subprocess.run([str(part) for part in command], check=False).returncode
    if _built[out] != 0:
        raise AssertionError(f"{out} was not built; see {out}/build.log")
    return out


def over_dtls(board, name="dtls", *options):
    return firmware(board, name, f'-DCONFIG_QEAAS_CLIENT_CA_FILE="{authority() / "ca.pem"}"', *options)


def over_plain_coap(name="plain", *options):
    return firmware(NATIVE, name, "-DCONFIG_QEAAS_CLIENT_PLAIN_COAP=y", "-DCONFIG_QEAAS_CLIENT_CREDIT=8", *options)


class Device:
    """A running sample. `host` is how it reaches this machine's loopback. `seeded`: its pool needs no server for a beginning."""

    def __init__(self, case, out, board=NATIVE, seeded=True):
        self.host = "127.0.0.1" if board == NATIVE else "10.0.2.2"
        command = [out / "zephyr" / "zephyr.exe", "-uart_stdinout"]
        if board == MPS2:
            command = [QEMU, "-M", "mps2-an385", "-nographic", "-nic", "user,model=lan9118", "-kernel", out / "zephyr" / "zephyr.elf"]
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, errors="replace", cwd=case.folder())
        self.log = Log(self.process.stdout)
        case.addCleanup(self.stop)
        self.log.wait(SEEDED if seeded else r"started at \d+ ms")

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self.log.join()
        if not self.process.stdin.closed:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass

    def say(self, command, expect, patience=PATIENCE):
        """Types a command and waits for a line of the console; gives the match."""
        since = self.log.mark()
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.log.wait(expect, since, patience)

    def wait_often(self, pattern, count):
        """Waits until so many lines of the console match."""
        since = 0
        for _ in range(count):
            self.log.wait(pattern, since)
            lines = self.log.text().splitlines()
            since = next(at for at in range(since, len(lines)) if re.search(pattern, lines[at])) + 1

    def servers(self, *ports):
        self.say("qeaas servers " + ",".join(f"{self.host}:{port}" for port in ports), r"qeaas servers ")

    def fetch(self):
        """What the shell says about a fetch now."""
        return self.say("qeaas fetch", r"(fetched \d+ bytes|fetch failed: .*)").group(1)

    def draw(self, count=32):
        return self.say(f"qeaas draw {count}", r"(drew \d+ bytes|draw failed: .*)").group(1)

    def stack(self):
        """Bytes that the client's thread has used of its stack, and its size. Of native_sim, whose threads are the host's, it says nothing."""
        match = self.say("kernel thread stacks", r"qeaas_client .*usage\s+(\d+) /\s+(\d+)")
        return int(match.group(1)), int(match.group(2))

    def status(self):
        """Everything of `qeaas status` as one dictionary of strings."""
        since = self.log.mark()
        self.say("qeaas status", r"datagrams: sent=\d+ received=\d+ bytes_sent=\d+ bytes_received=\d+")
        found = {}
        for line in self.log.text().splitlines()[since:]:
            head = re.match(r".*?\b(pool|client|session|heap|datagrams): ", line)
            if head:
                found.update({f"{head.group(1)}.{key}": value for key, value in re.findall(r"(\w+)=(\S+)", line[head.end():])})
        return found


class DeviceCase(Case):
    """What the tests of devices share: a server with the keys that the firmware trusts, and judgements of a device's status."""

    @classmethod
    def setUpClass(cls):
        need_zephyr()

    def server(self, config=None, state=None, **more):
        return self.serve(merged({"server": {"workers": 1, "drain_seconds": 0}}, config or {}), state=state or state_copy(self), **more)

    def device(self, port, board=NATIVE, out=None):
        device = Device(self, out or over_dtls(board), board)
        device.servers(port)
        return device

    def assertStatus(self, device, **expected):
        status = device.status()
        for key, value in expected.items():
            self.assertEqual(status[key.replace("_", ".", 1)], str(value), f"{key} in {status}\n{device.log.text()}")
        return status

    def assertUnharmed(self, device, before):
        """Nothing of what was refused reached the pool, and it still gives."""
        after = device.status()
        for key in ("client.mixed", "client.credited", "client.fetches", "pool.injected"):
            self.assertEqual(after[key], before[key], f"{key}\n{device.log.text()}")
        self.assertEqual(after["pool.seeded"], "yes")
        self.assertEqual(device.draw(), "drew 32 bytes")

    def refused(self, device, expected):
        before = device.status()
        self.assertRegex(device.fetch(), f"fetch failed: .*{expected}")
        self.assertUnharmed(device, before)


def until_a_new_hello():
    """A relay's withhold that cuts a session off: everything is lost until the device begins a new one."""
    gone = [True]

    def withhold(seen):
        if seen.to_server and not is_protected(seen.data):
            gone[0] = False
        return gone[0]
    return withhold


class Liar:
    """A server of plain CoAP that answers every GET as `answer` says: a function from request to a Message, bytes, or None."""

    def __init__(self, case, answer):
        self.answer = answer
        self.requests = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        case.addCleanup(self.close)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while True:
            data, sender = self._socket.recvfrom(65536)
            if not data:
                return
            request = coap.Message.decode(data)
            if request.code != coap.GET:
                continue
            self.requests.append(request)
            answer = self.answer(request)
            if answer is not None:
                self._socket.sendto(answer if isinstance(answer, bytes) else answer.encode(), sender)


def reply(request, payload, code=0x45, format_=coap.OCTETS, options=()):
    """A piggybacked answer."""
    chosen = [] if format_ is None else [(coap.CONTENT_FORMAT, coap.uint(format_))]
    return coap.Message(coap.ACK, code, request.id, request.token, chosen + list(options), payload)


class TimeServer:
    """SNTP (RFC 4330) at a fixed port, because firmware has the port compiled in. OSError if somebody else has it."""
    PORT = 41523

    def __init__(self, case):
        self.answered = threading.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        case.addCleanup(self._socket.close)
        self._socket.bind(("127.0.0.1", self.PORT))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        case.addCleanup(self._end)

    def _end(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", ("127.0.0.1", self.PORT))
        self._thread.join()

    def _serve(self):
        while True:
            request, sender = self._socket.recvfrom(1024)
            if not request:
                return
            now = struct.pack("!II", int(time.time()) + 2208988800, 0)  # from 1900
            head = bytes([0x24, 1, 0, 0xec]) + bytes(12)                  # version 4, a server, stratum 1
            self._socket.sendto(head + now + request[40:48] + now + now, sender)
            self.answered.set()


class Front:
    """qeaas_dtls_front: DTLS with the keys of a state folder, before a server that speaks plain CoAP."""

    def __init__(self, case, state, port):
        self.process = subprocess.Popen([str(BIN / "qeaas_dtls_front"), str(state), str(port)], stdout=subprocess.PIPE, text=True)
        case.addCleanup(self.close)
        greeting = self.process.stdout.readline()
        if not greeting.startswith("listening on "):
            raise AssertionError("qeaas_dtls_front: " + greeting)
        self.port = int(greeting.rsplit(":", 1)[1])

    def close(self):
        self.process.kill()
        self.process.wait(PATIENCE)
        self.process.stdout.close()
