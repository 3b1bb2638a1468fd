# SPDX-License-Identifier: GPL-3.0-or-later
"""The forward proxy (RFC 7252 5.7) against HTTP origins of Python's own: the paper's request by libcoap's client over CoAPS, and every
refusal and limit by a CoAP client of our own over plain CoAP."""
import contextlib
import http.server
import json
import shutil
import socket
import ssl
import subprocess
import threading

from coap import (ACCEPT, ACK, BLOCK2, CBOR, CON, CONTENT_FORMAT, ECHO, ETAG, JSON, MAX_AGE, NON, OBSERVE, POST, PROBLEM, PROXY_SCHEME,
                  PROXY_URI, URI_HOST, URI_PORT, URI_QUERY, Client, Message, cbor, uint)
from harness import LIBCOAP, PATIENCE, Case, main, need_program, run

TITLE = -1
PAPER = b'{"return": 0, "random_number": 4711}'


class Origin(http.server.ThreadingHTTPServer):
    """An HTTP origin on a port that the system chooses. `release` lets /slow go on."""
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, case, tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.asked = []
        self.elsewhere = ""
        self.arrived = threading.Condition()
        self.release = threading.Event()
        thread = threading.Thread(target=self.serve_forever, daemon=True)
        thread.start()

        def stop():
            self.release.set()
            self.shutdown()
            thread.join()
            self.server_close()
        case.addCleanup(stop)

    def handle_error(self, request, client_address):
        pass  # a proxy that hangs up is what the tests are about

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def note(self, handler):
        with self.arrived:
            self.asked.append((handler.path, dict(handler.headers)))
            self.arrived.notify_all()

    def wait_for(self, count):
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.asked) >= count, PATIENCE), f"{len(self.asked)} of {count} requests came"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, body, status=200, kind="application/json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.server.note(self)
        path = self.path.split("?")[0]
        if path.startswith("/random_number/"):
            self.answer(PAPER)
        elif path == "/slow":
            self.server.release.wait(PATIENCE)
            self.answer(b"late", kind="text/plain")
        elif path == "/large":
            self.answer(bytes(range(256)) * 20, kind="application/octet-stream")
        elif path == "/too-large":
            self.answer(bytes(65537), kind="application/octet-stream")
        elif path == "/fresh":
            self.answer(b"%d" % len(self.server.asked), Cache_Control="max-age=600")
        elif path == "/validated":
            known = self.headers.get("If-None-Match") == '"v1"'
            self.answer(b"" if known else b"document", 304 if known else 200, Cache_Control="max-age=1", ETag='"v1"')
        elif path == "/secret":
            self.answer(b"%d" % len(self.server.asked), Cache_Control="no-store, max-age=600")
        elif path == "/redirect":
            self.answer(b"", 302, Location=self.server.elsewhere)
        else:
            self.answer(b"<h1>no</h1>", 404, kind="text/html")


class Libcoap(Case):
    """As the paper writes it, through CoAPS, from a client that is not ours."""

    def setUp(self):
        self.client = need_program(LIBCOAP / "bin" / "coap-client")
        self.origin = Origin(self)
        self.server = self.serve({"proxy": {"origins": [self.origin.url]}})

    def fetch(self, path, *arguments, origin=None):
        return run([self.client, "-R", self.server.ca, "-o", "-", "-B", "60", "-m", "get", *arguments, "-P", self.server.url,
                    f"{origin or self.origin.url}{path}"])

    def test_the_papers_request(self):
        answer = self.assertDone(self.fetch("/random_number/8"))
        self.assertEqual(answer.raw, PAPER, str(answer))
        self.assertEqual(self.origin.asked[0][0], "/random_number/8")

    def test_non_confirmable(self):
        self.assertEqual(self.assertDone(self.fetch("/random_number/8", "-N")).raw, PAPER)

    def test_large_bodies_in_blocks(self):
        answer = self.assertDone(self.fetch("/large"))
        self.assertEqual(answer.raw, bytes(range(256)) * 20)
        self.assertEqual(self.assertDone(self.fetch("/large", "-b", "64")).raw, bytes(range(256)) * 20)
        self.assertEqual(len(self.origin.asked), 2, "blocks are served from one fetch")

    def test_an_origin_off_the_list(self):
        other = Origin(self)
        answer = self.fetch("/random_number/8", origin=other.url)
        self.assertIn("5.05", answer.out + answer.err)
        self.assertEqual(other.asked, [])


