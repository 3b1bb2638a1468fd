# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP and HTTPS as their users see them: by curl, by openssl's TLS, and by a strict reader of our own on raw sockets."""
import base64
import json
import os
import re
import shutil
import socket
import ssl

from coap import cbor
from harness import Case, main, need_program, run
from httpc import Answer, Clients, Wire, address_of, curl, forget_peak, memory, openssl, request

MIB = 1 << 20
ROOM = 16 * MIB  # growth of resident memory that 100 MiB in transit must not exceed
EVERYTHING = {"http": {"pollen": True, "anu": True, "qrypt": True}}
# AddressSanitizer keeps freed memory for a while; here memory is measured.
LEAN = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"}
PATIENT_TURNS = 1000  # requests, each a process
STARVED = {"id": "sim", "type": "photon", "seed": 7, "fault": "stuck", "fault_onset_samples": 200_000}


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
        most = self.entropy(json.dumps({"block_size": entropy["max_block_size"], "block_count": entropy["max_block_count"], "entropy_type": "drbg"}))
        self.assertEqual([len(base64.b64decode(block)) for block in most.json()["entropy"]], [entropy["max_block_size"]] * entropy["max_block_count"])
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


SAMPLES = {"bytes": "16", "type": "mixed", "n": "8", "frame": "16", "length": "3", "size": "2"}
BODIES = {"application/json": '{"block_size": 8, "block_count": 2}', "application/x-www-form-urlencoded": "challenge=abc"}
STATUS = re.compile(r"[1-5]\d\d\Z|default\Z")


