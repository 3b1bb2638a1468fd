# SPDX-License-Identifier: GPL-3.0-or-later
"""The shapes of other services, each by a client of the kind that its users have: the seeds' server, the QRNG Open API (also by our own
remote source), pollen (by pollinate itself), ANU and Qrypt; and the paper's request through the proxy."""
import base64
import hashlib
import json
import os
import shutil

from harness import LIBCOAP, PHOTON, Case, main, need_program, run
from httpc import Clients, Wire, curl

OTHERS = {"http": {"pollen": True, "anu": True, "qrypt": True}}


class Shape(Case):
    config = OTHERS

    def setUp(self):
        self.server = self.serve(self.config)

    def get(self, path, *arguments):
        return curl(*arguments, self.server.http + path)

    def assertEntropy(self, answer, media_type="application/json"):
        self.assertEqual((answer.status, answer.media_type, answer.header("Cache-Control")), (200, media_type, "no-store"), answer)
        self.assertEqual((answer.header("Entropy-Source"), answer.header("Entropy-Simulated")), ("sim;simulated", "true"))
        return answer


class Seeds(Shape):
    def test_every_length(self):
        wire = Wire(self, self.server.http)
        seen = set()
        for n in range(1, 257):
            document = self.assertEntropy(wire.fetch(f"/random_number/{n}")).json()
            self.assertEqual((set(document), document["return"]), ({"return", "random_number"}, 0))
            number = document["random_number"]
            if n <= 8:
                self.assertIsInstance(number, int)
                self.assertTrue(0 <= number < 1 << 8 * n, n)
            else:
                self.assertRegex(number, rf"\A[0-9a-f]{{{2 * n}}}\Z")
                seen.add(number[:18])
        self.assertEqual(len(seen), 248)

    def test_the_whole_range_is_used(self):
        wire = Wire(self, self.server.http)
        numbers = [wire.fetch("/random_number/8").json()["random_number"] for _ in range(64)]
        self.assertTrue(any(number >> 63 for number in numbers), "an unsigned integer of 64 bits")
        self.assertFalse(all(number >> 63 for number in numbers))
        self.assertEqual(len(set(numbers)), 64)
        self.assertEqual({wire.fetch("/random_number/1").json()["random_number"] >> 4 for _ in range(400)}, set(range(16)))

    def test_mistakes(self):
        for wrong in ("0", "257", "-1", "+8", "8.0", "x", "0x8", "8a", "99999999999999999999999"):
            answer = self.get(f"/random_number/{wrong}")
            self.assertEqual((answer.status, answer.media_type), (400, "application/json"), wrong)
            self.assertEqual((answer.json()["return"], set(answer.json())), (1, {"return", "error_message"}), wrong)
            self.assertTrue(answer.json()["error_message"])


class Remote(Case):
    """One qeaasd draws from another by the QRNG Open API, over HTTPS, with a token of its own."""

    def far(self, source):
        far = self.serve({"source": [source]})
        clients = Clients(far)
        token = self.folder() / "token"
        token.write_text(clients.token("near") + "\n")
        token.chmod(0o600)
        clients.run("disable", "anonymous")
        source = {"id": "far", "type": "remote", "url": far.https, "ca_file": str(far.ca), "token_file": str(token)}
        return far, clients, source

    def test_provenance_says_remote(self):
        far, _, source = self.far({"id": "jitter", "type": "jitter"})
        source["trust_far_end"] = False
        near = self.serve({"source": [{**PHOTON, "id": "here"}, {**source, "contribute": True}]})
        near.log.wait("source far is healthy")
        # What contributes is named where it did; its first blocks may come a moment later.
        for _ in range(500):
            answer = curl(near.http + "/v1/random?bytes=64", "-H", "Accept: application/json")
            if "far" in answer.header("Entropy-Source"):
                break
        kinds = {one["id"]: one["kind"] for one in answer.json()["sources"]}
        self.assertEqual(kinds, {"here": "simulated", "far": "remote"}, answer)
        self.assertIn("far;remote", answer.header("Entropy-Source"))
        listed = {one["id"]: one for one in curl(near.http + "/v1/sources").json()["sources"]}
        self.assertEqual((listed["far"]["kind"], listed["far"]["state"]), ("remote", "healthy"))
        self.assertGreater(curl(far.http + "/v1/sources").json()["sources"][0]["ledger"]["served_bits"], 0)
        said = json.loads(self.assertDone(near.get("32", "--json")).out)["servers"][0]["sources"]
        self.assertIn("remote", [one["kind"] for one in said])

    def test_simulated_bytes_are_never_passed_on(self):
        _, _, source = self.far(PHOTON)
        near = self.serve({"source": [{**PHOTON, "id": "here"}, {**source, "contribute": True}]})
        near.log.wait(r"it serves simulated bytes")
        self.assertEqual(curl(near.http + "/v1/random").header("Entropy-Source"), "here;simulated")

    def test_a_token_that_is_withdrawn_ends_it(self):
        _, clients, source = self.far({"id": "jitter", "type": "jitter"})
        near = self.serve({"source": [{**PHOTON, "id": "here"}, {**source, "contribute": True, "timeout_seconds": 5}]})
        near.log.wait("source far is healthy")
        since = near.log.mark()
        clients.run("disable", "near")
        wire = Wire(self, near.http)
        while "source far is gone" not in near.log.text():
            self.assertIn(wire.fetch("/v1/random?bytes=4096").status, (200, 503))
        near.log.wait("source far is gone", since)
        self.assertNotIn("far", wire.fetch("/v1/random?bytes=32").header("Entropy-Source") or "")


