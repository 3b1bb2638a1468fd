# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP and HTTPS as their users see them: by curl, and by a strict reader of our own on raw sockets."""
import base64
import json
import re
import shutil

from coap import cbor
from harness import main, run
from httpc import MIB, Web, Wire, forget_peak, memory, request

ROOM = 16 * MIB  # growth of resident memory that 100 MiB in transit must not exceed


class Random(Web):
    def test_forms(self):
        plain = self.get("/v1/random")
        self.assertEqual((plain.status, plain.header("Content-Type"), len(plain.body)), (200, "application/octet-stream", 32))
        self.assertEqual(plain.header("Cache-Control"), "no-store")
        self.assertEqual((plain.header("Entropy-Type"), plain.header("Entropy-Source"), plain.header("Entropy-Simulated")),
                         ("mixed", "sim;simulated", "true"))
        document = self.get("/v1/random?bytes=16&type=direct", "-H", "Accept: application/json")
        self.assertEqual(document.header("Content-Type"), "application/json")
        self.assertEqual((len(bytes.fromhex(document.json()["random"])), document.json()["type"], document.json()["simulated"]), (16, "direct", True))
        numbered = self.get("/v1/random?bytes=16&type=drbg", "-H", "Accept: application/cbor")
        self.assertEqual(numbered.header("Content-Type"), "application/cbor")
        self.assertEqual((len(cbor(numbered.body)[1]), cbor(numbered.body)[2]), (16, "drbg"))
        text = self.get("/v1/random?bytes=5", "-H", "Accept: text/plain")
        self.assertRegex(text.body, rb"\A[0-9a-f]{10}\n\Z")

    def test_accept_is_weighed(self):
        for accept, expected in (("*/*", "application/octet-stream"), ("application/*", "application/octet-stream"),
                                 ("text/*", "text/plain"), ("application/json;q=0.5, application/cbor", "application/cbor"),
                                 ("application/octet-stream;q=0, */*;q=0.1", "application/json"),
                                 ("text/html, application/json;q=0.9, */*;q=0.1", "application/json")):
            self.assertEqual(self.get("/v1/random", "-H", f"Accept: {accept}").media_type, expected, accept)
        self.assertProblem(self.get("/v1/random", "-H", "Accept: image/png"), 406, "unsupported")

    def test_sizes(self):
        for kind in ("direct", "mixed", "drbg"):
            for size in (1, 2048, 4096, 65536, 65537, 200_001):
                answer = self.served(f"/v1/random?bytes={size}&type={kind}")
                self.assertEqual((answer.status, len(answer.body), answer.header("Content-Length")), (200, size, str(size)), kind)
        text = self.get("/v1/random?bytes=100001&type=drbg", "-H", "Accept: text/plain")
        self.assertRegex(text.body, rb"\A[0-9a-f]{200002}\n?\Z")

    def test_no_answer_comes_twice(self):
        wire = self.wire()
        draws = [wire.fetch("/v1/random?bytes=16&type=" + kind).body for kind in ("direct", "mixed", "drbg") for _ in range(50)]
        self.assertEqual(len(set(draws)), 150)

    def test_mistakes_are_problems(self):
        for query, status, title in (("bytes=0", 400, "out_of_range"), ("bytes=x", 400, "malformed"), ("bytes=-1", 400, "malformed"),
                                     ("bytes=", 400, "malformed"), ("bytes=1&bytes=2", 400, "malformed"), ("type=quantum", 400, "unknown"),
                                     ("size=1", 400, "unknown"), ("bytes", 400, "malformed"), ("bytes=%zz", 400, "malformed"),
                                     ("bytes=1099511627777", 413, "too_large"), ("bytes=99999999999999999999999", 413, "too_large")):
            self.assertProblem(self.get("/v1/random?" + query), status, title)
        self.assertProblem(self.get("/v1/random?bytes=65537", "-H", "Accept: application/json"), 413, "too_large")


