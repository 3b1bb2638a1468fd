# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server says of itself: /openapi.json, kept by every route; /metrics by a strict parser; probes and reports, also in an alarm."""
import re
import shutil
import socket
import ssl

from harness import main, run
from httpc import Answer, Clients, Web, Wire, address_of, curl, request

EVERYTHING = {"http": {"pollen": True, "anu": True, "qrypt": True}}
STARVED = {"id": "sim", "type": "photon", "seed": 7, "fault": "stuck", "fault_onset_samples": 200_000}
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

    def test_metrics_of_the_other_doors(self):
        before = self.metrics()
        self.assertDone(self.server.get("33"))
        with socket.socket(socket.AF_UNIX) as local:
            local.connect(str(self.server.local))
            local.sendall(bytes([0x03, 0, 8, 2]) + b"xx" + bytes([0x02, 17]))
            self.assertEqual(len(local.recv(17, socket.MSG_WAITALL)), 17)
            after = self.metrics()
        grown = {name: after[name, labels] - before[name, labels] for name, labels in after if (name, labels) in before}
        expected = {"coap_requests": 1, "coap_draws": 1, "coap_random_bytes": 33, "coap_refusals": 0, "coap_rejected": 0, "proxy_fetches": 0,
                    "local_connections": 1, "local_random_bytes": 17, "local_mixed_in_bytes": 2, "local_connections_refused": 0}
        self.assertEqual({name: grown[f"qeaas_{name}_total"] for name in expected}, expected)
        self.assertEqual(after["qeaas_local_connections", ()], 1)

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


if __name__ == "__main__":
    main()
