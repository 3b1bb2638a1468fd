# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP for the end-to-end tests: curl as the client that people have, and a connection of our own for what no good client would send.

The connection reads answers strictly (RFC 9112): whoever sends a byte too many or too few fails the test.
"""
import collections
import contextlib
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import urllib.parse

from harness import PATIENCE, Case, cli, need_program, run

# AddressSanitizer keeps freed memory for a while; here memory is measured.
LEAN = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"}
PATIENT_TURNS = 1000  # requests, each a process
MIB = 1 << 20
STATUS_LINE = re.compile(rb"HTTP/1\.1 (\d{3}) ([\x20-\x7e]+)\Z")
FIELD_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?\Z")
NO_BODY = (204, 304)


class Answer(collections.namedtuple("Answer", "status headers body")):
    """headers is a list of (lower-case name, value)."""

    def header(self, name):
        """The one value of a field, or None. A field that comes twice is an error of the server."""
        values = [value for key, value in self.headers if key == name.lower()]
        if len(values) > 1:
            raise AssertionError(f"{name} comes {len(values)} times")
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)

    @property
    def media_type(self):
        return (self.header("Content-Type") or "").split(";")[0]


def parse_head(head):
    """(status, headers) of the lines of a head, strictly."""
    first, *lines = head.split(b"\r\n")
    match = STATUS_LINE.match(first)
    if not match:
        raise AssertionError(f"no status line: {first!r}")
    headers = []
    for line in lines:
        field = FIELD_LINE.match(line)
        if not field:
            raise AssertionError(f"no header field: {line!r}")
        headers.append((field.group(1).decode().lower(), (field.group(2) or b"").decode()))
    return int(match.group(1)), headers


def request(target, method="GET", headers=(), body=None, host="localhost"):
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


def address_of(url):
    parts = urllib.parse.urlsplit(url)
    return parts.hostname, parts.port


class Wire:
    """One connection to a server; over TLS when ca is given."""

    def __init__(self, case, url, ca=None, receive_buffer=None, timeout=PATIENCE):
        family = socket.AF_INET6 if ":" in address_of(url)[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        case.addCleanup(self.socket.close)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(address_of(url))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if ca:
            self.socket = ssl.create_default_context(cafile=ca).wrap_socket(self.socket, server_hostname="localhost")
            case.addCleanup(self.socket.close)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data)

    def end(self):
        """No more is sent; answers are still read."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()

    def more(self):
        data = self.socket.recv(1 << 16)
        self.buffer += data
        return bool(data)

    def until(self, mark):
        while mark not in self.buffer:
            if not self.more():
                raise AssertionError(f"the connection ended in the midst of an answer: {self.buffer[:300]!r}")
        found, self.buffer = self.buffer.split(mark, 1)
        return found

    def take(self, size):
        while len(self.buffer) < size:
            if not self.more():
                raise AssertionError(f"the connection ended {size - len(self.buffer)} bytes early")
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def head(self):
        return parse_head(self.until(b"\r\n\r\n"))

    def answer(self, method="GET"):
        status, headers = self.head()
        answer = Answer(status, headers, b"")
        if method == "HEAD" or status in NO_BODY or status < 200:
            return answer
        return Answer(status, headers, self.take(int(answer.header("Content-Length"))))

    def fetch(self, target, method="GET", **more):
        self.send(request(target, method, **more))
        return self.answer(method)

    def rest(self):
        """Everything until the server closes; a reset counts as that."""
        with contextlib.suppress(ConnectionError):
            while self.more():
                pass
        rest, self.buffer = self.buffer, b""
        return rest

    def assert_closed(self):
        rest = self.rest()
        if rest:
            raise AssertionError(f"bytes after the last answer: {rest[:300]!r}")


def curl(*arguments, ca=None):
    """The answer to one request by curl."""
    program = need_program(shutil.which("curl") or "/usr/bin/curl")
    with tempfile.NamedTemporaryFile(prefix="qeaas-head-") as head:
        trust = ["--cacert", ca] if ca else []
        result = run([program, "-sS", "--globoff", "--max-time", str(PATIENCE), *trust, "-D", head.name, *arguments])
        text = head.read()
    if result.code != 0:
        raise AssertionError(f"curl {arguments}: {result}")
    blocks = [block for block in text.split(b"\r\n\r\n") if block]
    return Answer(*parse_head(blocks[-1]), result.raw)


class Clients:
    """`qeaas clients` beside a running server."""

    def __init__(self, server):
        self.server = server

    def run(self, *arguments):
        """A change, and the server's word that it has seen it."""
        since = self.server.log.mark()
        result = cli("clients", *arguments, "--state", self.server.state)
        if result.code != 0:
            raise AssertionError(f"qeaas clients {arguments}: {result}")
        self.server.log.wait("identities: reloaded", since)
        return result

    def token(self, name, *quota):
        """The token of a new client; without a quota it has none, whatever [limits] says."""
        token = self.run("add", name, "--token", *quota).out.strip()
        if not quota:
            self.run("quota", name, "--unlimited")
        return token


def memory(server, field="VmRSS"):
    """Bytes of resident memory; field VmHWM: the most since forget_peak."""
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return int(re.search(rf"^{field}:\s+(\d+) kB$", status.read(), re.M).group(1)) * 1024


def forget_peak(server):
    with open(f"/proc/{server.process.pid}/clear_refs", "w", encoding="ascii") as control:
        control.write("5")


def openssl(*arguments):
    program = need_program(shutil.which("openssl") or "/usr/bin/openssl")
    subprocess.run([program, *map(str, arguments)], check=True, capture_output=True)


class Web(Case):
    config = {}

    def setUp(self):
        self.server = self.serve(self.config, env=LEAN)

    def get(self, path, *arguments):
        return curl(*arguments, self.server.http + path)

    def wire(self, **more):
        return Wire(self, self.server.http, **more)

    def served(self, path, *arguments):
        """Asks again for as long as the reservoir, which one large answer empties, is being filled."""
        for _ in range(PATIENT_TURNS):
            answer = self.get(path, *arguments)
            if answer.status != 503:
                return answer
        raise AssertionError(f"{path}: still {answer}")

    def assertProblem(self, answer, status, title):
        self.assertEqual((answer.status, answer.header("Content-Type")), (status, "application/problem+json"), answer)
        document = answer.json()
        self.assertEqual(document["status"], status)
        self.assertIn(title, (document["title"], document.get("code"), document.get("type")), document)
        self.assertTrue(document["detail"])
        self.assertEqual(answer.header("Cache-Control"), "no-store")
        return document
