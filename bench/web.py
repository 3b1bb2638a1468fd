# SPDX-License-Identifier: GPL-3.0-or-later
"""Items g to j of bench/run: HTTP and HTTPS beside nginx. Both serve with one thread; what each figure means stands in README.md."""
import http.client
import os
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import time

from common import Failure, resident_bytes, schedstat, tasks_of

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = "/v1/random?bytes=32"
WEB = """[http]
enabled = true
listen = ["127.0.0.1:0"]
max_connections = 8192
max_connections_per_address = 8192
[https]
enabled = true
listen = ["127.0.0.1:0"]
certificates = ["%s"]
"""
NGINX = """%s
daemon off;
worker_processes 1;
pid %s/nginx.pid;
events { worker_connections 8192; }
http {
  access_log off;
  server_tokens off;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  default_type application/octet-stream;
  client_body_temp_path %s/t1;
  proxy_temp_path %s/t2;
  fastcgi_temp_path %s/t3;
  uwsgi_temp_path %s/t4;
  scgi_temp_path %s/t5;
  server {
    listen 127.0.0.1:%d;
    listen 127.0.0.1:%d ssl;
    ssl_protocols TLSv1.3;
    ssl_ecdh_curve X25519;
    ssl_certificate %s/server-p256.pem;
    ssl_certificate_key %s/server-p256.key;
    location / {
%s
      return 200 "abcdefghijklmnopqrstuvwxyz012345";
    }
  }
}
"""
OWN_FIELDS = ("date", "content-type", "content-length", "connection", "server")  # those that nginx writes by itself


