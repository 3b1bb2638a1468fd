# SPDX-License-Identifier: GPL-3.0-or-later
"""Several qeaasd behind nginx with the configuration that deploy/nginx ships: the files themselves, with the places of a test filled in."""
import http.client
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import threading

from harness import PATIENCE, PHOTON, Case, Log, cli, environment, need_program
from httpc import curl
from opensslc import MODULE, free_port

NGINX = pathlib.Path(os.environ.get("QEAAS_NGINX", "/usr/sbin/nginx"))
SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "nginx"
HOSTS = ("192.0.2.11", "192.0.2.12", "192.0.2.13")  # of the shipped lists of servers
CA_FILES = ("ca-mldsa44.key", "ca-p256.key", "ca.pem")
RDSEED = " rdseed" in pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
SOURCE = {"id": "rdseed", "type": "rdseed"} if RDSEED else PHOTON
TYPE = "mixed" if RDSEED else "drbg"  # the simulator is slow; for bulk the type for bulk does
BULK = {"source": [SOURCE]}


def filled(text, changes):
    """text with every change made; one that finds nothing to change is an error of the test or of the shipped file."""
    for old, new in changes.items():
        if old not in text:
            raise AssertionError(f"the shipped file no longer has: {old}")
        text = text.replace(old, new)
    return text


class FrontCase(Case):
    """servers: qeaasd with one CA. own: the qeaasd of nginx's machine, whose entropy nginx uses."""

    stream = False
    program = (NGINX,)  # and what stands before it

    def setUp(self):
        self.need()
        self.home, self.inside = self.place()
        os.chmod(self.home, 0o755)
        groups = ["www-data"] if os.geteuid() == 0 else []
        self.own = self.serve({**BULK, "local": {"groups": groups, "path": str(self.home / "entropy.sock")}})
        self.assertDone(cli("keys", "--state", self.own.state, "--export", self.home / "keys"))
        self.ca = self.own.ca

    def need(self):
        need_program(NGINX)
        if self.stream and self.stream_module() is None:
            need_program(NGINX.parents[1] / "lib/nginx/modules/ngx_stream_module.so")

    def stream_module(self):
        """The folder of Debian's stream module beside this nginx, or None."""
        folders = (NGINX.parents[2] / "usr/lib/nginx/modules", pathlib.Path("/usr/lib/nginx/modules"))
        return next((folder for folder in folders if (folder / "ngx_stream_module.so").exists()), None)

    def place(self):
        """The folder of this test, and what nginx calls it."""
        folder = self.folder()
        return folder, folder

    def backend(self, config=None, ports=None, state=None):
        """A qeaasd of the same CA as the others; ports of another one to come back at its place."""
        if state is None:
            state = self.folder() / "state"
            state.mkdir(mode=0o700)
            for name in CA_FILES:
                shutil.copy2(self.own.state / name, state / name)
        config = {**BULK, **(config or {})}
        for section, port in (ports or {}).items():
            config[section] = {**config.get(section, {}), "listen": [f"127.0.0.1:{port}"]}
        return self.serve(config, state=state)

    def backends(self, count=3, config=None):
        self.servers = [self.backend(config) for _ in range(count)]
        return self.servers

    @staticmethod
    def port_of(url):
        return int(url.rsplit(":", 1)[1])

    def revive(self, index):
        """The server that was killed, at the same ports, with the same state."""
        old = self.servers[index]
        ports = {"http": self.port_of(old.http), "https": self.port_of(old.https), "coaps": old.port}
        self.servers[index] = self.backend(old.config, ports, old.state)
        return self.servers[index]

    def front(self, site=None, limits=None, main=None, coaps=None):
        """Starts nginx. Each argument: changes of a shipped file, qeaas/site/https.conf, qeaas/site/limits.conf, nginx.conf, qeaas/coaps.conf."""
        self.port, self.udp_port, self.tls_port = free_port(), free_port(), free_port()
        self.etc = self.home / "etc"
        shutil.copytree(SHIPPED, self.etc)
        self.render_main(main or {})
        self.render_https(site or {}, limits or {})
        self.render_stream(coaps or {})
        self.launch()

    def render(self, name, changes):
        path = self.etc / name
        path.write_text(filled(path.read_text(), changes))

    def render_main(self, main):
        temporary = " ".join(f"{kind}_temp_path {self.inside}/temp-{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        changes = {"/run/nginx.pid": f"{self.inside}/nginx.pid", "error_log /var/log/nginx/error.log": "error_log stderr",
                   "access_log /var/log/nginx/access.log;": f"access_log {self.inside}/access.log; {temporary}"}
        if os.geteuid() != 0:
            changes["user www-data;"] = ""
        module = self.stream_module()
        if module is None:
            text = (self.etc / "nginx.conf").read_text()
            main = {text[text.index("stream {"):]: ""}
        else:
            (self.etc / "modules-enabled").mkdir()
            (self.etc / "modules-enabled/50-mod-stream.conf").write_text(f"load_module {module}/ngx_stream_module.so;\n")
        self.render("nginx.conf", {**changes, **main})

    def render_https(self, site, limits):
        secure = "set $qeaas_scheme https;" in site.values()
        ports = [self.port_of(server.https if secure else server.http) for server in self.servers]
        self.render("qeaas/site/https-servers.conf", self.places(6065, ports))
        self.render("qeaas/site/https.conf", {
            "listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;", "listen [::]:443 ssl;": "", "qrng.example.org": "localhost",
            "/var/lib/qeaas/nginx/": f"{self.inside}/keys/", **site})
        self.render("qeaas/site/limits.conf", limits)

    def render_stream(self, coaps):
        self.render("qeaas/coaps.conf", coaps)
        self.render("qeaas/site/coaps-servers.conf", self.places(5684, [server.port for server in self.servers]))
        self.render("qeaas/site/coaps.conf", {"listen 5684 ": f"listen 127.0.0.1:{self.udp_port} ", "listen [::]:5684 udp reuseport;": ""})
        self.render("qeaas/site/tls-servers.conf", self.places(6066, [self.port_of(server.https) for server in self.servers]))
        self.render("qeaas/site/tls.conf", {"listen 6066;": f"listen 127.0.0.1:{self.tls_port};", "listen [::]:6066;": ""})

    @staticmethod
    def places(port, ports):
        changes = {f"{host}:{port} ": f"127.0.0.1:{real} " for host, real in zip(HOSTS, ports)}
        changes.update({f"server {host}:{port} ": f"#{host} " for host in HOSTS[len(ports):]})
        return changes

    def openssl_conf(self):
        shutil.copy2(MODULE, self.home / MODULE.name)
        changes = {"module = qeaas-provider.so": f"module = {self.inside / MODULE.name}", "/run/qeaas/entropy.sock": f"{self.inside}/entropy.sock"}
        if not RDSEED:
            changes["\nactivate = 1\n\n[random_sect]"] = "\nactivate = 1\ntype = drbg\n\n[random_sect]"
        self.render("openssl.cnf", changes)
        return self.inside / "etc/openssl.cnf"

    def launch(self):
        command = [*self.program, "-p", self.inside, "-c", self.inside / "etc/nginx.conf", "-e", "stderr", "-g", "daemon off;"]
        env = environment(self.home, OPENSSL_CONF=str(self.openssl_conf()))
        self.nginx = subprocess.Popen([str(part) for part in command], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, text=True, errors="replace")
        self.addCleanup(self.end_nginx)
        self.log = Log(self.nginx.stderr)
        self.log.wait(r"start worker processes")
        for _ in range(os.cpu_count()):
            self.log.wait(r"start worker process \d+")

    def end_nginx(self):
        if self.nginx.poll() is None:
            self.nginx.terminate()
        self.nginx.wait(PATIENCE)
        self.log.join()

    def workers(self):
        return [int(pid) for pid in pathlib.Path(f"/proc/{self.nginx.pid}/task/{self.nginx.pid}/children").read_text().split()]

    def get(self, path, *arguments):
        return curl(*arguments, f"https://localhost:{self.port}{path}", ca=self.ca)


