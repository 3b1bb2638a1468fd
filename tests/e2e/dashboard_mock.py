# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that shows web/ with reports as a test wants them: what qeaasd can hardly be brought to, such as an alarm at a known moment.

Run by itself it serves until interrupted, for work on the page: python3 tests/e2e/dashboard_mock.py [PORT]
"""
import copy
import datetime
import http.server
import json
import math
import pathlib
import re
import sys
import threading

TOP = pathlib.Path(__file__).resolve().parents[2]
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
POLICY = "".join(re.findall(r'^    "(.*)"', (TOP / "src/web/assets.hpp").read_text(), re.M))  # the one that the product sends
WINDOW = 65536


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def source(name, kind, **changes):
    return {"id": name, "kind": kind, "conditioned": False, "state": "healthy", "last_failure": "", "sample_bits": 8,
            "min_entropy_microbits": 4000000, "claim": "the data sheet", "conditioner": "sha256", "rate_bytes_per_second": 1574192,
            "ledger": {"assessed_bits_in": 1310720, "full_entropy_bits_out": 560384, "served_bits": 20480, "dropped_samples": 7168},
            "intermittent_failures": 0, "permanent_failures": 0, "restarts": 0, **changes}


def statistics(name, kind, counts):
    bits = int(math.log2(len(counts)))
    ones = [sum(number for value, number in enumerate(counts) if value >> bit & 1) for bit in range(bits)]
    return {"id": name, "kind": kind, "sample_bits": bits, "window_samples": WINDOW, "collected_samples": 17, "windows": 3,
            "finished": now(), "histogram": counts, "bit_ones": ones, "serial": {"pairs": 65520, "equal": 256, "correlation_ppm": -1234}}


def wavy():
    counts = [256 + round(40 * math.sin(value * math.pi / 32)) for value in range(256)]
    counts[128] += WINDOW - sum(counts)
    return counts


def event(what, name, text, count=1):
    return {"time": now(), "last": now(), "count": count, "source": name, "event": what, "text": text}


def reports():
    return {
        "sources": {"version": "0.1.0", "types": ["direct", "mixed", "drbg"], "min_sources": 1, "healthy": 2,
                    "sources": [source("rdseed", "physical", conditioned=True), source("sim", "simulated", sample_bits=1)]},
        "statistics": {"sources": [statistics("rdseed", "physical", wavy()), statistics("sim", "simulated", [32700, 32836])]},
        "alarms": {"alarms": [event("started-up", "rdseed", "start-up tests passed"), event("intermittent", "sim", "lag", 4)]},
        "sessions": {"sessions": [
            {"transport": "coaps", "group": "MLKEM512", "signature": "ML-DSA-44", "open": 12, "total": 1034, "resumed": 700},
            {"transport": "https", "group": "X25519MLKEM768", "signature": "ECDSA-P256", "open": 1, "total": 3, "resumed": 0}]},
    }


class Mock:
    """change(function) alters the reports under the lock; stop and start take the server away and bring it back on its port."""

    def __init__(self, port=0):
        self.reports = reports()
        self.lock = threading.Lock()
        self.port = port
        self._server = None
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def change(self, function):
        with self.lock:
            function(self.reports)

    def answer(self, path):
        """(status, type, body)"""
        if path.startswith("/v1/"):
            with self.lock:
                report = copy.deepcopy(self.reports.get(path[4:]))
            if report is None:
                return 404, "application/problem+json", b'{"title":"unknown"}'
            return 200, "application/json", json.dumps(report).encode()
        file = TOP / "web" / ("index.html" if path == "/" else path.removeprefix("/web/"))
        if "/" in file.name or not file.is_file() or (path != "/" and not path.startswith("/web/")):
            return 404, "text/plain", b"no such page"
        return 200, TYPES[file.suffix], file.read_bytes()

    def start(self):
        mock = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                status, kind, body = mock.answer(self.path)
                self.send_response(status)
                for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-cache"),
                                    ("Content-Security-Policy", POLICY), ("X-Content-Type-Options", "nosniff")):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        if self._server is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._server = None


if __name__ == "__main__":
    print(Mock(int(sys.argv[1]) if sys.argv[1:] else 0).url, flush=True)
    threading.Event().wait()
