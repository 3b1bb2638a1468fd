# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP against those who mean no good: smuggling, excess, slowness, floods, and TLS that is none. Waits for events, never for time;
the limits that the server must keep are configured short."""
import os
import random
import resource
import selectors
import socket
import ssl
import unittest

from harness import PATIENCE, Case, main
from httpc import LEAN, MIB, Wire, address_of, curl, forget_peak, memory, request

POST = b"POST /v1/entropy HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
BODY = b'{"block_size": 8}'
HIDDEN = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"  # a request that must never be seen as one
CHUNK = b"11\r\n" + BODY + b"\r\n"
HIDING = b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)


def head(*lines):
    return POST + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


CHUNKED = head(b"Transfer-Encoding: chunked")
# Two readers could disagree on where each of these requests ends, so it must be the last of its connection.
SMUGGLING = {
    "CL.TE": head(b"Content-Length: %d" % len(BODY), b"Transfer-Encoding: chunked") + CHUNK + b"0\r\n\r\n" + HIDDEN,
    "TE.CL": head(b"Transfer-Encoding: chunked", b"Content-Length: 4") + HIDING,
    "CL.0": head(b"Content-Length: %d" % len(BODY), b"Content-Length: 0") + BODY + HIDDEN,
    "two lengths": head(b"Content-Length: 0", b"Content-Length: %d" % len(HIDDEN)) + HIDDEN,
    "list of lengths": head(b"Content-Length: 0, %d" % len(HIDDEN)) + HIDDEN,
    "TE.TE": head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity") + HIDING,
    "TE.TE reversed": head(b"Transfer-Encoding: x", b"Transfer-Encoding: chunked") + HIDING,
    "TE twice": head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked") + HIDING,
    "TE list": head(b"Transfer-Encoding: gzip, chunked") + HIDING,
    "TE list with chunked inside": head(b"Transfer-Encoding: chunked, identity") + HIDING,
    "TE unknown": head(b"Transfer-Encoding: xchunked", b"Content-Length: 0") + HIDING,
    "TE quoted": head(b'Transfer-Encoding: "chunked"') + HIDING,
    "TE with vertical tab": head(b"Transfer-Encoding: \x0bchunked") + HIDING,
    "TE with NUL": head(b"Transfer-Encoding: chunked\x00") + HIDING,
    "TE of HTTP/1.0": CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") + HIDING,
    "space before colon": head(b"Content-Length : %d" % len(HIDDEN)) + HIDDEN,
    "tab before colon": head(b"Transfer-Encoding\t: chunked") + HIDING,
    "space before the first name": POST.replace(b"\r\nHost", b"\r\n Host") + b"Content-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "no colon": head(b"Transfer-Encoding chunked") + HIDING,
    "empty name": head(b": chunked") + HIDING,
    "plus": head(b"Content-Length: +%d" % len(HIDDEN)) + HIDDEN,
    "minus": head(b"Content-Length: -1") + HIDDEN,
    "hexadecimal": head(b"Content-Length: 0x11") + BODY + HIDDEN,
    "two numbers": head(b"Content-Length: 17 17") + BODY + HIDDEN,
    "no number": head(b"Content-Length: ") + BODY + HIDDEN,
    "beyond 64 bits": head(b"Content-Length: 18446744073709551633") + BODY + HIDDEN,
    "bare LF between fields": POST + b"Content-Length: 0\nTransfer-Encoding: chunked\r\n\r\n" + HIDING,
    "bare LF at the end": POST + b"Content-Length: 0\n\n" + HIDDEN,
    "bare CR": POST + b"X: a\rTransfer-Encoding: chunked\r\n\r\n" + HIDING,
    "CR CR LF": POST + b"X: a\r\r\nTransfer-Encoding: chunked\r\n\r\n" + HIDING,
    "NUL in a field": head(b"X: a\x00b") + HIDDEN,
    "two hosts": head(b"Host: b") + HIDDEN,
    "version 1.2": HIDDEN.replace(b"1.1", b"1.2") + HIDDEN,
    "version 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + HIDDEN,
    "version 0.9": b"GET /openapi.json\r\n" + HIDDEN,
    "two spaces": HIDDEN.replace(b"GET ", b"GET  ") + HIDDEN,
    "tab in the line": HIDDEN.replace(b"GET ", b"GET\t") + HIDDEN,
    "no host": b"GET /openapi.json HTTP/1.1\r\n\r\n" + HIDDEN,
    "chunk plus": CHUNKED + b"+" + CHUNK + b"0\r\n\r\n" + HIDDEN,
    "chunk minus": CHUNKED + b"-1\r\n" + HIDDEN,
    "chunk with 0x": CHUNKED + b"0x" + CHUNK + b"0\r\n\r\n" + HIDDEN,
    "chunk with a space before": CHUNKED + b" " + CHUNK + b"0\r\n\r\n" + HIDDEN,
    "chunk without a size": CHUNKED + b"\r\n" + HIDDEN,
    "chunk with letters": CHUNKED + b"1g\r\n" + HIDDEN,
    "chunk beyond 64 bits": CHUNKED + b"10000000000000011\r\n" + BODY + b"\r\n0\r\n\r\n" + HIDDEN,
    "chunk of all ones": CHUNKED + b"ffffffffffffffff\r\n" + BODY + b"\r\n0\r\n\r\n" + HIDDEN,
    "chunk size ends with LF": CHUNKED + b"11\n" + BODY + b"\r\n0\r\n\r\n" + HIDDEN,
    "chunk data too long": CHUNKED + b"11\r\n" + BODY + b"xx\r\n0\r\n\r\n" + HIDDEN,
    "chunk data without end": CHUNKED + b"11\r\n" + BODY + b"0\r\n\r\n" + HIDDEN,
    "chunk data ends with LF": CHUNKED + b"11\r\n" + BODY + b"\n0\r\n\r\n" + HIDDEN,
    "LF in an extension": CHUNKED + b"11;a\n\r\n" + BODY + b"\r\n0\r\n\r\n" + HIDDEN,
    "a broken trailer": CHUNKED + CHUNK + b"0\r\nContent-Length : 5\r\n\r\n" + HIDDEN,
    "a folded trailer": CHUNKED + CHUNK + b"0\r\n X: y\r\n\r\n" + HIDDEN,
}
# A reader may join folded lines (RFC 9112 5.2) or refuse them; either way the request ends in one place only.
FOLDED = {
    "folded TE": (POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + CHUNK + b"0\r\n\r\n", 1),
    "folded length": (POST + b"Content-Length:\r\n %d\r\n\r\n" % len(BODY) + BODY, 1),
    "folded value": (POST + b"X: a\r\n b\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY, 1),
}


class Hostile(Case):
    config = {"http": {"request_timeout_seconds": 2}}

    def setUp(self):
        self.server = self.serve(self.config, env=LEAN)

    def wire(self, **more):
        return Wire(self, self.server.http, **more)

    def answers(self, data, end):
        """All answers to what is sent, until the server closes."""
        wire = self.wire()
        wire.send(data)
        if end:
            wire.end()
        found = []
        while wire.buffer or wire.more():
            found.append(wire.answer())
        return found

    def metric(self, wire, name):
        return next(int(line.split()[1]) for line in wire.fetch("/metrics").body.decode().splitlines() if line.startswith(name + " "))


class Smuggling(Hostile):
    def test_one_request_has_one_answer(self):
        for name, data in SMUGGLING.items():
            for end in (True, False):
                with self.subTest(name, end=end):
                    found = self.answers(data, end)
                    self.assertEqual(len(found), 1, [answer.status for answer in found])
                    self.assertIn(found[0].status, (400, 413, 501, 505), found)
                    self.assertEqual((found[0].header("Connection"), found[0].media_type), ("close", "application/problem+json"))

    def test_folded_lines(self):
        for name, (data, most) in FOLDED.items():
            with self.subTest(name):
                found = self.answers(data + request("/healthz", headers=["Connection: close"]), True)
                good = [answer.status for answer in found] == [200] * (most + 1)
                self.assertTrue(good or [answer.status for answer in found] in ([400], [501]), found)

    def test_equal_lengths_twice(self):
        found = self.answers(head(b"Content-Length: %d" % len(BODY), b"Content-Length: %d" % len(BODY)) + BODY + request("/healthz"), True)
        self.assertIn([answer.status for answer in found], ([400], [200, 200]), "refused or taken as one (RFC 9112 6.3)")

    def test_a_body_of_get_is_no_request(self):
        found = self.answers(b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN + request("/readyz"), True)
        self.assertEqual([answer.body for answer in found], [b"ok\n", b"ready\n"])

    def test_header_injection_by_the_target(self):
        found = self.answers(b"GET /%0d%0aX-Bad:%201 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", True)
        self.assertEqual([answer.status for answer in found], [404])
        self.assertIsNone(found[0].header("X-Bad"))

    def test_garbage(self):
        """Requests with random octets changed: never more answers than requests, and the server lives."""
        generator = random.Random(6065)
        whole = request("/v1/entropy", "POST", headers=["Content-Type: application/json", "Accept: */*;q=0.5"], body=BODY)
        for _ in range(400):
            data = bytearray(whole)
            for _ in range(generator.randint(1, 6)):
                data[generator.randrange(len(data))] = generator.randrange(256)
            self.assertLessEqual(len(self.answers(bytes(data), True)), 2, bytes(data))
        for size in (1, 100, 5000, 100_000):
            self.assertLessEqual(len(self.answers(generator.randbytes(size), True)), 1)
        self.assertEqual(self.wire().fetch("/healthz").status, 200)


class Excess(Hostile):
    def test_heads(self):
        for data in (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 9000 + b"\r\n\r\n", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 3000 + b"\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 200_000,
                     b"G" * 200_000, b"GET / HTTP/1.1\r\nHost: a\r\nAccept: " + b"a" * 3000 + b"\r\n\r\n"):
            found = self.answers(data, False)
            self.assertEqual(len(found), 1)
            self.assertIn(found[0].status, (431, 414, 400) if data.startswith(b"GG") else (431, 414), data[:60])

    def test_bodies(self):
        for data in (head(b"Content-Length: 16385"), head(b"Content-Length: 9223372036854775807") + b"x" * 100_000,
                     CHUNKED + b"4001\r\n" + b"x" * 0x4001 + b"\r\n0\r\n\r\n", CHUNKED + b"1\r\nx\r\n" * 17000 + b"0\r\n\r\n",
                     CHUNKED + b"7fffffffffffffff\r\n" + b"x" * 100_000):
            found = self.answers(data, False)
            self.assertEqual([answer.status for answer in found], [413], data[:200])

    def test_endless_chunk_extensions_and_trailers(self):
        for data in (CHUNKED + b"1;" + b"a" * 500_000, CHUNKED + CHUNK + b"0\r\n" + b"X: y\r\n" * 100_000):
            found = self.answers(data, False)
            self.assertEqual(len(found), 1)
            self.assertIn(found[0].status, (400, 408, 413, 431))

    def test_many_requests_in_one_go(self):
        self.assertEqual([answer.status for answer in self.answers(request("/healthz") * 3000, True)], [200] * 3000)
        forget_peak(self.server)
        before = memory(self.server)
        self.assertEqual(len(self.answers(request("/v1/random?bytes=60000&type=drbg") * 500, True)), 500)
        self.assertLess(memory(self.server, "VmHWM") - before, 16 * MIB)


class Slowness(Hostile):
    config = {"http": {"request_timeout_seconds": 2, "idle_timeout_seconds": 2, "stall_timeout_seconds": 2}}

    def setUp(self):
        # What systemd and a login shell give: the server must ask for more by itself. This program needs its own.
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
        try:
            super().setUp()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))

    def test_a_thousand_slow_heads(self):
        """Slowloris: each trickles a head; honest requests are answered meanwhile, and all the slow ones get 408."""
        address = address_of(self.server.http)
        selector = selectors.DefaultSelector()
        self.addCleanup(selector.close)
        slow = {}
        for n in range(1100):  # more than 1,024 in all; one address may have as many to one worker
            one = socket.create_connection(address, PATIENCE, source_address=(f"127.0.0.{1 + n % 2}", 0))
            self.addCleanup(one.close)
            one.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: ")
            selector.register(one, selectors.EVENT_READ)
            slow[one] = b""
        honest, closed = 0, 0
        while closed < len(slow):
            for _ in range(5 if honest < 50 else 0):
                wire = self.wire()
                self.assertEqual(len(wire.fetch("/v1/random?bytes=32").body), 32)
                wire.close()
                honest += 1
            for key, _ in selector.select(0.05):
                piece = self.receive(key.fileobj)
                slow[key.fileobj] += piece
                if not piece:
                    selector.unregister(key.fileobj)
                    closed += 1
            for key in list(selector.get_map().values()):
                self.trickle(key.fileobj)
        self.assertEqual(honest, 50)
        self.assertEqual([text for text in slow.values() if not text.startswith(b"HTTP/1.1 408 ")], [])

    @staticmethod
    def receive(one):
        try:
            return one.recv(4096)
        except ConnectionResetError:
            return b""

    @staticmethod
    def trickle(one):
        try:
            one.send(b"a")
        except OSError:
            pass  # it was closed meanwhile; the next turn sees that

    def test_a_slow_body(self):
        wire = self.wire()
        wire.send(head(b"Content-Length: 100") + b"x")
        answer = wire.answer()
        self.assertEqual((answer.status, answer.header("Connection"), answer.json()["title"]), (408, "close", "timeout"))
        wire.assert_closed()

    def test_silence(self):
        for data in (b"", b"\r\n"):
            wire = self.wire()
            wire.send(data)
            wire.assert_closed()
        wire = self.wire()
        self.assertEqual(wire.fetch("/healthz").status, 200)
        wire.assert_closed()

    def test_empty_lines_are_no_request(self):
        wire = self.wire()
        wire.socket.settimeout(0.05)
        while True:
            try:
                wire.send(b"\r\n")
                if not wire.more():
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        self.assertEqual(wire.buffer, b"")

    def test_readers_that_take_nothing(self):
        wires = [self.wire(receive_buffer=4096) for _ in range(100)]
        for wire in wires:
            wire.send(request(f"/v1/random?bytes={1 << 40}&type=drbg"))
        watching = self.wire()
        while self.metric(watching, "qeaas_http_connections") > 1:
            pass  # each turn is a request
        self.assertGreaterEqual(self.metric(watching, "qeaas_http_timeouts_total"), 100)

    def test_readers_that_take_nothing_and_go_on_asking(self):
        wire = self.wire(receive_buffer=4096)
        wire.socket.settimeout(0.05)
        asked = request("/v1/random?bytes=60000&type=drbg")
        forget_peak(self.server)
        before = memory(self.server)
        watching = self.wire()
        while self.metric(watching, "qeaas_http_timeouts_total") < 1:
            try:
                wire.socket.send(asked)
            except (TimeoutError, ConnectionError):
                pass
        self.assertLess(memory(self.server, "VmHWM") - before, 8 * MIB)


class Floods(Hostile):
    config = {"http": {"max_connections": 64, "max_connections_per_address": 5000}, "https": {"enabled": False}}

    def test_two_thousand_beyond_the_limit(self):
        address = address_of(self.server.http)
        opened = []
        for n in range(2000):
            one = socket.create_connection(address, PATIENCE)
            self.addCleanup(one.close)
            opened.append(one)
            if n % 100 == 0:
                self.assertEqual(self.wire().fetch("/healthz").status, 200)
        watching = self.wire()
        self.assertLessEqual(self.metric(watching, "qeaas_http_connections"), 64)
        ended = sum(self.has_ended(one) for one in opened[:1900])
        self.assertEqual(ended, 1900, "whoever was idle longest went")
        self.assertLess(len(os.listdir(f"/proc/{self.server.process.pid}/fd")), 64 + 60)

    @staticmethod
    def has_ended(one):
        try:
            return one.recv(1) == b""
        except ConnectionResetError:
            return True

    @unittest.skipIf(os.environ.get("QEAAS_SANITIZE"), "SKIPPED: the sanitizer opens a descriptor to look at an object, and fails without one")
    def test_descriptors_run_out(self):
        pid = self.server.process.pid
        used = len(os.listdir(f"/proc/{pid}/fd"))
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 20, hard))
        since = self.server.log.mark()
        opened = [self.wire() for _ in range(40)]
        self.server.log.wait("no descriptors or memory for another connection", since)
        self.assertEqual(opened[-1].fetch("/healthz").status, 200, "who comes last is served")
        opened[0].assert_closed()
        for wire in opened:
            wire.close()
        self.assertEqual(self.wire().fetch("/healthz").status, 200, "it accepts again")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))


class Addresses(Hostile):
    config = {"http": {"max_connections_per_address": 50}, "limits": {"address_handshakes_per_second": 1}}

    def test_one_address_has_its_share(self):
        wires = [self.wire() for _ in range(50)]
        self.assertEqual([wire.fetch("/healthz").status for wire in wires], [200] * 50)
        for _ in range(50):
            self.wire().assert_closed()
        other = socket.create_connection(address_of(self.server.http), PATIENCE, source_address=("127.0.0.2", 0))
        self.addCleanup(other.close)
        other.sendall(request("/healthz"))
        self.assertTrue(other.recv(100).startswith(b"HTTP/1.1 200"), "another address has its own")
        self.assertEqual(self.metric(wires[0], "qeaas_http_connections_refused_total"), 50)
        wires[1].fetch("/healthz", headers=["Connection: close"])
        wires[1].assert_closed()
        wires[1].close()
        while self.metric(wires[0], "qeaas_http_connections") > 50:
            pass  # each turn is a request
        self.assertEqual(self.wire().fetch("/healthz").status, 200)

    def test_handshakes_cost_more_than_connections(self):
        refused = 0
        for _ in range(30):
            try:
                Wire(self, self.server.https, ca=self.server.ca).close()
            except OSError:
                refused += 1
        self.assertGreater(refused, 10)
        self.assertEqual(curl(self.server.http + "/healthz").status, 200)


def client_hello(minimum=ssl.TLSVersion.TLSv1_3, maximum=ssl.TLSVersion.TLSv1_3):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version, context.maximum_version = minimum, maximum
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class Tls(Hostile):
    config = {"https": {"handshake_timeout_seconds": 2}, "http": {"request_timeout_seconds": 2, "idle_timeout_seconds": 2}}

    def raw(self, data):
        """What comes back on the TLS port until it closes."""
        wire = Wire(self, self.server.https)
        wire.send(data)
        return wire.rest()

    def test_what_is_no_tls(self):
        generator = random.Random(6066)
        hello = client_hello()
        for data in (request("/healthz"), b"\x16\x03\x01\xff\xff" + bytes(200), generator.randbytes(70_000), b"\x17\x03\x03\x00\x10" + bytes(16),
                     b"\x80" + bytes(100), hello[:5] + bytes(len(hello) - 5), client_hello(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2)):
            back = self.raw(data)
            self.assertNotIn(b"HTTP/1.1", back)
            self.assertTrue(back == b"" or back[0] == 0x15, f"nothing but an alert: {back[:40]!r}")
        self.assertEqual(curl(self.server.https + "/healthz", ca=self.server.ca).status, 200)

    def test_tls_on_the_plain_port(self):
        found = self.answers(client_hello(), False)
        self.assertEqual([answer.status for answer in found], [400])

    def test_half_handshakes_do_not_block_others(self):
        hello = client_hello()
        wires = [Wire(self, self.server.https) for _ in range(300)]
        for n, wire in enumerate(wires):
            wire.send(hello[:n % len(hello)] if n % 2 else hello)
        for _ in range(10):
            self.assertEqual(curl(self.server.https + "/v1/random?bytes=100", ca=self.server.ca).status, 200)
        for wire in wires:
            self.assertNotIn(b"HTTP/1.1", wire.rest())  # the server closes them in time
        watching = self.wire()
        self.assertGreaterEqual(self.metric(watching, "qeaas_http_timeouts_total"), 300)

    def test_damaged_handshakes(self):
        generator = random.Random(1)
        for _ in range(200):
            hello = bytearray(client_hello())
            hello[generator.randrange(5, len(hello))] ^= 1 << generator.randrange(8)
            wire = Wire(self, self.server.https)
            wire.send(bytes(hello))
            wire.end()
            self.assertNotIn(b"HTTP/1.1", wire.rest())
        self.assertEqual(curl(self.server.https + "/healthz", ca=self.server.ca).status, 200)

    def test_slow_requests_over_tls(self):
        wire = Wire(self, self.server.https, ca=self.server.ca)
        wire.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
        self.assertEqual(wire.answer().status, 408)
        wire.assert_closed()

    def beneath(self, wire):
        """The same connection without its TLS."""
        raw = socket.socket(fileno=os.dup(wire.socket.fileno()))
        raw.settimeout(PATIENCE)
        self.addCleanup(raw.close)
        return raw

    def test_an_end_in_the_midst_of_a_record(self):
        for _ in range(20):
            wire = Wire(self, self.server.https, ca=self.server.ca)
            raw = self.beneath(wire)
            raw.sendall(b"\x17\x03\x03\x01\x00" + bytes(50))
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(4096):
                pass
        for damaged in (b"\x17\x03\x03\x00\x20" + bytes(32), b"\x17\x03\x03\x50\x00" + bytes(100), b"\x18\x03\x03\x00\x03\x01\x40\x00"):
            wire = Wire(self, self.server.https, ca=self.server.ca)
            raw = self.beneath(wire)
            raw.sendall(damaged)
            raw.shutdown(socket.SHUT_WR)
            try:
                while raw.recv(4096):
                    pass
            except ConnectionResetError:
                pass
        self.assertEqual(curl(self.server.https + "/healthz", ca=self.server.ca).status, 200)


if __name__ == "__main__":
    main()