class WebItems:
    """Mixed into Bench: the items, and the servers that they need."""

    def web_server(self, certificate="P-256", service=""):
        server = self.qeaasd(service=service, fronts=WEB % certificate)
        text = server.text()
        server.http, server.https = (int(re.search(r"listening on %s://127\.0\.0\.1:(\d+)" % scheme, text).group(1)) for scheme in ("http", "https"))
        return server

    def nginx(self, certificates, fields, prefix_words=()):
        """nginx with a certificate of ours, and the fields of one of our answers as constants; None where it is not installed."""
        program = self.peer_program("nginx", "nginx/usr/sbin/nginx")
        if program is None:
            return None
        prefix = "%s/nginx%d" % (self.folder, self.made + 1)
        os.mkdir(prefix)
        http_port, https_port = free_ports(2)
        lines = "\n".join('      add_header %s "%s";' % (name, value.replace('"', '\\"')) for name, value in fields)
        with open(prefix + "/nginx.conf", "w") as file:
            file.write(NGINX % (("user root;" if os.geteuid() == 0 else "",) + 6 * (prefix,) + (http_port, https_port, certificates, certificates, lines)))
        server = self.start([*prefix_words, program, "-p", prefix, "-c", prefix + "/nginx.conf", "-e", prefix + "/error.log"], r"^")
        server.http, server.https = http_port, https_port
        wait_open(server, http_port)
        server.pid = worker_of(server.pid)
        return server

    def peer_program(self, name, cached):
        cache = subprocess.run([HERE + "/../scripts/setup", "--print-cache"], stdout=subprocess.PIPE, check=True).stdout.decode().strip()
        for path in (cache + "/current/" + cached, shutil.which(name), "/usr/sbin/" + name):
            if path and os.access(path, os.X_OK):
                return path
        print("  # SKIPPED: %s is not there; scripts/setup --bench brings it" % name)
        return None

    # --- g: short answers ----------------------------------------------------------------------------------------------

    def web_requests(self):
        wrk = self.peer_program("wrk", "wrk/usr/bin/wrk")
        ours = self.web_server(service="reservoir_blocks = 16384")
        peer = self.nginx(ours.state, fields_of(ours.http))
        if wrk is None:
            return
        seconds, rounds = self.size(2, 1), self.size(5, 2)
        self.table.title("g. HTTP GET of 32 bytes on keep-alive: server CPU a request, beside nginx that returns a constant of 32 bytes",
                         "wrk, 64 connections, one thread, %d rounds of %d s each, in turns; medians of the ratios within a round" % (rounds, seconds),
                         "one: server and load share a core and get equal batches; free: the scheduler decides")
        kinds = [("nginx", peer, "")] if peer else []
        kinds += [("drbg", ours, "&type=drbg"), ("mixed", ours, "&type=mixed")]
        for scheme, placement in (("http", "one"), ("http", "free"), ("https", "one")):
            chosen = [kind for kind in kinds if scheme == "http" or kind[0] != "mixed"]
            runs = {name: [] for name, _, _ in chosen}
            for _ in range(rounds):
                for name, server, query in chosen:
                    time.sleep(0.3 if name == "mixed" else 0)  # for the reservoir to be full
                    url = "%s://127.0.0.1:%d%s%s" % (scheme, getattr(server, scheme), PATH, query)
                    runs[name].append(run_wrk(wrk, server, url, seconds, placement))
            self.report_web("%s32/%s" % (scheme, placement), runs)

    def report_web(self, title, runs):
        base = runs.get("nginx")
        for name, lines in runs.items():
            judged = base and name != "nginx" and title.startswith("http32")
            # A refusal is no answer: rounds in which the source fell behind are left out while there are others.
            kept = [i for i, line in enumerate(lines) if line["bad"] == 0] or list(range(len(lines)))
            ratio = statistics.median(lines[i]["us"] / base[i]["us"] for i in kept) if base else None
            middle = {key: statistics.median(lines[i][key] for i in kept) for key in lines[0]}
            bad = sum(line["bad"] for line in lines)
            self.table.add("%s/%s" % (title, name), middle["us"], "us", ratio, "<= 2.0" if judged else None,
                           ratio <= 2.0 if judged else None, "least %.2f us; p50 %.2f ms, p99 %.2f ms%s" % (
                               min(lines[i]["us"] for i in kept), middle["p50"], middle["p99"],
                               "; %d refused or lost, in %d of %d rounds" % (bad, sum(line["bad"] > 0 for line in lines), len(lines)) if bad else ""))
            self.table.add("%s/%s rate" % (title, name), middle["rate"] / 1000, "k/s")
            if name == "mixed":
                self.table.add("%s/mixed/source thread" % title, middle["others"], "us", note="RDSEED, health tests, conditioning for 32 bytes")

    # --- h: long answers -----------------------------------------------------------------------------------------------

    def web_bulk(self):
        size = self.size(2 << 30, 256 << 20)
        self.table.title("h. download of drbg: bytes per second of the server's CPU, and of wall time",
                         "%d MiB by curl; floors of the same run, 64 KiB a call; memory: growth of the resident size, peak while it runs" % (size >> 20))
        server = self.web_server()
        curl(server, "https", 1 << 20)
        floors = self.google("draw_bench", "^(kernel|bare_drbg)/65536$", self.size(5, 3))
        kernel, drbg = (floors[name + "/65536"]["bytes_per_second"] for name in ("kernel", "bare_drbg"))
        self.table.add("bulk/getrandom", kernel / 1e6, "MB/s")
        self.table.add("bulk/bare Hash_DRBG", drbg / 1e6, "MB/s", drbg / kernel, note="ratio to getrandom")
        for scheme in ("http", "https"):
            before = resident_bytes(server.pid)
            run = curl(server, scheme, size)
            after = resident_bytes(server.pid)
            rate = size / run["cpu"]
            self.table.add("bulk/%s" % scheme, rate / 1e6, "MB/s", rate / drbg, note="ratio to the bare DRBG; %.2f of getrandom" % (rate / kernel))
            self.table.add("bulk/%s wall" % scheme, size / run["wall"] / 1e6, "MB/s")
            self.table.add("bulk/%s memory" % scheme, (run["peak"] - before) / 1e6, "MB", None, "< 1", run["peak"] - before < 1e6,
                           note="%+.2f MB afterwards" % ((after - before) / 1e6))

    # --- i: handshakes -------------------------------------------------------------------------------------------------

    def web_handshakes(self):
        count, rounds = self.size(400, 60), self.size(5, 2)
        self.table.title("i. full HTTPS handshakes: server CPU each, from connect to close",
                         "16 under way, no resumption, %d rounds of %d in turns; the same client for all; verified chains" % (rounds, count),
                         "nginx (OpenSSL) has no ML-KEM and no ML-DSA: it is compared on X25519 with the same P-256 certificate")
        plain, quantum = self.web_server("P-256"), self.web_server("ML-DSA-44")
        peer = self.nginx(plain.state, [])
        targets = [("X25519+P-256", plain, plain, "X25519"), ("X25519MLKEM768+P-256", plain, plain, "X25519MLKEM768"),
                   ("X25519MLKEM768+ML-DSA-44", quantum, quantum, "X25519MLKEM768")]
        if peer is not None:
            targets.insert(0, ("nginx X25519+P-256", peer, plain, "X25519"))
        runs = {name: [] for name, _, _, _ in targets}
        for turn in range(rounds + 1):
            for name, server, owner, group in targets:
                line = self.https_handshakes(server, owner.state, group, count if turn > 0 else 32)
                if turn > 0:  # the first is the warm-up
                    runs[name].append(line)
        base = runs.get("nginx X25519+P-256")
        for name, lines in runs.items():
            ratio = statistics.median(mine["us"] / other["us"] for mine, other in zip(lines, base)) if base else None
            self.table.add("https handshake/%s" % name, statistics.median(line["us"] for line in lines), "us", ratio,
                           note="least %.0f us; %.0f a second" % (min(line["us"] for line in lines), statistics.median(line["rate"] for line in lines)))

    def https_handshakes(self, server, state, group, count):
        before = schedstat(server.pid)
        line = self.one(["load", "https", "--port", server.https, "--count", count, "--at-once", 16, "--group", group, "--ca", state + "/ca.pem"])
        used = schedstat(server.pid) - before
        if line["completed"] != count or line["group"] != group:
            raise Failure("load https: not what was asked for: %s" % line)
        return dict(us=used / 1000 / count, rate=count / line["seconds"])

    # --- j: idle connections -------------------------------------------------------------------------------------------

    def web_idle(self):
        count = self.size(1000, 200)
        self.table.title("j. resident memory of an idle keep-alive connection", "growth over %d connections after a warm-up of 100; each has made one request" % count)
        ours = self.web_server()
        peer = self.nginx(ours.state, fields_of(ours.http))
        for scheme in ("http", "https"):
            mine = idle_bytes(ours, scheme, count)
            self.table.add("idle/%s" % scheme, mine / 1000, "kB")
            if peer is not None:
                other = idle_bytes(peer, scheme, count)
                self.table.add("idle/nginx %s" % scheme, other / 1000, "kB", other / mine if mine > 0 else None, note="ratio to ours")


