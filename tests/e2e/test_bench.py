# SPDX-License-Identifier: GPL-3.0-or-later
"""`qeaas bench` against real servers: ours, ours as the paper's proxy before ours as its HTTP API, and libcoap's. No time is judged."""
import json
import re
import signal
import socket
import stat
import subprocess
import threading

from harness import BIN, LIBCOAP, PATIENCE, Case, Log, cli, environment, main, need_program
from relay import Relay
from test_interop import PSK_IDENTITY, PSK_KEY, add_psk_client

HANDSHAKE = {"us", "handshake_us", "setup_us", "datagrams_out", "datagrams_in", "bytes_out", "bytes_in", "flights", "handshake_datagrams_out",
             "handshake_datagrams_in", "handshake_bytes_out", "handshake_bytes_in", "payload_bytes", "round_trips", "retransmissions"}
REQUEST = {"us", "bytes_out", "bytes_in", "datagrams_out", "datagrams_in", "payload_bytes", "round_trips", "retransmissions"}
SAMPLES = {"handshake": HANDSHAKE, "resume": HANDSHAKE, "psk": HANDSHAKE, "request": REQUEST, "wake": REQUEST | {"kept"},
           "cycle": {"us", "request_us", "parse_us", "inject_us", "extract_us", "bytes_out", "bytes_in", "round_trips", "retransmissions"},
           "inject": {"ns"}, "extract": {"ns"}}
COMMON = {"measure", "requested", "failed", "given_up", "failures", "samples"}
PEER = COMMON | {"group", "signature", "verified", "resumed", "mtu", "entropy_bytes"}