def served(server):
    """Random bytes that a server has given out over HTTP."""
    return int(re.search(rb"^qeaas_http_random_bytes_total (\d+)$", curl(server.http + "/metrics").body, re.M).group(1))


class Load:
    """Clients that ask the front for small draws without a pause, over connections that they keep, and write down what goes wrong."""

    def __init__(self, case, port, ca, clients=8, posts=True, kind=TYPE):
        self._address, self._kind, self._posts = port, kind, posts
        self._context = ssl.create_default_context(cafile=ca)
        self._changed = threading.Condition()
        self.done, self.failures, self.draws = 0, [], set()
        self._stopping = False
        self._threads = [threading.Thread(target=self._run, args=(index,), daemon=True) for index in range(clients)]
        case.addCleanup(self.stop)
        for thread in self._threads:
            thread.start()

    def _run(self, index):
        link, turn = None, 0
        while not self._stopping:
            turn += 1
            link = link or http.client.HTTPSConnection("localhost", self._address, timeout=PATIENCE, context=self._context)
            try:
                draw, fault = self._ask(link, self._posts and (turn + index) % 4 == 0)
            except (OSError, http.client.HTTPException) as error:
                draw, fault = None, repr(error)
            if fault:
                link.close()
                link = None
            with self._changed:
                self.done += 1
                self.failures += [fault] if fault else []
                if draw is not None and draw in self.draws:
                    self.failures.append("the same bytes twice")
                self.draws.add(draw)
                self._changed.notify_all()
        if link:
            link.close()

    def _ask(self, link, post):
        """(32 bytes as they came, None), or (None, what was wrong)."""
        if post:
            link.request("POST", "/v1/entropy", f'{{"block_size": 32, "entropy_type": "{self._kind}"}}', {"Content-Type": "application/json"})
        else:
            link.request("GET", f"/v1/random?bytes=32&type={self._kind}")
        answer = link.getresponse()
        body = answer.read()
        if answer.status != 200 or not post and len(body) != 32:
            return None, f"{'POST' if post else 'GET'} {answer.status} {body[:200]!r}"
        return body, None

    def wait(self, more):
        """Waits until so many requests more have been answered."""
        with self._changed:
            goal = self.done + more
            if not self._changed.wait_for(lambda: self.done >= goal, PATIENCE):
                raise AssertionError(f"{self.done} of {goal} requests; {self.failures[:5]}")

    def stop(self):
        self._stopping = True
        for thread in self._threads:
            thread.join(PATIENCE)