# --- tools -------------------------------------------------------------------------------------------------------------


def free_ports(count):
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def wait_open(server, port, patience=10):
    end = time.time() + patience
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.time() > end or server.process.poll() is not None:
                raise Failure("nginx did not start: %s" % server.text()[-300:])
            time.sleep(0.05)


def worker_of(master):
    """The one child of nginx's master process."""
    for name in os.listdir("/proc"):
        try:
            with open("/proc/%s/stat" % name) as file:
                if int(file.read().rpartition(")")[2].split()[1]) == master:
                    return int(name)
        except (OSError, ValueError, IndexError):
            continue
    raise Failure("nginx has no worker")


def fields_of(port):
    """The header fields of one of our answers that nginx does not have by itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", PATH)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 200:
        raise Failure("qeaasd answers %d" % answer.status)
    return [(name, value) for name, value in answer.getheaders() if name.lower() not in OWN_FIELDS]


def place(task, placement):
    """one: the first core, and waiting for others rather than interrupting them."""
    alone = placement == "one"
    os.sched_setaffinity(task, [min(os.sched_getaffinity(0))] if alone else os.sched_getaffinity(0))
    os.sched_setscheduler(task, os.SCHED_BATCH if alone else os.SCHED_OTHER, os.sched_param(0))


def run_wrk(wrk, server, url, seconds, placement):
    for task in tasks_of(server.pid):
        place(task, placement)
    before, before_all = schedstat(server.pid), schedstat(server.pid, True)
    done = subprocess.run([wrk, "-t1", "-c64", "-d%ds" % seconds, "--latency", url], stdout=subprocess.PIPE, timeout=seconds + 60,
                          preexec_fn=lambda: place(0, placement))
    used, used_all = schedstat(server.pid) - before, schedstat(server.pid, True) - before_all
    text = done.stdout.decode()
    found = re.search(r"(\d+) requests in", text)
    if done.returncode != 0 or not found or int(found.group(1)) == 0:
        raise Failure("wrk: %s" % text[-300:])
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    return dict(us=used / 1000 / int(found.group(1)), others=(used_all - used) / 1000 / int(found.group(1)),
                rate=float(re.search(r"Requests/sec:\s*([\d.]+)", text).group(1)), p50=quantile(text, 50), p99=quantile(text, 99), bad=(int(bad.group(1)) if bad else 0) + (sum(map(int, lost.groups())) if lost else 0))


def quantile(text, percent):
    """Milliseconds of wrk's latency distribution."""
    value, unit = re.search(r"^\s*%d%%\s+([\d.]+)(us|ms|s)" % percent, text, re.M).groups()
    return float(value) * dict(us=0.001, ms=1, s=1000)[unit]


def curl(server, scheme, size):
    words = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code} %{size_download}",
             "%s://127.0.0.1:%d/v1/random?bytes=%d&type=drbg" % (scheme, getattr(server, scheme), size)]
    before, began, peak = schedstat(server.pid), time.time(), 0
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        while process.poll() is None:
            peak = max(peak, resident_bytes(server.pid))
            time.sleep(0.01)
        wall, said = time.time() - began, process.stdout.read().decode()
    if said != "200 %d" % size:
        raise Failure("curl: not the whole answer: %s" % said)
    return dict(cpu=(schedstat(server.pid) - before) / 1e9, wall=wall, peak=peak)


def idle_bytes(server, scheme, count):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    held = []

    def hold(number):
        for _ in range(number):
            link = socket.create_connection(("127.0.0.1", getattr(server, scheme)), 10)
            if scheme == "https":
                link = context.wrap_socket(link)
            link.sendall(b"GET %s&type=drbg HTTP/1.1\r\nHost: localhost\r\n\r\n" % PATH.encode())
            if not link.recv(4096).startswith(b"HTTP/1.1 200"):
                raise Failure("an idle connection got no answer")
            held.append(link)

    try:
        hold(100)
        before = resident_bytes(server.pid)
        hold(count)
        return (resident_bytes(server.pid) - before) / count
    finally:
        for link in held:
            link.close()