class BenchCase(Case):
    def bench(self, url, *arguments, code=0):
        """The document of `qeaas bench --json`, every key and value of which is checked."""
        answer = cli("bench", "--from", url, "--json", "--count", "3", "--warmup", "1", *arguments)
        self.assertEqual(answer.code, code, str(answer))
        return self.checked(json.loads(answer.out))

    def checked(self, document):
        self.assertEqual(set(document), {"tool", "version", "date", "server", "warmup", "interrupted", "runs"})
        self.assertEqual(document["tool"], "qeaas bench")
        self.assertRegex(document["date"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        for run in document["runs"]:
            local = run["measure"] in ("inject", "extract")
            self.assertEqual(set(run), COMMON | {"bytes", "calls_per_sample"} if local else PEER)
            self.assertLessEqual(len(run["samples"]) + run["failed"], run["requested"])
            self.assertEqual(run["failed"] > 0, len(run["failures"]) > 0)
            for sample in run["samples"]:
                self.assertEqual(set(sample), SAMPLES[run["measure"]])
                for key, value in sample.items():
                    self.assertIsInstance(value, bool if key == "kept" else float if key.endswith("us") or key == "ns" else int)
                    self.assertGreaterEqual(value, 0)
        return document

    def run_of(self, document, measure):
        run, = (run for run in document["runs"] if run["measure"] == measure)
        self.assertEqual((len(run["samples"]), run["failed"], run["given_up"]), (3, 0, False), run)
        return run


class Ours(BenchCase):
    def test_the_default_measures(self):
        server = self.serve()
        document = self.bench(server.url, "--ca", server.ca)
        self.assertEqual(document["server"], server.url)
        handshake, resume = self.run_of(document, "handshake"), self.run_of(document, "resume")
        peer = ("group", "signature", "verified", "resumed", "mtu")
        self.assertEqual([handshake[key] for key in peer], ["ML-KEM-512", "ML-DSA-44", True, "no", 1280])
        self.assertEqual([resume[key] for key in peer], ["ML-KEM-512", "none", True, "ticket", 1280])
        for sample in handshake["samples"] + resume["samples"]:
            self.assertEqual((sample["payload_bytes"], sample["round_trips"]), (32, 1))
            self.assertLess(sample["setup_us"], sample["handshake_us"])
            self.assertLess(sample["handshake_us"], sample["us"])
            self.assertLess(sample["handshake_bytes_out"], sample["bytes_out"])
        self.assertGreater(handshake["samples"][0]["bytes_in"], 3 * resume["samples"][0]["bytes_in"], "a resumption carries no certificate")
        for sample in self.run_of(document, "request")["samples"]:
            self.assertEqual((sample["datagrams_out"], sample["datagrams_in"], sample["payload_bytes"]), (1, 1, 32))
        pool = [(run["measure"], run["bytes"]) for run in document["runs"][3:]]
        self.assertEqual(pool, [(name, size) for name in ("inject", "extract") for size in (16, 32, 64, 128, 256)])

    def test_the_options_name_the_configuration(self):
        server = self.serve({"coaps": {"certificates": ["P-256"]}})
        classical = self.run_of(self.bench(server.url, "--ca", server.ca, "--measure", "handshake", "--groups", "P-256", "--mtu", "600"), "handshake")
        self.assertEqual((classical["group"], classical["signature"], classical["verified"], classical["mtu"]), ("P-256", "P-256", True, 600))
        blind = self.run_of(self.bench(server.url, "--insecure", "--measure", "handshake", "--bytes", "64"), "handshake")
        self.assertEqual((blind["verified"], blind["entropy_bytes"], blind["samples"][0]["payload_bytes"]), (False, 64, 64))

    def test_a_host_name(self):
        server = self.serve()
        document = self.bench(f"coaps://localhost:{server.port}", "--ca", server.ca, "--measure", "handshake,request")
        self.assertTrue(self.run_of(document, "handshake")["verified"])
        self.run_of(document, "request")

    def test_a_psk(self):
        server = self.serve({"coaps": {"client_auth": ["psk"]}})
        key = self.folder() / "sensor.key"
        key.write_text(PSK_KEY.encode().hex() + "\n")
        key.chmod(0o600)
        since = server.log.mark()
        add_psk_client(server.state, PSK_IDENTITY, PSK_KEY.encode())
        server.log.wait("identities: reloaded", since)
        document = self.bench(server.url, "--psk", f"{PSK_IDENTITY}:{key}", "--measure", "psk,handshake,request,wake")
        for measure in ("psk", "handshake"):
            run = self.run_of(document, measure)
            self.assertEqual((run["resumed"], run["signature"], run["verified"]), ("psk", "none", True))
        self.run_of(document, "request")
        self.run_of(document, "wake")
        # A server that knows no keys answers with its certificate: a handshake, but not the one that was to be measured.
        other = self.serve()
        run, = self.bench(other.url, "--ca", other.ca, "--psk", f"{PSK_IDENTITY}:{key}", "--measure", "psk", code=1)["runs"]
        self.assertEqual(run["samples"], [])

    def test_waking_at_another_port(self):
        server = self.serve({"server": {"workers": 2}})
        relay = Relay(self, server.port)
        run = self.run_of(self.bench(f"coaps://127.0.0.1:{relay.port}", "--ca", server.ca, "--measure", "wake"), "wake")
        self.assertEqual([sample["kept"] for sample in run["samples"]], [True] * 3)
        self.assertEqual([sample["datagrams_out"] for sample in run["samples"]], [1] * 3)
        hellos = [data for data in relay.to_server() if data[0] == 22]
        self.assertLessEqual(len(hellos), 4, "one session: two hellos, and records of the handshake in the clear")

    def test_plain_coap(self):
        server = self.serve({"coap": {"enabled": True, "listen": ["127.0.0.1:0"]}})
        document = self.bench(f"coap://127.0.0.1:{server.plain_port}", "--insecure")
        self.assertEqual([run["measure"] for run in document["runs"][:2]], ["handshake", "request"])
        run = self.run_of(document, "handshake")
        self.assertEqual((run["group"], run["signature"], run["verified"], run["samples"][0]["flights"]), ("none", "none", False, 0))

    def test_the_papers_cycle(self):
        api = self.serve()
        server = self.serve({"proxy": {"origins": [api.http]}})
        for count in (8, 32):
            uri = f"{api.http}/random_number/{count}"
            document = self.bench(server.url, "--ca", server.ca, "--measure", "handshake,request,cycle", "--bytes", count, "--proxy-uri", uri)
            for measure in ("handshake", "request"):
                self.assertGreater(self.run_of(document, measure)["samples"][0]["payload_bytes"], 20, "the proxy's answer is JSON")
            for sample in self.run_of(document, "cycle")["samples"]:
                parts = sum(sample[key] for key in ("request_us", "parse_us", "inject_us", "extract_us"))
                self.assertAlmostEqual(parts, sample["us"], delta=0.01)

    def test_an_answer_that_does_not_fit_the_cycle(self):
        api = self.serve()
        server = self.serve({"proxy": {"origins": [api.http]}})
        run, = self.bench(server.url, "--ca", server.ca, "--measure", "cycle", "--bytes", "9", "--proxy-uri", f"{api.http}/random_number/8", code=1)["runs"]
        self.assertRegex(run["failures"][0], "random_number")


class Output(BenchCase):
    def test_the_table(self):
        server = self.serve()
        answer = self.assertDone(cli("bench", "--from", server.url, "--ca", server.ca, "--count", "3"))
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in answer.out.splitlines() if line.startswith("|")]
        self.assertEqual(rows[0], ["measure", "from, to", "unit", "samples", "failed", "mean", "sd", "median", "p95", "p99"])
        self.assertEqual([row[0] for row in rows[2:]], ["handshake"] * 3 + ["resume"] * 3 + ["request"] + ["inject"] * 5 + ["extract"] * 5)
        for row in rows[2:]:
            self.assertEqual(row[3:5], ["3", "0"])
            mean, deviation, median, p95, p99 = map(float, row[5:])
            self.assertTrue(0 < median <= p95 <= p99 and mean > 0 and deviation >= 0, row)
        self.assertIn("handshake: group=ML-KEM-512 signature=ML-DSA-44 verified=yes resumed=no mtu=1280", answer.out)

    def test_a_file(self):
        server = self.serve()
        path = self.folder() / "samples.json"
        answer = self.assertDone(cli("bench", "--from", server.url, "--ca", server.ca, "--measure", "request", "--count", "3", "--json", "--out", path))
        self.assertEqual((answer.out, answer.err), ("", ""))
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.run_of(self.checked(json.loads(path.read_text())), "request")

    def test_wrong_options(self):
        for arguments, words in (
                (["--count", "0"], "--count"), (["--count", "100001"], "--count"), (["--count", "many"], "--count"), (["--warmup", "-1"], "--warmup"),
                (["--bytes", "0"], "--bytes"), (["--bytes", "65537"], "--bytes"), (["--mtu", "100"], "--mtu"), (["--pause", "60001"], "--pause"),
                (["--measure", "speed"], '"speed" is no measure'), (["--measure", "pool,pool"], '"pool" is named twice'),
                (["--measure", "psk"], "--psk ID:FILE"), (["--path", "random"], "no path of a resource"),
                (["--measure", "cycle", "--bytes", "257"], "at most 256 bytes"), (["--path", "/a", "--proxy-uri", "http://h/"], "--path"),
                (["--from", "coaps://a", "--from", "coaps://b"], "--from"),
                (["--from", "coap://a", "--insecure", "--measure", "wake"], "needs a session")):
            self.assertFailed(cli("bench", *arguments), re.escape(words), code=2)
        self.assertFailed(cli("bench", "--from", "coap://127.0.0.1"), "plain CoAP")
        self.assertFailed(cli("bench", "--insecure", "--out", "/nonexistent/file"), "cannot write /nonexistent/file")


class Trouble(BenchCase):
    def start(self, url, *arguments):
        """A bench that goes on until something happens to it."""
        home = self.folder()
        process = subprocess.Popen([str(part) for part in (BIN / "qeaas", "bench", "--from", url, "--json", "--count", "100000", "--warmup", "0", *arguments)],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(home))
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        return process

    def relay_that_tells(self, server, datagrams):
        """A relay, and an event that is set when so many datagrams have gone to the server."""
        relay, enough = Relay(self, server.port), threading.Event()

        def count(_):
            if len(relay.seen) >= datagrams:
                enough.set()
            return False
        relay.withhold = count
        return relay, enough

    def test_nobody_there(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
            held.bind(("127.0.0.1", 0))
            port = held.getsockname()[1]
        document = self.bench(f"coaps://127.0.0.1:{port}", "--insecure", "--measure", "handshake,request", code=1)
        for run in document["runs"]:
            self.assertEqual((run["failed"], run["samples"], len(run["failures"])), (3, [], 1))
            self.assertRegex(run["failures"][0], "unreachable")
        answer = self.assertFailed(cli("bench", "--from", f"coaps://127.0.0.1:{port}", "--insecure", "--measure", "handshake"), "not verified")
        self.assertRegex(answer.out, r"\| handshake .*\|       0 \|      3 \|    - \|[\s\S]*handshake was given up")

    def test_a_server_that_is_not_trusted(self):
        server, other = self.serve(), self.serve()
        run, = self.bench(server.url, "--ca", other.ca, "--measure", "handshake", code=1)["runs"]
        self.assertRegex(run["failures"][0], "trusted CA")

    def test_a_resource_that_is_not_there(self):
        server = self.serve()
        run, = self.bench(server.url, "--ca", server.ca, "--measure", "request", "--path", "/nothing", code=1)["runs"]
        self.assertRegex(run["failures"][0], r"4\.04")

    def test_a_server_that_is_killed_part_way(self):
        server = self.serve()
        relay, enough = self.relay_that_tells(server, 200)
        process = self.start(f"coaps://127.0.0.1:{relay.port}", "--ca", server.ca, "--measure", "handshake", "--timeout", "2")
        self.assertTrue(enough.wait(PATIENCE))
        server.kill()
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, err), (0, ""))
        run, = self.checked(json.loads(out))["runs"]
        self.assertGreater(len(run["samples"]), 0)
        self.assertGreaterEqual(run["failed"], 10)
        self.assertEqual((run["given_up"], run["requested"]), (True, 100000))

    def test_control_c_prints_what_there_is(self):
        server = self.serve()
        for number in (signal.SIGINT, signal.SIGTERM):
            relay, enough = self.relay_that_tells(server, 200)
            process = self.start(f"coaps://127.0.0.1:{relay.port}", "--ca", server.ca, "--measure", "request,pool", "--timeout", "3600")
            self.assertTrue(enough.wait(PATIENCE))
            relay.withhold = lambda _: True  # now an answer is waited for that never comes
            process.send_signal(number)
            out, err = process.communicate(timeout=PATIENCE)
            self.assertEqual((process.returncode, err), (1, ""))
            document = self.checked(json.loads(out))
            run, = document["runs"]
            self.assertTrue(document["interrupted"] and len(run["samples"]) > 0 and run["failed"] == 0)


