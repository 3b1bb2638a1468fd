#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real nginx whose randomness is qeaas: four workers without privileges, ten thousand handshakes, workers that die, servers that do."""
import collections
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import time

from harness import PATIENCE, main, need_program
from opensslc import RAND, SEED, ProviderCase, client_context, free_port, handshake

NGINX = os.environ.get("QEAAS_NGINX", "/usr/sbin/nginx")
WORKERS = 4
CONF = """{user}
daemon off;
worker_processes {workers};
pid {home}/nginx.pid;
error_log stderr notice;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {home}/t1;
  proxy_temp_path {home}/t2;
  fastcgi_temp_path {home}/t3;
  uwsgi_temp_path {home}/t4;
  scgi_temp_path {home}/t5;
  server {{
    listen 127.0.0.1:{port} ssl reuseport;
    ssl_protocols TLSv1.3;
    ssl_certificate {state}/server-p256.pem;
    ssl_certificate_key {state}/server-p256.key;
    location / {{ return 200 "hello"; }}
  }}
}}
"""


def rdseed():
    return " rdseed" in pathlib.Path("/proc/cpuinfo").read_text(errors="replace")


class Nginx(ProviderCase):
    def setUp(self):
        super().setUp()
        need_program(NGINX)
        os.chmod(self.home, 0o755)
        # The simulator is slow: where the machine has no RDSEED, the type for bulk does.
        self.kind = "mixed" if rdseed() else "drbg"
        source = {"id": "rdseed", "type": "rdseed"} if rdseed() else {"id": "sim", "type": "photon"}
        groups = ["www-data"] if os.geteuid() == 0 else []  # of the user whom nginx's workers run as
        self.config = {"source": [source], "local": {"groups": groups}}
        self.server = self.serve(self.config)
        os.chmod(self.server.folder, 0o755)

    def nginx(self, **keys):
        self.port = free_port()
        file = self.home / "nginx.conf"
        file.write_text(CONF.format(user="user www-data;" if os.geteuid() == 0 else "", workers=WORKERS, home=self.home, port=self.port,
                                    state=self.server.state))
        command = [NGINX, "-p", self.home, "-c", file, "-e", "stderr"]
        self.master, self.log = self.start(command, self.conf(self.server, type=self.kind, **keys))
        for _ in range(WORKERS):
            self.log.wait(r"start worker process \d+")
        self.context = client_context(self.server.ca)
        end = time.monotonic() + PATIENCE
        while True:  # a worker says that it is started before it accepts
            try:
                return handshake(self.port, self.context)
            except ConnectionRefusedError:
                self.assertLess(time.monotonic(), end, self.log.text())

    def shake(self, count):
        """The servers' random bytes of so many handshakes, and the errors of those that failed."""
        randoms, errors = [], []

        def one(_):
            try:
                randoms.append(handshake(self.port, self.context))
            except OSError as error:
                errors.append(str(error))

        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(one, range(count)))
        return randoms, errors

    def workers(self):
        children = pathlib.Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children").read_text().split()
        return [int(child) for child in children]

    def test_ten_thousand_handshakes_in_four_workers(self):
        self.nginx(random=RAND)
        randoms, errors = self.shake(10000)
        self.assertEqual((errors, len(randoms)), ([], 10000), self.log.text()[-2000:])
        self.assertEqual(len(set(randoms)), 10000)
        spent = [os.sysconf("SC_CLK_TCK") and int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11]) for pid in self.workers()]
        self.assertEqual(len(spent), WORKERS)
        self.assertTrue(all(spent), f"a worker had nothing to do: {spent}")

    def test_seeds_only(self):
        self.nginx(random=SEED)
        randoms, errors = self.shake(2000)
        self.assertEqual((errors, len(set(randoms))), ([], 2000), self.log.text()[-2000:])

    def test_workers_that_die_are_replaced_and_share_nothing(self):
        self.nginx(random=RAND)
        randoms, _ = self.shake(200)
        for pid in self.workers():
            since = self.log.mark()
            os.kill(pid, signal.SIGKILL)
            self.log.wait(r"start worker process \d+", since)
        more, errors = self.shake(400)
        self.assertLessEqual(len(errors), WORKERS * 2, errors)  # those that a dying worker's queue held
        self.assertEqual(len(set(randoms + more)), len(randoms + more))

    def test_a_service_that_is_gone_and_comes_back(self):
        self.nginx(random=RAND, buffer=512)
        self.shake(100)
        self.server.stop()
        self.shake(200)  # what the workers had read ahead
        randoms, errors = self.shake(100)
        self.assertEqual(randoms, [], f"{len(randoms)} handshakes without the service")
        self.assertEqual(len(errors), 100)
        self.log.wait(r"is qeaasd running")
        self.server = self.serve({**self.config, "local": {**self.config["local"], "path": str(self.server.local)}})
        os.chmod(self.server.folder, 0o755)
        randoms, errors = self.shake(200)
        self.assertEqual((errors, len(set(randoms))), ([], 200), self.log.text()[-2000:])


if __name__ == "__main__":
    main()
