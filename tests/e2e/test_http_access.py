# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may draw how much over HTTP and HTTPS: quotas and their fields, API tokens, client certificates; and that no secret is logged."""
import base64
import re
import shutil
import socket
import ssl

from harness import Case, main, need_program, run
from httpc import Clients, Web, Wire, address_of, curl, openssl


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


if __name__ == "__main__":
    main()