class Bulk(Web):
    def test_a_hundred_megabytes_in_constant_memory(self):
        self.assertEqual(len(self.get(f"/v1/random?bytes={MIB}&type=drbg").body), MIB)
        for url, trust in ((self.server.http, []), (self.server.https, ["--cacert", self.server.ca])):
            forget_peak(self.server)
            before = memory(self.server)
            out = self.folder() / "bulk"
            self.assertDone(run([shutil.which("curl"), "-sS", *trust, "-o", out, f"{url}/v1/random?bytes={100 * MIB}&type=drbg"]))
            self.assertEqual(out.stat().st_size, 100 * MIB)
            self.assertLess(memory(self.server, "VmHWM") - before, ROOM, url)
            with open(out, "rb") as file:
                pieces = set(iter(lambda f=file: f.read(65536), b""))
            self.assertEqual(len(pieces), 100 * MIB // 65536, "no piece comes twice")

    def test_slow_readers_do_not_make_it_grow(self):
        self.get(f"/v1/random?bytes={MIB}&type=drbg")
        forget_peak(self.server)
        before = memory(self.server)
        wires = [self.wire(receive_buffer=4096) for _ in range(32)]
        for wire in wires:
            wire.send(request(f"/v1/random?bytes={100 * MIB}&type=drbg"))
        for wire in wires:
            self.assertEqual(wire.head()[0], 200)
            wire.take(50_000)
        slow = self.get(f"/v1/random?bytes={8 * MIB}&type=drbg", "--limit-rate", "4M")
        self.assertEqual(len(slow.body), 8 * MIB)
        for wire in wires:
            wire.take(50_000)
        self.assertLess(memory(self.server, "VmHWM") - before, ROOM + len(wires) * 400_000)

    def test_whoever_hangs_up_is_forgotten(self):
        for _ in range(20):
            wire = self.wire()
            wire.send(request(f"/v1/random?bytes={1 << 40}&type=drbg"))
            wire.take(1000)
            wire.close()
        metrics = self.wire()
        while not re.search(rb"^qeaas_http_connections 1$", metrics.fetch("/metrics").body, re.M):
            pass  # each turn is a request; the server closes what has ended before it answers for long


class Protocol(Web):
    def test_keep_alive(self):
        wire = self.wire()
        for _ in range(100):
            self.assertEqual(len(wire.fetch("/v1/random?bytes=32").body), 32)
        self.assertIsNone(wire.fetch("/healthz").header("Connection"))
        self.assertEqual(wire.fetch("/healthz", headers=["Connection: close"]).header("Connection"), "close")
        wire.assert_closed()

    def test_http_1_0(self):
        wire = self.wire()
        wire.send(b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        self.assertEqual(wire.answer().header("Connection"), "keep-alive")
        wire.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        self.assertEqual(wire.answer().body, b"ok\n")
        wire.assert_closed()

    def test_pipelining_keeps_the_order(self):
        for ca in (None, self.server.ca):
            wire = Wire(self, self.server.https if ca else self.server.http, ca=ca)
            sizes = [1 + 37 * n % 3000 for n in range(200)] + [100_000, 7]
            wire.send(b"".join(request(f"/v1/random?bytes={size}&type=drbg") for size in sizes))
            self.assertEqual([len(wire.answer().body) for _ in sizes], sizes)
            wire.send(request("/nowhere") + request("/healthz", "HEAD") + request("/healthz"))
            self.assertEqual([wire.answer().status, wire.answer("HEAD").status, wire.answer().body], [404, 200, b"ok\n"])

    def test_what_was_asked_for_before_the_end_is_answered(self):
        """Like `nc -N`: everything is asked for, and the sending half closed, before any answer is read."""
        wire = self.wire(receive_buffer=4096)
        sizes = [4000] * 400
        wire.send(b"".join(request(f"/v1/random?bytes={size}&type=drbg") for size in sizes))
        wire.end()
        self.assertEqual([len(wire.answer().body) for _ in sizes], sizes)
        wire.assert_closed()
        wire = self.wire(receive_buffer=4096)
        wire.send(request("/v1/random?bytes=3000000&type=drbg") + request("/healthz"))
        wire.end()
        self.assertEqual((len(wire.answer().body), wire.answer().body), (3_000_000, b"ok\n"))
        wire.assert_closed()

    def test_byte_by_byte(self):
        wire = self.wire()
        for byte in request("/v1/entropy", "POST", headers=["Content-Type: application/json"], body=b'{"block_size": 8}'):
            wire.send(bytes([byte]))
        self.assertEqual(len(base64.b64decode(wire.answer().json()["entropy"][0])), 8)

    def test_chunked_bodies(self):
        wire = self.wire()
        wire.send(b"POST /v1/entropy HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                  b"4;name=value\r\n{\"bl\r\nE\r\nock_size\": 16}\r\n0\r\nTrailer: x\r\n\r\n")
        self.assertEqual(len(base64.b64decode(wire.answer().json()["entropy"][0])), 16)
        self.assertEqual(wire.fetch("/healthz").status, 200)

    def test_expect_continue(self):
        wire = self.wire()
        body = b'{"block_size": 4}'
        wire.send(b"POST /v1/entropy HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        self.assertEqual(wire.answer().status, 100)
        wire.send(body)
        self.assertEqual(wire.answer().status, 200)

    def test_head(self):
        wire = self.wire()
        for path in ("/healthz", "/openapi.json", "/v1/sources", "/v1/random?bytes=100", "/v1/random?bytes=100000000&type=drbg", "/", "/nowhere"):
            head = wire.fetch(path, "HEAD")
            full = wire.fetch(path if "100000000" not in path else "/v1/random?type=drbg")
            self.assertEqual((head.status, head.header("Content-Type")), (full.status, full.header("Content-Type")), path)
        served = self.server.sources()["sources"][0]["ledger"]["served_bits"]
        for _ in range(100):
            wire.fetch("/v1/random?bytes=4096&type=direct", "HEAD")
        self.assertEqual(self.server.sources()["sources"][0]["ledger"]["served_bits"], served, "a HEAD draws nothing")

    def test_options(self):
        for path, methods in (("/v1/random", "GET, HEAD, OPTIONS"), ("/v1/entropy", "POST, OPTIONS"), ("/", "GET, HEAD, OPTIONS"),
                              ("/random_number/8", "GET, HEAD, OPTIONS")):
            answer = self.get(path, "-X", "OPTIONS")
            self.assertEqual((answer.status, answer.header("Allow"), answer.body), (204, methods, b""), path)
        self.assertEqual(self.get("/nowhere", "-X", "OPTIONS").status, 404)
        self.assertEqual(self.wire().fetch("*", "OPTIONS").status, 204)

    def test_other_methods(self):
        for method in ("PUT", "DELETE", "PATCH", "POST", "TRACE", "MKCOL"):
            answer = self.get("/v1/random", "-X", method)
            self.assertProblem(answer, 405, "unsupported")
            self.assertEqual(answer.header("Allow"), "GET, HEAD, OPTIONS")
        answer = self.get("/v1/entropy")
        self.assertProblem(answer, 405, "unsupported")
        self.assertEqual(answer.header("Allow"), "POST, OPTIONS")

    def test_not_found(self):
        for path in ("/nowhere", "/v1", "/v1/random/", "/random_number", "/random_number/", "/random_number/1/2", "/../etc/passwd", "/v1/%72andom"):
            self.assertProblem(self.get(path, "--path-as-is"), 404, "not_found")

    def test_absolute_form(self):
        self.assertEqual(self.wire().fetch("http://elsewhere.example/healthz").body, b"ok\n")
        for target in ("foo?x=://evil/random_number/8", "ftp://h/healthz", "healthz", "http:///healthz"):
            self.assertProblem(self.wire().fetch(target), 400, "malformed")

    def test_the_dashboard(self):
        page = self.get("/")
        self.assertEqual((page.status, page.media_type), (200, "text/html"))
        self.assertIn("default-src", page.header("Content-Security-Policy"))
        again = self.get("/", "-H", f"If-None-Match: {page.header('ETag')}")
        self.assertEqual((again.status, again.body), (304, b""))


class QrngApi(Web):
    def entropy(self, body, *arguments):
        return self.get("/v1/entropy", "-X", "POST", "-H", "Content-Type: application/json", "-d", body, *arguments)

    def test_capabilities_are_kept(self):
        entropy = self.get("/v1/capabilities").json()["entropy"]
        for kind in entropy["entropy_types"]:
            answer = self.entropy(json.dumps({"block_size": 1000, "block_count": 2, "entropy_type": kind}))
            self.assertEqual([len(base64.b64decode(block, validate=True)) for block in answer.json()["entropy"]], [1000, 1000], kind)
            # What is advertised is served, of every type, though no reservoir holds it: the rest waits for the sources.
            most = self.entropy(json.dumps({"block_size": entropy["max_block_size"], "block_count": entropy["max_block_count"], "entropy_type": kind}))
            self.assertEqual((most.status, most.header("Cache-Control"), most.header("Entropy-Type")), (200, "no-store", kind))
            blocks = [base64.b64decode(block, validate=True) for block in most.json()["entropy"]]
            self.assertEqual([len(block) for block in blocks], [entropy["max_block_size"]] * entropy["max_block_count"])
            self.assertEqual(len(set(blocks)), len(blocks))
        for wrong in ({"block_size": entropy["max_block_size"] + 1}, {"block_size": entropy["min_block_size"] - 1},
                      {"block_size": 1, "block_count": entropy["max_block_count"] + 1}, {"block_size": 1, "block_count": 0}):
            answer = self.entropy(json.dumps(wrong))
            self.assertProblem(answer, 422, answer.json()["title"])

    def test_mistakes(self):
        for body in ("", "{", "[]", "{}", '{"block_size": "8"}', '{"block_size": 8, "entropy_type": "best"}', '{"block_size": 1.5}'):
            answer = self.entropy(body)
            self.assertEqual((answer.status, answer.media_type), (422, "application/problem+json"), body)
        answer = self.get("/v1/entropy", "-d", '{"block_size": 8}')
        self.assertProblem(answer, 415, "unsupported")
        self.assertProblem(self.entropy("x" * 20000), 413, "too_large")

    def test_healthtest(self):
        for one in self.get("/v1/healthtest").json()["test_result"]:
            self.assertEqual((set(one), one["test_result"]), ({"test_type", "test_result", "time_stamp", "report_link"}, "pass"))
            self.assertRegex(one["time_stamp"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
            self.assertEqual(self.get(one["report_link"]).status, 200)


class Stopping(Web):
    config = {"server": {"drain_seconds": 3600}}  # what ends the wait is that nothing is left to wait for

    def test_sigterm_lets_an_answer_finish(self):
        wire = self.wire(receive_buffer=4096)
        size = 8 * MIB
        wire.send(request(f"/v1/random?bytes={size}&type=drbg"))
        self.assertEqual(wire.head()[0], 200)
        idle = self.wire()
        self.assertEqual(idle.fetch("/healthz").status, 200)
        self.server.signal(15)
        self.server.log.wait("draining")
        idle.assert_closed()
        self.assertEqual(len(wire.take(size)), size)
        wire.assert_closed()
        self.assertEqual(self.server.stop(), 0)


if __name__ == "__main__":
    main()