class BuiltInList(Case):
    def test_the_papers_address_is_on_it(self):
        """Whatever listens on 127.0.0.1:6065, or nothing: the request is not refused as off the list, and others are."""
        server = self.serve({"coap": {"enabled": True, "listen": ["127.0.0.1:0"]}, "proxy": {"plain_coap": True, "timeout_seconds": 2}})
        client = ProxyClient(self, server.plain_port)
        self.assertNotEqual(client.get("http://127.0.0.1:6065/random_number/8").code_text, "5.05")
        self.assertEqual(client.get("http://127.0.0.1:6067/").code_text, "5.05")
        self.assertEqual(client.get("http://localhost:6065/").code_text, "5.05")


class ProxyClient(Client):
    """Knows separate responses: it takes the empty acknowledgement, waits, and acknowledges."""

    def exchange(self, asked):
        self.send(asked)
        return self.await_answer(asked)

    def await_answer(self, *asked):
        """The next response to one of these."""
        while True:
            answer = self.receive()
            if not answer.code or answer.token not in [message.token for message in asked]:
                continue
            if answer.type == CON:
                self.send(Message(ACK, 0, answer.id))
            return answer

    def proxied(self, uri, options=(), **named):
        return self.make("", options=[(PROXY_URI, uri.encode()), *options], **named)

    def get(self, uri, options=(), **named):
        answer = self.exchange(self.proxied(uri, options, **named))
        if answer.code_text != "4.01" or answer.option(ECHO) is None:
            return answer
        return self.exchange(self.proxied(uri, [*options, (ECHO, answer.option(ECHO))], **named))


class Plain(Case):
    CONFIG = {}

    def setUp(self):
        self.origin = Origin(self)
        self.server, self.client = self.start(self.CONFIG)

    def start(self, config, origins=()):
        server = self.serve({"server": {"workers": 1, "drain_seconds": 60}, "coap": {"enabled": True, "listen": ["127.0.0.1:0"]},
                             "proxy": {"origins": [self.origin.url, *origins], "plain_coap": True, **config}})
        return server, ProxyClient(self, server.plain_port)

    def get(self, path, *arguments, **named):
        return self.client.get(self.origin.url + path, *arguments, **named)

    def assert_refused(self, answer, code, title):
        self.assertEqual((answer.code_text, answer.number(CONTENT_FORMAT)), (code, PROBLEM))
        self.assertEqual(cbor(answer.payload)[TITLE], title)
        return answer


class Answers(Plain):
    def test_json(self):
        answer = self.get("/random_number/8")
        self.assertEqual((answer.code_text, answer.type, answer.number(CONTENT_FORMAT), answer.number(MAX_AGE)), ("2.05", CON, JSON, 0))
        self.assertEqual(json.loads(answer.payload)["random_number"], 4711)
        headers = self.origin.asked[0][1]
        self.assertEqual(set(headers), {"Host", "User-Agent", "Accept"})

    def test_accept(self):
        self.assertEqual(self.get("/random_number/8", [(ACCEPT, uint(JSON))]).code_text, "2.05")
        self.assertEqual(self.origin.asked[-1][1]["Accept"], "application/json")
        self.assert_refused(self.get("/random_number/8", [(ACCEPT, uint(CBOR))]), "4.06", "unsupported")

    def test_proxy_scheme(self):
        options = [(PROXY_SCHEME, b"http"), (URI_HOST, b"127.0.0.1"), (URI_PORT, uint(self.origin.server_port)), (URI_QUERY, b"a=1")]
        self.get("/random_number/8")  # the address is proved
        answer = self.client.exchange(self.client.make("random_number/8", options=options))
        self.assertEqual((answer.code_text, answer.payload), ("2.05", PAPER))
        self.assertEqual(self.origin.asked[-1][0], "/random_number/8?a=1")

    def test_non_confirmable(self):
        self.get("/random_number/8")
        self.assertEqual((self.get("/random_number/8", kind=NON).type), NON)

    def test_duplicates_are_fetched_once(self):
        self.get("/random_number/8")
        asked = self.client.proxied(self.origin.url + "/slow")
        self.client.send(asked)
        self.origin.wait_for(2)
        for _ in range(3):
            self.client.send(asked)
        empty = [self.client.receive() for _ in range(4)]
        self.assertEqual([(m.type, m.code, m.id) for m in empty], [(ACK, 0, asked.id)] * 4)
        self.origin.release.set()
        self.assertEqual(self.client.await_answer(asked).payload, b"late")
        self.assertEqual(len(self.origin.asked), 2)

    def test_observe_is_not_registered(self):
        answer = self.get("/random_number/8", [(OBSERVE, b"")])
        self.assertEqual((answer.code_text, answer.option(OBSERVE)), ("2.05", None))

    def test_blocks(self):
        first = self.get("/large", [(BLOCK2, uint(2))])
        body, number = first.payload, 1
        while True:
            block = self.client.exchange(self.client.proxied(self.origin.url + "/large", [(BLOCK2, uint(number << 4 | 2))]))
            self.assertEqual((block.code_text, block.option(ETAG)), ("2.05", first.option(ETAG)))
            body += block.payload
            number += 1
            if not block.number(BLOCK2) & 8:
                break
        self.assertEqual(body, bytes(range(256)) * 20)
        self.assertEqual(len(self.origin.asked), 1)