class Description(Web):
    config = EVERYTHING

    def setUp(self):
        super().setUp()
        self.document = self.get("/openapi.json").json()

    def operations(self):
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                yield path, method, operation

    def check_schema(self, schema):
        self.assertIn(schema["type"], ("string", "integer", "object", "array", "boolean", "number"))
        self.assertLessEqual(set(schema), {"type", "minimum", "maximum", "maxLength", "enum", "default", "format", "required", "properties", "items"})
        if "enum" in schema and "default" in schema:
            self.assertIn(schema["default"], schema["enum"])
        if schema["type"] == "integer":
            for key in ("minimum", "maximum", "default"):
                self.assertIsInstance(schema.get(key, 0), int)
        for name in schema.get("required", ()):
            self.assertIn(name, schema["properties"])
        for inner in schema.get("properties", {}).values():
            self.check_schema(inner)

    def test_its_structure_is_that_of_openapi_3_0(self):
        document = self.document
        self.assertRegex(document["openapi"], r"\A3\.0\.\d+\Z")
        self.assertLessEqual(set(document), {"openapi", "info", "servers", "paths", "components", "security", "tags", "externalDocs"})
        self.assertTrue(document["info"]["title"] and document["info"]["version"] and document["info"]["license"]["name"])
        self.assertTrue(document["paths"])
        for path, method, operation in self.operations():
            self.assertTrue(path.startswith("/"))
            self.assertIn(method, ("get", "put", "post", "delete", "options", "head", "patch", "trace"))
            self.assertLessEqual(set(operation), {"summary", "description", "operationId", "parameters", "requestBody", "responses", "security", "tags"})
            self.check_operation(path, operation)
        for scheme in document["components"]["securitySchemes"].values():
            self.assertTrue((scheme["type"] == "http" and scheme["scheme"]) or
                            (scheme["type"] == "apiKey" and scheme["in"] in ("header", "query", "cookie") and scheme["name"]))

    def check_operation(self, path, operation):
        self.assertTrue(operation["responses"])
        for status, response in operation["responses"].items():
            self.assertRegex(status, STATUS)
            self.assertTrue(response["description"])
            for kind, content in response.get("content", {}).items():
                self.assertRegex(kind, r"\A[a-z]+/[a-z0-9.+-]+\Z")
                self.check_schema(content["schema"])
        parameters = operation.get("parameters", [])
        self.assertEqual(len({(one["name"], one["in"]) for one in parameters}), len(parameters))
        for one in parameters:
            self.assertIn(one["in"], ("path", "query", "header"))
            self.assertTrue(one["in"] != "path" or one["required"] is True)
            self.check_schema(one["schema"])
        self.assertEqual(set(re.findall(r"\{(\w+)\}", path)), {one["name"] for one in parameters if one["in"] == "path"})
        for content in operation.get("requestBody", {}).get("content", {}).values():
            self.check_schema(content["schema"])
        known = self.document["components"]["securitySchemes"]
        for requirement in operation.get("security", ()):
            self.assertLessEqual(set(requirement), set(known))

    def fetch(self, path, method, operation, *arguments):
        query = []
        for one in operation.get("parameters", []):
            value = one["schema"].get("enum", [SAMPLES[one["name"]]])[0]
            path, query = (path.replace("{%s}" % one["name"], value), query) if one["in"] == "path" else (path, [*query, f"{one['name']}={value}"])
        content = operation.get("requestBody", {}).get("content", {})
        body = [word for kind in list(content)[:1] for word in ("-H", f"Content-Type: {kind}", "-d", BODIES[kind])]
        return self.get(path + ("?" + "&".join(query) if query else ""), "-X", method.upper(), *body, *arguments)

    def assertDocumented(self, path, operation, answer):
        self.assertIn(str(answer.status), operation["responses"], f"{path}: {answer}")
        content = operation["responses"][str(answer.status)].get("content")
        if content:
            self.assertIn(answer.media_type, content, path)

    def test_every_route_answers_as_it_says(self):
        count = 0
        for path, method, operation in self.operations():
            answer = self.fetch(path, method, operation)
            self.assertDocumented(path, operation, answer)
            self.assertEqual(answer.status, 426 if path == "/v1/stream" else 200, path)
            for header in operation["responses"].get("200", {}).get("headers", {}):
                self.assertIsNotNone(answer.header(header), f"{path}: {header}")
            for kind in operation["responses"].get("200", {}).get("content", {}):
                self.assertEqual(self.fetch(path, method, operation, "-H", f"Accept: {kind}").media_type, kind, path)
            count += 1
        self.assertGreaterEqual(count, 17)

    def test_every_refusal_is_documented_too(self):
        clients = Clients(self.server)
        token = clients.token("off")
        clients.run("disable", "off")
        clients.run("disable", "anonymous")
        for path, method, operation in self.operations():
            for arguments in ([], ["-H", "Authorization: Bearer wrong"], ["-H", f"X-API-KEY: {token}"]):
                self.assertDocumented(path, operation, self.fetch(path, method, operation, *arguments))
        clients.run("enable", "anonymous")
        clients.run("quota", "anonymous", "--bytes-per-second", "1", "--burst", "16384")
        self.assertEqual(self.get("/v1/random?bytes=16384&type=drbg").status, 200)
        for path, method, operation in self.operations():
            if operation.get("security") and path != "/v1/stream":
                answer = self.fetch(path, method, operation)
                self.assertEqual(answer.status, 429, path)
                self.assertDocumented(path, operation, answer)
                self.assertRegex(answer.header("Retry-After"), r"\A[1-9]\d*\Z")

    def test_what_is_switched_off_is_not_described(self):
        document = curl(self.serve().http + "/openapi.json").json()
        self.assertEqual([path for path in ("/", "/API/jsonI.php", "/api/v1/quantum-entropy") if path in document["paths"]], [])


METRIC = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({METRIC})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|[+-]Inf)\Z")


def parse_metrics(text):
    """{series: value} of the text format 0.0.4, strictly: every family announced once, in one piece, no series twice."""
    assert text.endswith("\n"), "the last line ends too"
    families, series, current, helped = {}, {}, None, None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            helped = re.fullmatch(rf"# HELP ({METRIC}) \S.*", line).group(1)
            assert helped not in families, f"{helped} is announced twice"
        elif line.startswith("# TYPE "):
            current, kind = re.fullmatch(rf"# TYPE ({METRIC}) (counter|gauge|histogram|summary|untyped)", line).groups()
            assert current == helped and current not in families, line
            assert (kind == "counter") == current.endswith("_total"), f"{current} is a {kind}"
            families[current] = kind
        else:
            match = SAMPLE.match(line)
            assert match, f"no sample: {line!r}"
            assert match.group(1) == current, f"{line!r} stands in the family {current}"
            labels = tuple(sorted(re.findall(LABEL, match.group(2) or "")))
            assert len({label.split("=")[0] for label in labels}) == len(labels), line
            assert (current, labels) not in series, f"{line!r} comes twice"
            series[current, labels] = float(match.group(3))
    return series