class Pollen(Shape):
    def pollinate(self, url, *arguments):
        program = need_program(shutil.which("pollinate") or "/usr/bin/pollinate")
        need_program(shutil.which("xxd") or "/usr/bin/xxd")
        home = self.folder()
        # logger(1) fails where no system log listens, which is no concern of the protocol.
        (home / "logger").write_text("#!/bin/sh\necho \"$@\" >> \"$POLLINATE_LOG\"\n")
        (home / "logger").chmod(0o755)
        log = home / "log"
        log.touch()
        env = {**os.environ, "TMPDIR": str(home), "HOME": str(home), "POLLINATE_LOG": str(log), "PATH": f"{home}:{os.environ['PATH']}"}
        result = run([program, "--testing", "--strict", "-s", url, *arguments], env=env)
        return result, log.read_text()

    def test_pollinate_takes_its_seed(self):
        result, log = self.pollinate(self.server.http)
        self.assertDone(result)
        self.assertIn("client verified challenge/response", log)
        self.assertIn("client successfully seeded", log)
        self.assertEqual(len(result.raw), 64, "a hash of what we sent, in binary")
        again, _ = self.pollinate(self.server.http)
        self.assertNotEqual(result.raw, again.raw)

    def test_over_https(self):
        result, log = self.pollinate(self.server.https, "-c", f"--cacert {self.server.ca}")
        self.assertDone(result)
        self.assertIn("client successfully seeded", log)

    def test_by_curl(self):
        answer = self.assertEntropy(self.get("/", "--data", "challenge=4711"), "text/plain")
        self.assertRegex(answer.body, rb"\A[0-9a-f]{128}\n[0-9a-f]{128}\n\Z")
        self.assertEqual(answer.body.split()[0].decode(), hashlib.sha512(b"4711").hexdigest())
        self.assertNotEqual(answer.body.split()[1], self.get("/", "--data", "challenge=4711").body.split()[1])
        encoded = self.get("/", "--data-urlencode", "challenge=a b&c=d%e+\u00e4", "--data", "more=1")
        self.assertEqual(encoded.body.split()[0].decode(), hashlib.sha512("a b&c=d%e+\u00e4".encode()).hexdigest())
        plus = self.get("/", "--data", "challenge=a+b")
        self.assertEqual(plus.body.split()[0].decode(), hashlib.sha512(b"a b").hexdigest(), "a form writes a space as +")
        for wrong in ("", "challenge=", "other=1"):
            self.assertEqual((self.get("/", "--data", wrong).status, self.get("/", "--data", wrong).media_type), (400, "text/plain"), wrong)
        self.assertIn(self.get("/", "--data", "challenge=" + "x" * 2000).status, (400, 413))


class Anu(Shape):
    def fetch(self, query):
        return self.get("/API/jsonI.php?" + query)

    def test_numbers(self):
        for kind, limit in (("uint8", 256), ("uint16", 65536)):
            document = self.assertEntropy(self.fetch(f"length=1024&type={kind}")).json()
            self.assertEqual((document["success"], document["type"], document["length"], len(document["data"])), (True, kind, 1024, 1024))
            self.assertTrue(all(isinstance(value, int) and 0 <= value < limit for value in document["data"]))
            self.assertGreater(max(document["data"]), limit * 0.9)

    def test_hexadecimal(self):
        for kind, digits in (("hex8", 2), ("hex16", 4)):
            for size in (1, 6):
                document = self.assertEntropy(self.fetch(f"length=10&type={kind}&size={size}")).json()
                self.assertEqual((document["success"], document["type"], document["length"], document["size"]), (True, "string", 10, size))
                self.assertEqual([len(bytes.fromhex(item)) * 2 for item in document["data"]], [digits * size] * 10)

    def test_mistakes(self):
        for query in ("", "length=10", "type=uint8", "length=0&type=uint8", "length=1025&type=uint8", "length=x&type=uint8", "length=1&type=float",
                      "length=1024&type=hex16&size=1024", "length=1&type=hex8&size=0"):
            answer = self.fetch(query)
            self.assertEqual((answer.status, answer.media_type, answer.json()["success"]), (400, "application/json", False), query)
            self.assertTrue(answer.json()["message"])