class Refusals(Plain):
    def test_what_is_not_on_the_list(self):
        other = Origin(self)
        port = self.origin.server_port
        for uri in (other.url + "/", f"http://localhost:{port}/", f"http://127.0.0.2:{port}/", f"https://127.0.0.1:{port}/", f"http://[::1]:{port}/",
                    f"http://[::ffff:127.0.0.1]:{port}/", "http://169.254.169.254/latest/meta-data/", "http://192.168.0.1/", "http://example.org/"):
            self.assert_refused(self.client.get(uri), "5.05", "refused")
        self.assertEqual((self.origin.asked, other.asked), ([], []))

    def test_other_schemes(self):
        for uri in ("file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO", "ftp://127.0.0.1/", "coap://127.0.0.1/random", "dict://127.0.0.1:11211/"):
            self.assert_refused(self.client.get(uri), "5.05", "unsupported")

    def test_addresses_that_parsers_disagree_about(self):
        port = self.origin.server_port
        for uri in (f"http://user@127.0.0.1:{port}/", f"http://2130706433:{port}/", f"http://0x7f.1:{port}/", f"http://0177.0.0.1:{port}/",
                    f"http://127.1:{port}/", f"http://127.0.0.1:{port}@example.org/", f"http://127.0.0.1:{port}#@example.org/",
                    f"http://127.0.0.1:{port}\\@example.org/", f"http://127.0.0.1:{port}/ HTTP/1.1\r\nX: y", "//127.0.0.1/", "/random", "http://"):
            self.assert_refused(self.client.get(uri), "4.02", "malformed")
        self.assertEqual(self.origin.asked, [])

    def test_other_methods(self):
        self.assert_refused(self.get("/random_number/8", code=POST), "4.05", "unsupported")

    def test_redirects(self):
        other, off = Origin(self), Origin(self)
        server, self.client = self.start({}, [other.url])
        for location in ("/random_number/1", other.url + "/random_number/1"):
            self.origin.elsewhere = location
            self.assertEqual(self.get("/redirect").payload, PAPER, location)
        for location in (off.url + "/random_number/1", "file:///etc/passwd", f"http://localhost:{other.server_port}/", "http://169.254.169.254/"):
            self.origin.elsewhere = location
            self.assert_refused(self.get("/redirect"), "5.05", "refused")
        self.origin.elsewhere = "/redirect"
        self.assert_refused(self.get("/redirect"), "5.02", "malformed")
        self.assertEqual(off.asked, [])
        self.assertIsNone(server.process.poll())

    def test_what_the_origin_says_in_an_error_stays_there(self):
        answer = self.assert_refused(self.get("/nowhere"), "4.04", "not_found")
        self.assertNotIn(b"<h1>", answer.payload)

    def test_too_large(self):
        self.assert_refused(self.get("/too-large"), "5.02", "too_large")

    def test_an_origin_that_is_down(self):
        with contextlib.closing(socket.socket()) as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}"
            _, self.client = self.start({}, [url])
            self.assert_refused(self.client.get(url + "/"), "5.02", "unreachable")

    def test_plain_coap_is_not_served_by_default(self):
        _, self.client = self.start({"plain_coap": False})
        self.assert_refused(self.get("/random_number/8"), "5.05", "unsupported")

    def test_off(self):
        _, self.client = self.start({"enabled": False})
        self.assert_refused(self.get("/random_number/8"), "5.05", "unsupported")