def free_pair():
    """A UDP port of which the next one is free too: libcoap's server takes both."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                two.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


class Libcoap(BenchCase):
    """Like with like: the same instrument before a server that is not ours."""

    def start(self, *arguments):
        program = need_program(LIBCOAP / "bin" / "coap-server")
        port = free_pair()
        process = subprocess.Popen([program, "-A", "127.0.0.1", "-p", str(port), "-v", "7", *map(str, arguments)], stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors="replace")
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        Log(process.stdout).wait(r"created DTLS\s+endpoint" if arguments else r"created UDP\s+endpoint")
        return port

    def test_plain(self):
        port = self.start()
        document = self.bench(f"coap://127.0.0.1:{port}", "--insecure", "--path", "/", "--measure", "handshake,request")
        self.assertGreater(self.run_of(document, "request")["samples"][0]["payload_bytes"], 10)
        self.run_of(self.bench(f"coap://127.0.0.1:{port}", "--insecure", "--path", "/time?ticks", "--measure", "handshake"), "handshake")

    def test_dtls(self):
        keys = self.serve()
        for name, group, expected in (("mldsa44", "MLKEM512", ("ML-KEM-512", "ML-DSA-44")), ("p256", "P-256", ("P-256", "P-256"))):
            port = self.start("-n", "-c", keys.state / f"server-{name}.pem", "-j", keys.state / f"server-{name}.key")
            document = self.bench(f"coaps://127.0.0.1:{port + 1}", "--ca", keys.ca, "--groups", group, "--path", "/", "--measure", "handshake,request")
            run = self.run_of(document, "handshake")
            self.assertEqual((run["group"], run["signature"], run["verified"], run["resumed"]), (*expected, True, "no"))
            self.run_of(document, "request")


if __name__ == "__main__":
    main()
