# SPDX-License-Identifier: GPL-3.0-or-later
"""/v1/stream: by npm's ws, as applications use it, and by hostile frames on a raw connection."""
import json
import os
import pathlib
import shutil
import subprocess

from harness import PATIENCE, PHOTON, Case, main, need_program, run
from httpc import LEAN, MIB, Clients, Wire, curl, forget_peak, memory, request
from websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Socket, credit, frame, handshake

CLIENT = pathlib.Path(__file__).with_name("stream_client.cjs")
WS = os.environ.get("QEAAS_WS", "/nonexistent")


class Library(Case):
    def setUp(self):
        need_program(os.path.join(WS, "node_modules", "ws"))
        self.node = need_program(shutil.which("node") or "/usr/bin/node")
        self.env = {**os.environ, "QEAAS_WS": WS}

    def command(self, server, target="/v1/stream", secure=False, **orders):
        base = (server.https if secure else server.http).replace("http", "ws", 1)
        return [self.node, str(CLIENT), json.dumps({"url": base + target, **({"ca": str(server.ca)} if secure else {}), **orders})]

    def stream(self, server, *arguments, **orders):
        return json.loads(self.assertDone(run(self.command(server, *arguments, **orders), env=self.env)).out)

    def sizes(self, found):
        return {int(size): count for size, count in found["sizes"].items()}

    def test_exactly_what_was_granted(self):
        server = self.serve()
        for kind in ("direct", "mixed", "drbg"):
            found = self.stream(server, f"/v1/stream?type={kind}", total=30_000, window=10_000, ping=True)
            self.assertEqual((found["got"], found["code"]), (30_000, 1000), found)
            self.assertLessEqual(max(self.sizes(found)), 4096)
            self.assertEqual((found["notes"][0]["type"], found["notes"][0]["sources"], found["notes"][0]["simulated"]), (kind, [{"id": "sim", "kind": "simulated", "conditioned": False}], True))
            self.assertEqual(len([note for note in found["notes"] if "sources" in note]), 1, "said once, while nothing changes")

    def test_frame_sizes(self):
        server = self.serve()
        found = self.stream(server, "/v1/stream?type=drbg&frame=1000", total=10_500, window=10_500, ping=True)
        self.assertEqual((found["got"], self.sizes(found)), (10_500, {1000: 10, 500: 1}))
        found = self.stream(server, "/v1/stream?type=drbg&frame=65536", total=3 * 65536, window=3 * 65536)
        self.assertEqual(self.sizes(found), {65536: 3})
        found = self.stream(server, "/v1/stream?type=drbg&frame=1", total=50, window=50)
        self.assertEqual(self.sizes(found), {1: 50})

    def test_without_credit_nothing_comes(self):
        found = self.stream(self.serve(), total=0, window=0, ping=True)
        self.assertEqual((found["got"], found["code"]), (0, 1000))

    def test_fifty_megabytes_over_tls(self):
        server = self.serve(env=LEAN)
        self.stream(server, "/v1/stream?type=drbg&frame=65536", True, total=MIB, window=MIB)
        forget_peak(server)
        before = memory(server)
        found = self.stream(server, "/v1/stream?type=drbg&frame=65536", True, total=50 * MIB, window=8 * MIB, ping=True)
        self.assertEqual((found["got"], found["code"]), (50 * MIB, 1000))
        self.assertLess(memory(server, "VmHWM") - before, 16 * MIB)

    def test_over_quota_is_a_note_and_a_wait(self):
        server = self.serve({"limits": {"identity_bytes_per_second": 2000, "identity_burst_bytes": 2000}})
        found = self.stream(server, "/v1/stream?type=drbg&frame=1000", total=5000, window=5000)
        self.assertEqual((found["got"], found["code"]), (5000, 1000))
        outage = next(note for note in found["notes"] if "error" in note)
        self.assertEqual(outage["error"], "over_quota")
        self.assertGreaterEqual(outage["retry_after"], 1)
        found = self.stream(server, "/v1/stream?type=drbg&frame=4096", total=5000, window=5000, stay=True)
        self.assertEqual((found["got"], found["code"]), (0, 1008), "a frame that no allowance can ever hold")

    def test_close_codes(self):
        server = self.serve()
        for text in ("", "more", "{}", "[]", '{"credit": 0}', '{"credit": -5}', '{"credit": "5"}', '{"credit": 1.5}', '{"credit": 99999999999999999999}'):
            found = self.stream(server, messages=[text], stay=True)
            self.assertEqual((found["code"], found["got"]), (1008, 0), text)
            self.assertIn("credit", found["reason"])
        self.assertEqual(self.stream(server, binary="00ff", stay=True)["code"], 1008)
        self.assertEqual(self.stream(server, messages=["x" * 1025], stay=True)["code"], 1009)

    def test_the_server_says_goodbye(self):
        server = self.serve()
        process = subprocess.Popen(self.command(server, total=1000, window=1000, stay=True, ready=True), env=self.env, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.stderr.readline(), "open\n")
        server.signal(15)
        found = json.loads(process.stdout.readline())
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertEqual(found["code"], 1001)
        self.assertEqual(server.stop(), 0)

    def test_an_alarm_ends_it(self):
        server = self.serve({"service": {"reservoir_blocks": 16}, "source": [{**PHOTON, "seed": 7, "fault": "stuck", "fault_onset_samples": 200_000}]})
        found = self.stream(server, "/v1/stream?type=direct&frame=512", total=10_000_000, window=100_000, stay=True)
        self.assertEqual((found["code"], found["reason"]), (1013, "alarmed"))
        self.assertTrue(0 < found["got"] < 10_000_000)

    def test_who_may_open_one(self):
        server = self.serve()
        self.assertEqual(self.stream(server, total=10, window=10, origin="https://elsewhere.example")["status"], 403)
        here = self.stream(server, total=10, window=10, origin=server.http)
        self.assertEqual((here["got"], here["code"]), (10, 1000), "our own page may")
        self.assertEqual(self.stream(server, "/v1/stream?frame=0", total=1, window=1)["status"], 400)
        clients = Clients(server)
        token = clients.token("app")
        clients.run("disable", "anonymous")
        self.assertEqual(self.stream(server, total=10, window=10)["status"], 401)
        self.assertEqual(self.stream(server, total=10, window=10, headers={"X-API-KEY": "nobody's"})["status"], 401)
        self.assertEqual(self.stream(server, total=10, window=10, headers={"Authorization": f"Bearer {token}"})["got"], 10)

    def test_several_at_once(self):
        server = self.serve()
        processes = [subprocess.Popen(self.command(server, "/v1/stream?type=drbg", total=50_000, window=10_000), env=self.env,
                                      stdout=subprocess.PIPE, text=True) for _ in range(8)]
        found = [json.loads(process.communicate(timeout=PATIENCE)[0]) for process in processes]
        self.assertEqual([(one["got"], one["code"]) for one in found], [(50_000, 1000)] * 8)
        self.assertEqual(len({one["digest"] for one in found}), 8)