class Limits(Plain):
    CONFIG = {"timeout_seconds": 1}

    def test_a_slow_origin(self):
        self.assert_refused(self.get("/slow"), "5.04", "timeout")

    def test_forty_at_once(self):
        server, _ = self.start({"max_concurrent": 16, "timeout_seconds": 100})
        clients = [ProxyClient(self, server.plain_port) for _ in range(40)]
        for client in clients:
            self.assertEqual(client.get(self.origin.url + "/random_number/8").code_text, "2.05")  # the address is proved
        asked = [client.proxied(self.origin.url + "/slow") for client in clients]
        for client, message in zip(clients, asked):
            client.send(message)
        first = [client.receive() for client in clients]
        waiting = [n for n, answer in enumerate(first) if answer.code == 0]
        self.assertEqual(len(waiting), 16)
        for n, answer in enumerate(first):
            if n not in waiting:
                self.assert_refused(answer, "5.03", "no_space")
                self.assertGreater(answer.number(MAX_AGE), 0)
        self.origin.wait_for(40 + 16)
        self.origin.release.set()
        for n in waiting:
            self.assertEqual(clients[n].await_answer(asked[n]).payload, b"late")
        self.assertEqual(clients[-1].get(self.origin.url + "/random_number/8").code_text, "2.05")

    def test_four_for_one_client(self):
        _, self.client = self.start({"timeout_seconds": 100})
        self.get("/random_number/8")
        asked = [self.client.proxied(self.origin.url + "/slow") for _ in range(5)]
        codes = []
        for message in asked:
            self.client.send(message)
            codes.append(self.client.receive().code_text)
        self.assertEqual(codes, ["0.00"] * 4 + ["4.29"])
        self.origin.wait_for(5)
        self.origin.release.set()
        answers = {answer.token: answer.payload for answer in (self.client.await_answer(*asked[:4]) for _ in range(4))}
        self.assertEqual(answers, {message.token: b"late" for message in asked[:4]})

    def test_sigterm_lets_fetches_end(self):
        server, self.client = self.start({"timeout_seconds": 100})
        self.get("/random_number/8")
        asked = self.client.proxied(self.origin.url + "/slow")
        self.client.send(asked)
        self.origin.wait_for(2)
        server.signal(15)
        server.log.wait("draining")
        self.origin.release.set()
        self.assertEqual(self.client.await_answer(asked).payload, b"late")
        self.assertEqual(server.stop(), 0)


class Cache(Plain):
    def test_fresh_answers_are_fetched_once(self):
        first, second = self.get("/fresh"), self.get("/fresh")
        self.assertEqual((first.payload, second.payload), (b"1", b"1"))
        self.assertEqual((second.type, second.code_text), (ACK, "2.05"))
        self.assertTrue(0 < second.number(MAX_AGE) <= first.number(MAX_AGE) <= 600)
        self.assertEqual(len(self.origin.asked), 1)

    def test_no_store_and_answers_without_a_lifetime_are_fetched_each_time(self):
        self.assertEqual([self.get("/secret").payload for _ in range(3)], [b"1", b"2", b"3"])
        self.get("/random_number/8")
        self.get("/random_number/8")
        self.assertEqual(len(self.origin.asked), 5)

    def test_nothing_is_cached_when_switched_off(self):
        _, self.client = self.start({"cache_bytes": 0})
        self.assertEqual([self.get("/fresh").payload for _ in range(2)], [b"1", b"2"])

    def test_a_client_validates(self):
        first = self.get("/validated")
        self.assertEqual(first.payload, b"document")
        again = self.get("/validated", [(ETAG, first.option(ETAG))])
        self.assertEqual((again.code_text, again.payload, again.option(ETAG)), ("2.03", b"", first.option(ETAG)))


class Tls(Plain):
    def setUp(self):
        openssl = need_program(shutil.which("openssl") or "/usr/bin/openssl")
        folder = self.folder()
        self.certificate = folder / "origin.pem"
        subprocess.run([openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=origin",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "origin.key", "-out", self.certificate],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, folder / "origin.key")
        self.origin = Origin(self, context)
        self.url = f"https://127.0.0.1:{self.origin.server_port}"

    def test_a_trusted_certificate(self):
        _, client = self.start({"ca_file": str(self.certificate)}, [self.url])
        self.assertEqual(client.get(self.url + "/random_number/8").payload, PAPER)

    def test_an_unknown_certificate(self):
        _, client = self.start({}, [self.url])
        self.assert_refused(client.get(self.url + "/random_number/8"), "5.02", "not_trusted")
        self.assertEqual(self.origin.asked, [])


if __name__ == "__main__":
    main()