class Qrypt(Shape):
    def fetch(self, query):
        return self.get("/api/v1/quantum-entropy?" + query)

    def test_blocks(self):
        for size in (1, 4, 16):
            document = self.assertEntropy(self.fetch(f"size={size}")).json()
            self.assertEqual((set(document), document["size"]), ({"random", "size"}, size))
            blocks = [base64.b64decode(block, validate=True) for block in document["random"]]
            self.assertEqual([len(block) for block in blocks], [1024] * size)
            self.assertEqual(len(set(blocks)), size)

    def test_the_largest(self):
        # More than the reservoirs hold at once: the rest of the answer waits for the sources.
        for size in (65, 128, 512):
            document = self.assertEntropy(self.fetch(f"size={size}")).json()
            blocks = [base64.b64decode(block, validate=True) for block in document["random"]]
            self.assertEqual((document["size"], [len(block) for block in blocks], len(set(blocks))), (size, [1024] * size, size))

    def test_mistakes(self):
        for query in ("", "size=", "size=0", "size=513", "size=x"):
            answer = self.fetch(query)
            self.assertEqual((answer.status, answer.media_type), (400, "application/json"), query)
            self.assertTrue(answer.json()["error"])


class Switches(Case):
    REQUESTS = {"pollen": ("/", "--data", "challenge=1"), "anu": ("/API/jsonI.php?length=1&type=uint8",), "qrypt": ("/api/v1/quantum-entropy?size=1",)}

    def status(self, server, shape):
        path, *arguments = self.REQUESTS[shape]
        return curl(*arguments, server.http + path).status

    def test_each_is_off_unless_switched_on(self):
        for on in (None, *self.REQUESTS):
            server = self.serve({"http": {on: True}} if on else {})
            for shape in self.REQUESTS:
                off = 405 if shape == "pollen" else 404  # the dashboard is at / too, for GET
                self.assertEqual(self.status(server, shape), 200 if shape == on else off, f"{shape} where {on} is on")
            server.stop()

    def test_the_dashboard_can_be_switched_off(self):
        server = self.serve({"http": {"dashboard": False}})
        self.assertEqual(curl(server.http + "/").status, 404)
        self.assertEqual(curl(server.http + "/healthz").status, 200)
        server.stop()
        server = self.serve({"http": {"dashboard": False, "pollen": True}})
        self.assertEqual(curl(server.http + "/").status, 405)
        self.assertEqual(self.status(server, "pollen"), 200)


class Paper(Case):
    """CoAPS GET with Proxy-Uri http://127.0.0.1:PORT/random_number/8, by libcoap's client, to the server that answers there itself."""

    def setUp(self):
        self.client = need_program(LIBCOAP / "bin" / "coap-client")
        # The origin's port must be known before the server starts: one that was free a moment ago.
        first = self.serve()
        port = int(first.http.rsplit(":", 1)[1])
        first.stop()
        self.origin = f"http://127.0.0.1:{port}"
        self.server = self.serve({"http": {"listen": [f"127.0.0.1:{port}"]}, "proxy": {"origins": [self.origin]}})

    def fetch(self, path, *arguments):
        return self.assertDone(run([self.client, "-R", self.server.ca, "-o", "-", "-B", "60", "-m", "get", *arguments, "-P", self.server.url,
                                    self.origin + path]))

    def test_the_papers_request(self):
        numbers = []
        for _ in range(4):
            document = json.loads(self.fetch("/random_number/8").raw)
            self.assertEqual((set(document), document["return"]), ({"return", "random_number"}, 0))
            self.assertTrue(0 <= document["random_number"] < 1 << 64)
            numbers.append(document["random_number"])
        self.assertEqual(len(set(numbers)), 4, "entropy is never cached")

    def test_longer_numbers_and_bytes(self):
        document = json.loads(self.fetch("/random_number/256").raw)
        self.assertEqual(len(bytes.fromhex(document["random_number"])), 256)
        answers = {self.fetch("/v1/random?bytes=2000").raw for _ in range(2)}
        self.assertEqual([len(answer) for answer in answers], [2000, 2000], "in blocks, and two different draws")

    def test_an_error_stays_an_error(self):
        answer = run([self.client, "-R", self.server.ca, "-o", "-", "-B", "60", "-m", "get", "-P", self.server.url, self.origin + "/random_number/257"])
        self.assertIn("4.00", answer.out + answer.err)


if __name__ == "__main__":
    main()