class Hostile(Case):
    def setUp(self):
        self.server = self.serve(env=LEAN)

    def open(self, **more):
        return Socket(self, self.server.http, **more)

    def assertCloses(self, data, *codes):
        socket = self.open()
        socket.send(data)
        self.assertIn(socket.close_code(), codes, data[:40])

    def test_bad_frames_close_with_the_right_code(self):
        good = json.dumps({"credit": 5}).encode()
        for data in (frame(TEXT, good, masked=False), frame(TEXT, good, reserved=1), frame(TEXT, good, reserved=4), frame(3, good), frame(7, good),
                     frame(11), frame(15), frame(CONTINUATION, good), frame(PING, b"x", final=False), frame(PING, b"x" * 126),
                     frame(TEXT, b"{", final=False) + frame(TEXT, good), frame(CLOSE, b"x"), frame(CLOSE, (999).to_bytes(2, "big")),
                     frame(CLOSE, (1005).to_bytes(2, "big")), frame(CLOSE, (1006).to_bytes(2, "big")), frame(CLOSE, b"\x03\xe8" + b"\xff\xfe")):
            self.assertCloses(data, 1002, 1007)

    def test_text_that_is_no_utf8(self):
        self.assertCloses(frame(TEXT, b'{"credit": "\xff"}'), 1007, 1002)

    def test_lengths(self):
        for length in (1025, 1 << 16, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
            self.assertCloses(frame(TEXT, b"", length=length), 1009, 1002)
        self.assertCloses(b"".join(frame(TEXT if n == 0 else CONTINUATION, b" " * 100, final=False) for n in range(11)), 1009)
        # Lengths must be in their shortest form (RFC 6455 5.2).
        self.assertCloses(bytes([0x81, 0xFE, 0, 5]) + bytes(9), 1002)

    def test_fragments_and_pings_between_them(self):
        socket = self.open()
        socket.send(frame(TEXT, b'{"cre', final=False) + frame(PING, b"now") + frame(CONTINUATION, b'dit": 3', final=False) + frame(CONTINUATION, b"2}"))
        self.assertEqual(socket.await_frame(PONG), b"now")
        self.assertEqual(len(socket.await_frame(BINARY)), 32)

    def test_credit_with_the_opening_request(self):
        socket = self.open(early=credit(10) + frame(PING, b"x"))
        kinds = [socket.receive() for _ in range(3)]
        self.assertEqual(sorted(kind for kind, _ in kinds), [TEXT, BINARY, PONG])
        self.assertEqual(len(next(payload for kind, payload in kinds if kind == BINARY)), 10)

    def test_frames_byte_by_byte(self):
        socket = self.open()
        for byte in credit(20):
            socket.send(bytes([byte]))
        self.assertEqual(len(socket.await_frame(BINARY)), 20)
        for byte in frame(CLOSE, b"\x03\xe8"):
            socket.send(bytes([byte]))
        self.assertEqual(socket.await_frame(CLOSE), b"\x03\xe8")
        socket.assert_closed()

    def test_after_the_close_nothing_counts(self):
        socket = self.open()
        socket.send(frame(CLOSE, b"\x03\xe8") + credit(1000))
        self.assertEqual(socket.receive(), (CLOSE, b"\x03\xe8"))
        socket.assert_closed()

    def test_whoever_does_not_answer_a_close_is_dropped(self):
        socket = self.open()
        socket.send(frame(TEXT, b"nonsense"))
        self.assertEqual(socket.receive()[0], CLOSE)
        socket.assert_closed()

    def test_hanging_up(self):
        for data in (b"", frame(TEXT, b"x" * 100)[:50], credit(1 << 40)):
            socket = self.open()
            socket.send(data)
            if data == credit(1 << 40):
                socket.await_frame(BINARY)
            socket.close()
            socket = self.open()
            socket.send(data)
            socket.end()
            socket.rest()
        wire = Wire(self, self.server.http)
        while b"\nqeaas_http_connections 1\n" not in wire.fetch("/metrics").body:
            pass  # each turn is a request

    def test_stalled_readers_and_floods_of_pings_stay_small(self):
        self.open().draw(1000)
        forget_peak(self.server)
        before = memory(self.server)
        sockets = [self.open(receive_buffer=4096, target="/v1/stream?type=drbg&frame=65536") for _ in range(20)]
        for socket in sockets:
            socket.send(credit(1 << 40))
            socket.await_frame(BINARY)
            socket.socket.settimeout(0)
            flood = frame(PING, b"x" * 125) * 1000
            try:
                while True:
                    socket.socket.send(flood)
            except BlockingIOError:
                pass  # the server reads no more from whoever reads nothing
        self.assertEqual(len(self.open().draw(1000)), 1000)
        self.assertLess(memory(self.server, "VmHWM") - before, 16 * MIB + 20 * MIB)

    def test_bad_openings(self):
        for headers, status in ((["Upgrade: websocket", "Connection: Upgrade"], 426),
                                (["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 8"], 426),
                                (["Upgrade: h2c", "Connection: Upgrade"], 426),
                                (["Connection: Upgrade", "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==", "Sec-WebSocket-Version: 13"], 426)):
            wire = Wire(self, self.server.http)
            answer = wire.fetch("/v1/stream", headers=headers)
            self.assertEqual((answer.status, answer.media_type), (status, "application/problem+json"), headers)
            self.assertEqual(answer.header("Sec-WebSocket-Version"), "13")
            self.assertEqual(wire.fetch("/healthz").status, 200, "the connection goes on")
        for key in ("x", "A" * 24, "A" * 300, "AQIDBAUGBwgJCgsMDQ4P", "not base64 at all, see?=="):
            wire = Wire(self, self.server.http)
            wire.send(handshake(key=key)[1])
            self.assertEqual(wire.answer().status, 400, key)
        wire = Wire(self, self.server.http)
        wire.send(handshake()[1].replace(b"GET", b"POST"))
        self.assertEqual(wire.answer().status, 405)

    def test_an_opening_behind_other_requests(self):
        wire = Wire(self, self.server.http)
        wire.send(request("/v1/random?bytes=300000&type=drbg") + request("/healthz") + handshake()[1] + credit(7))
        self.assertEqual((len(wire.answer().body), wire.answer().status, wire.answer().status), (300_000, 200, 101))
        wire.until(b"\x82\x07")
        self.assertEqual(len(wire.take(7)), 7)

    def test_curl_is_told_what_this_is(self):
        self.assertEqual(curl(self.server.http + "/v1/stream").header("Upgrade"), "websocket")


if __name__ == "__main__":
    main()