class Operations(Web):
    def metrics(self):
        answer = self.get("/metrics")
        self.assertEqual(answer.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8")
        return parse_metrics(answer.body.decode())

    def test_metrics(self):
        before = self.metrics()
        self.get("/v1/random?bytes=1000")
        self.get("/nowhere")
        wire = Wire(self, self.server.https, ca=self.server.ca)
        wire.fetch("/healthz")
        after = self.metrics()
        grown = {key: after[key] - before.get(key, 0) for key in after}
        self.assertEqual(grown["qeaas_http_random_bytes_total", ()], 1000)
        self.assertEqual(grown["qeaas_http_answers_total", ('status="4xx"',)], 1)
        self.assertEqual(grown["qeaas_http_answers_total", ('status="2xx"',)], 3, "the first /metrics, /v1/random, /healthz")
        self.assertEqual(sum(value for (name, labels), value in after.items() if name == "qeaas_sessions" and 'transport="https"' in labels), 1)
        self.assertEqual(after["qeaas_ready", ()], 1)
        self.assertEqual(after["qeaas_source_simulated", ('kind="simulated"', 'source="sim"')], 1)

    def test_metrics_after_every_kind_of_session(self):
        context = ssl.create_default_context(cafile=self.server.ca)
        session = None
        for _ in range(3):
            raw = socket.create_connection(address_of(self.server.https))
            with context.wrap_socket(raw, server_hostname="localhost", session=session) as secure:
                secure.sendall(request("/healthz"))
                self.assertTrue(secure.recv(1000).startswith(b"HTTP/1.1 200"))
                reused = secure.session_reused
                session = secure.session
        self.assertTrue(reused, "the ticket was taken")
        self.assertDone(self.server.get("32"))
        series = self.metrics()
        self.assertIn("ticket", str([labels for name, labels in series if name == "qeaas_handshakes_total"]))
        promtool = shutil.which("promtool")
        if promtool:
            self.assertDone(run([promtool, "check", "metrics"], stdin=self.get("/metrics").body))

    def test_reports(self):
        sources = self.get("/v1/sources").json()
        self.assertEqual([source["id"] for source in sources["sources"]], ["sim"])
        for path in ("/v1/statistics", "/v1/alarms", "/v1/sessions"):
            answer = self.get(path)
            self.assertEqual((answer.status, answer.media_type, answer.header("Cache-Control")), (200, "application/json", "no-store"), path)
            self.assertIsInstance(answer.json(), dict)

    def test_probes(self):
        self.assertEqual(self.get("/healthz").body, b"ok\n")
        self.assertEqual(self.get("/readyz").body, b"ready\n")


class Unready(Web):
    config = {"source": [STARVED], "service": {"reservoir_blocks": 16}}

    def test_an_alarm_is_seen_everywhere(self):
        wire = self.wire()
        self.assertEqual(wire.fetch("/readyz").status, 200)
        since = self.server.log.mark()
        for _ in range(4000):
            answer = wire.fetch("/v1/random?bytes=512&type=direct")
            if answer.status != 200 and "source sim is alarmed" in self.server.log.text():
                break
        self.server.log.wait("source sim is alarmed", since)
        for path in ("/v1/random?bytes=512&type=direct", "/v1/random?bytes=512", "/v1/random?bytes=512&type=drbg", "/v1/random?bytes=100000&type=drbg"):
            answer = wire.fetch(path)
            self.assertIn(answer.json()["title"], ("starved", "alarmed"))
            self.assertEqual((answer.status, answer.media_type), (503, "application/problem+json"), path)
            self.assertRegex(answer.header("Retry-After"), r"\A[1-9]\d*\Z")
            self.assertIsNone(answer.header("Entropy-Source"))
        entropy = self.get("/v1/entropy", "-H", "Content-Type: application/json", "-d", '{"block_size": 512}')
        self.assertEqual((entropy.status, entropy.media_type), (503, "application/problem+json"))
        number = wire.fetch("/random_number/256")
        self.assertEqual((number.status, number.json()["return"]), (503, 1))
        ready = wire.fetch("/readyz")
        self.assertEqual((ready.status, ready.media_type), (503, "application/problem+json"))
        self.assertTrue(ready.header("Retry-After"))
        self.assertEqual(wire.fetch("/healthz").status, 200)
        self.assertEqual([one["test_result"] for one in wire.fetch("/v1/healthtest").json()["test_result"]], ["fail"])
        self.assertEqual(parse_metrics(wire.fetch("/metrics").body.decode())["qeaas_ready", ()], 0)

    def test_a_long_answer_that_starves_is_cut_and_never_filled_up(self):
        wire = self.wire()
        wire.send(request("/v1/random?bytes=10000000&type=direct"))
        status, headers = wire.head()
        self.assertEqual((status, Answer(status, headers, b"").header("Content-Length")), (200, "10000000"))
        self.assertLess(len(wire.rest()), 10_000_000)


class Quotas(Web):
    config = {"limits": {"identity_bytes_per_second": 10, "identity_burst_bytes": 1000}}

    def test_the_allowance_is_told(self):
        first = self.get("/v1/random?bytes=400")
        self.assertRegex(first.header("RateLimit-Policy"), r'\A"\w+";q=\d+;qu="content-bytes";w=[1-9]\d*\Z')
        left = int(re.fullmatch(r'"\w+";r=(\d+);t=\d+', first.header("RateLimit")).group(1))
        self.assertTrue(600 <= left <= 800, left)
        self.assertEqual(self.get("/v1/random?bytes=500").status, 200)
        over = self.get("/v1/random?bytes=900")
        self.assertProblem(over, 429, "over_quota")
        self.assertTrue(1 <= int(over.header("Retry-After")) <= 90, over)
        self.assertProblem(self.get("/v1/random?bytes=1001"), 413, "too_large")
        self.assertProblem(self.get("/v1/entropy", "-H", "Content-Type: application/json", "-d", '{"block_size": 900}'), 429, "over_quota")
        self.assertEqual(self.get("/v1/sources").status, 200, "an account costs nothing")

    def test_a_refused_draw_costs_nothing(self):
        for _ in range(20):
            self.get("/v1/random?bytes=5000")
            self.get("/v1/random?bytes=100", "-I")
        self.assertEqual(self.get("/v1/random?bytes=1000").status, 200)


class LongQuota(Web):
    config = {"limits": {"identity_bytes_per_second": 400_000, "identity_burst_bytes": 50_000}}

    def test_a_long_answer_flows_at_the_allowed_rate(self):
        answer = self.get("/v1/random?bytes=600000&type=drbg")
        self.assertEqual((answer.status, len(answer.body)), (200, 600_000))


class Tokens(Web):
    config = {"server": {"log_level": "debug"}, "limits": {"identity_bytes_per_day": 100}}

    def test_tokens_come_and_go_without_a_restart(self):
        clients = Clients(self.server)
        guess = "A" * 43
        self.assertEqual(self.get("/v1/random", "-H", f"Authorization: Bearer {guess}").status, 401)
        token = clients.token("web")
        other = clients.token("small", "--bytes-per-day", "50")
        by_bearer = self.get("/v1/random?bytes=1000", "-H", f"Authorization: Bearer {token}")
        self.assertEqual((by_bearer.status, by_bearer.header("RateLimit")), (200, None))
        self.assertEqual(self.get("/v1/random?bytes=1000", "-H", f"X-API-KEY: {token}").status, 200)
        self.assertEqual(self.get("/v1/random?bytes=1000", "-H", f"authorization: bearer   {token}").status, 200)
        self.assertIn(self.get("/v1/random?bytes=51", "-H", f"X-API-KEY: {other}").status, (413, 429))
        self.assertEqual(self.get("/v1/random?bytes=50", "-H", f"X-API-KEY: {other}").status, 200)
        self.assertEqual(self.get("/v1/random?bytes=1", "-H", f"X-API-KEY: {other}").status, 429)
        self.assertEqual(self.get("/v1/random?bytes=100").status, 200, "anonymous has its own allowance")
        self.assertEqual(self.get("/v1/random?bytes=1").status, 429)

        wrong = self.get("/v1/random", "-H", f"Authorization: Bearer {token[:-1]}")
        self.assertProblem(wrong, 401, "unauthorized")
        self.assertRegex(wrong.header("WWW-Authenticate"), r'\ABearer realm="qeaas", error="invalid_token"\Z')
        both = self.get("/v1/random", "-H", f"Authorization: Bearer {token}", "-H", f"X-API-KEY: {other}")
        self.assertEqual(both.status, 400)
        self.assertEqual(self.get("/v1/random?bytes=8", "-H", f"Authorization: Bearer {token}", "-H", f"X-API-KEY: {token}").status, 200)

        clients.run("disable", "web")
        self.assertProblem(self.get("/v1/random", "-H", f"X-API-KEY: {token}"), 403, "forbidden")
        clients.run("enable", "web")
        fresh = clients.run("rotate", "web").out.strip()
        self.assertEqual(self.get("/v1/random", "-H", f"X-API-KEY: {token}").status, 401)
        self.assertEqual(self.get("/v1/random", "-H", f"X-API-KEY: {fresh}").status, 200)

        clients.run("disable", "anonymous")
        stranger = self.get("/v1/random")
        self.assertProblem(stranger, 401, "unauthorized")
        self.assertEqual(stranger.header("WWW-Authenticate"), 'Bearer realm="qeaas"')
        self.assertEqual(self.get("/v1/random", "-H", f"X-API-KEY: {fresh}").status, 200)
        clients.run("remove", "web")
        self.assertEqual(self.get("/v1/random", "-H", f"X-API-KEY: {fresh}").status, 401)
        for secret in (guess, token, other, fresh):
            self.assertNotIn(secret, self.server.log.text())

    def test_a_token_on_an_open_connection_counts_for_its_request_alone(self):
        clients = Clients(self.server)
        token = clients.token("web")
        wire = self.wire()
        self.assertEqual(wire.fetch("/v1/random?bytes=5000", headers=[f"X-API-KEY: {token}"]).status, 200)
        self.assertIn(wire.fetch("/v1/random?bytes=5000").status, (413, 429))
        clients.run("disable", "web")
        self.assertEqual(wire.fetch("/v1/random?bytes=8", headers=[f"X-API-KEY: {token}"]).status, 403)

    def test_trailers_are_no_header_fields(self):
        token = Clients(self.server).token("web")
        wire = self.wire()
        body = b'{"block_size": 5000}'
        wire.send(b"POST /v1/entropy HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\nX-API-KEY: %s\r\nHost: b\r\n\r\n"
                  % (len(body), body, token.encode()))
        self.assertIn(wire.answer().status, (413, 429), "the caller stays anonymous (RFC 9110 6.5.1)")


class Silence(Web):
    config = {"server": {"log_level": "debug"}}

    def test_neither_tokens_nor_random_bytes_are_logged(self):
        token = Clients(self.server).token("web")
        secrets = [token]
        for kind in ("direct", "mixed", "drbg"):
            answer = self.get(f"/v1/random?bytes=8&type={kind}", "-H", f"X-API-KEY: {token}")
            secrets += [answer.body.hex(), base64.b64encode(answer.body).decode()]
            secrets.append(self.get(f"/v1/random?bytes=8&type={kind}", "-H", "Accept: text/plain").body.decode().strip())
        secrets.append(str(self.get("/random_number/8").json()["random_number"]))
        secrets.append(self.get("/random_number/16").json()["random_number"])
        secrets += self.get("/v1/entropy", "-H", "Content-Type: application/json", "-d", '{"block_size": 9}').json()["entropy"]
        self.get("/v1/random?bytes=x&token=" + token)
        self.get("/" + token)
        curl(self.server.https + "/v1/random", "-H", f"Authorization: Bearer {token}", ca=self.server.ca)
        self.server.stop()
        log = self.server.log.text()
        for secret in secrets:
            self.assertNotIn(secret, log)
            self.assertNotIn(secret.upper(), log)


class Tls(Web):
    def test_curl_verifies_us(self):
        answer = curl(self.server.https.replace("127.0.0.1", "localhost") + "/v1/random?bytes=100", "--http1.1", ca=self.server.ca)
        self.assertEqual((answer.status, len(answer.body)), (200, 100))
        refused = run([shutil.which("curl"), "-sS", self.server.https + "/healthz"])
        self.assertEqual(refused.code, 60, "curl does not know this CA")
        old = run([shutil.which("curl"), "-sS", "--cacert", self.server.ca, "--tls-max", "1.2", self.server.https + "/healthz"])
        self.assertNotEqual(old.code, 0, "TLS 1.3 only")

    def test_alpn_and_version(self):
        context = ssl.create_default_context(cafile=self.server.ca)
        context.set_alpn_protocols(["h2", "http/1.1"])
        raw = socket.create_connection(address_of(self.server.https))
        with context.wrap_socket(raw, server_hostname="localhost") as secure:
            self.assertEqual(secure.version(), "TLSv1.3")
            self.assertIn(secure.selected_alpn_protocol(), ("http/1.1", None))

    def test_one_connection_serves_many(self):
        wire = Wire(self, self.server.https, ca=self.server.ca)
        for size in (1, 16384, 16385, 65536, 300_000):
            self.assertEqual(len(wire.fetch(f"/v1/random?bytes={size}&type=drbg").body), size)


class ClientCertificates(Case):
    def setUp(self):
        self.place = self.folder()
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=roots",
                "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", self.place / "ca.key", "-out", self.place / "ca.pem")
        self.make("known")
        self.make("unknown")

    def make(self, name):
        key, asked, certificate = (self.place / f"{name}.{kind}" for kind in ("key", "csr", "pem"))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", asked)
        extensions = self.place / "extensions"  # without any, openssl makes certificates of version 1, which are not taken
        extensions.write_text("extendedKeyUsage = clientAuth\n")
        openssl("x509", "-req", "-in", asked, "-CA", self.place / "ca.pem", "-CAkey", self.place / "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", extensions, "-out", certificate)

    def start(self, *methods):
        server = self.serve({"https": {"client_auth": list(methods), "client_ca": str(self.place / "ca.pem")},
                             "limits": {"identity_bytes_per_day": 100}})
        clients = Clients(server)
        clients.run("add", "machine", "--certificate", self.place / "known.pem")
        clients.run("quota", "machine", "--unlimited")
        return server

    def command(self, server, path, *arguments):
        return run([need_program(shutil.which("curl")), "-sS", "-f", "--cacert", server.ca, *arguments, server.https + path])

    def with_key(self, name):
        return ["--cert", self.place / f"{name}.pem", "--key", self.place / f"{name}.key"]

    def test_a_certificate_is_an_identity(self):
        server = self.start("certificate")
        self.assertEqual(len(self.assertDone(self.command(server, "/v1/random?bytes=5000", *self.with_key("known"))).raw), 5000)
        self.assertNotEqual(self.command(server, "/v1/random").code, 0, "nobody without a certificate")
        self.assertNotEqual(self.command(server, "/v1/random", *self.with_key("unknown")).code, 0, "signed, and in no row of the table")
        Clients(server).run("disable", "machine")
        self.assertNotEqual(self.command(server, "/v1/random?bytes=10", *self.with_key("known")).code, 0)

    def test_optional(self):
        server = self.start("none", "certificate")
        self.assertEqual(len(self.assertDone(self.command(server, "/v1/random?bytes=5000", *self.with_key("known"))).raw), 5000)
        self.assertEqual(len(self.assertDone(self.command(server, "/v1/random?bytes=100")).raw), 100)
        self.assertNotEqual(self.command(server, "/v1/random?bytes=100").code, 0, "anonymous has its own allowance")
        token = Clients(server).token("web", "--bytes-per-day", "60")
        self.assertDone(self.command(server, "/v1/random?bytes=60", "-H", f"X-API-KEY: {token}", *self.with_key("known")))
        self.assertNotEqual(self.command(server, "/v1/random?bytes=60", "-H", f"X-API-KEY: {token}", *self.with_key("known")).code, 0,
                            "a token wins over the certificate")


class Stopping(Web):
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
