# SPDX-License-Identifier: GPL-3.0-or-later
"""Items l and m of bench/run: the OpenSSL provider beside OpenSSL's own generator, in a bare loop and in nginx."""
import os
import statistics

from common import Failure, cpu_flags, schedstat

MODULE = "../lib/qeaas-provider.so"  # from the folder of the programs
CONF = """openssl_conf = init
[init]
providers = providers
random = random
[providers]
default = default_sect
qeaas = qeaas_sect
[default_sect]
activate = 1
[qeaas_sect]
module = %s
activate = 1
socket = %s
type = %s
%s
[random]
%s
"""
BARE = "openssl_conf = init\n[init]\nproviders = providers\n[providers]\ndefault = default_sect\n[default_sect]\nactivate = 1\n"


def between(ratios):
    """The 95 % interval of the median of sorted ratios, by its order statistics."""
    half = 0.98 * len(ratios) ** 0.5
    low, high = max(0, round(len(ratios) / 2 - half) - 1), min(len(ratios) - 1, round(len(ratios) / 2 + half))
    return "; 95 %%: %.3f to %.3f" % (ratios[low], ratios[high])


class ProviderItems:
    """Mixed into Bench."""

    def local_server(self, service=""):
        """qeaasd with its local socket alone, one worker, RDSEED where the machine has it; its keys for nginx."""
        number = self.made + 1
        state, path, config = ("%s/%s%d" % (self.folder, name, number) for name in ("state", "entropy.sock", "qeaasd.toml"))
        source = "rdseed" if "rdseed" in cpu_flags() else "jitter"
        with open(config, "w") as file:
            file.write('[server]\nworkers = 1\n[local]\npath = "%s"\n[service]\n%s\n[coaps]\nlisten = ["127.0.0.1:0"]\n[http]\nenabled = false\n'
                       '[https]\nenabled = false\n[[source]]\nid = "%s"\ntype = "%s"\n' % (path, service, source, source))
        server = self.start([self.tool("qeaasd"), "--config", config, "--state", state], r" ready\n")
        server.state, server.socket = state, path
        return server

    def openssl_conf(self, name, text):
        path = "%s/%s.cnf" % (self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def provider_conf(self, server, name, random, kind="drbg", more=""):
        module = os.path.normpath(self.tool(MODULE))
        if not os.access(module, os.R_OK):
            raise Failure("%s is not built" % module)
        return self.openssl_conf(name, CONF % (module, server.socket, kind, more, random))

    # --- l: draws ------------------------------------------------------------------------------------------------------

    def provider_draws(self):
        server = self.local_server()
        bare = self.openssl_conf("bare", BARE)
        cases = [("OpenSSL's CTR-DRBG", "library", bare),
                 ("QEAAS-SEED-SRC under CTR-DRBG", "library", self.provider_conf(server, "seed", "seed = QEAAS-SEED-SRC")),
                 ("QEAAS-RAND", "library", self.provider_conf(server, "rand", "random = QEAAS-RAND")),
                 ("QEAAS-RAND, buffer = 0", "library", self.provider_conf(server, "unbuffered", "random = QEAAS-RAND", more="buffer = 0")),
                 ("read of a device at every call", "device", "/dev/urandom"),
                 ("open, read, close at every call", "reopen", "/dev/urandom")]
        rounds, seconds = self.size(5, 1), self.size(0.4, 0.1)
        self.table.title("l. draws of OpenSSL with the provider, beside OpenSSL's own generator and a device that is read at every call",
                         "wall time a call, %d rounds of %.1f s in turns, medians of the ratios within a round; type drbg by the local socket" % (rounds, seconds),
                         "device: /dev/urandom stands for /dev/qrandomN, whose hardware is far slower")
        for size in (32, 65536):
            runs = {name: [] for name, _, _ in cases}
            for _ in range(rounds):
                for name, kind, place in cases:
                    runs[name].append(self.one(["rand_bench", kind, place, size, seconds]))
            base = runs[cases[0][0]]
            for name, lines in runs.items():
                ratio = statistics.median(line["ns"] / other["ns"] for line, other in zip(lines, base))
                middle = statistics.median(line["ns"] for line in lines)
                title = "rand%d/%s" % (size, name)
                cpu = "%.0f ns of CPU here" % statistics.median(line["cpu_ns"] for line in lines)
                if size == 32:
                    self.table.add(title, middle, "ns", ratio, note=cpu)
                else:
                    self.table.add(title, size * 1000 / middle, "MB/s", 1 / ratio, note=cpu)

    # --- m: nginx ------------------------------------------------------------------------------------------------------

    def provider_nginx(self):
        server = self.local_server(service="reservoir_blocks = 16384")
        kind = "mixed" if "rdseed" in cpu_flags() else "drbg"
        confs = [("without", self.openssl_conf("nginx-bare", BARE)),
                 ("QEAAS-SEED-SRC", self.provider_conf(server, "nginx-seed", "seed = QEAAS-SEED-SRC", kind)),
                 ("QEAAS-RAND", self.provider_conf(server, "nginx-rand", "random = QEAAS-RAND", kind))]
        count, rounds = self.size(250, 60), self.size(101, 2)
        self.table.title("m. TLS 1.3 handshakes of nginx with the provider and without",
                         "one worker, X25519 and P-256, full handshakes, 16 under way, %d rounds of %d in turns; medians of the ratios within a round" % (rounds, count),
                         "CPU: of nginx's worker for a handshake, from connect to close; type %s" % kind)
        targets = []
        for name, conf in confs:
            nginx = self.nginx(server.state, [], ("env", "OPENSSL_CONF=" + conf))
            if nginx is None:
                return
            targets.append((name, nginx))
        runs = {name: [] for name, _ in targets}
        for turn in range(rounds + 1):
            for name, nginx in (targets if turn % 2 else targets[::-1]):
                line = self.https_handshakes(nginx, server.state, "X25519", count if turn > 0 else 32)
                if turn > 0:
                    runs[name].append(line)
        base = runs["without"]
        for name, lines in runs.items():
            judged = name != "without"
            cpus = sorted(line["us"] / other["us"] for line, other in zip(lines, base))
            rates = sorted(line["rate"] / other["rate"] for line, other in zip(lines, base))
            cpu, rate = statistics.median(cpus), statistics.median(rates)
            self.table.add("nginx/%s cpu" % name, statistics.median(line["us"] for line in lines), "us", cpu, "<= 1.02" if judged else None,
                           cpu <= 1.02 if judged else None, "least %.0f us%s" % (min(line["us"] for line in lines), between(cpus) if judged else ""))
            self.table.add("nginx/%s rate" % name, statistics.median(line["rate"] for line in lines), "/s", rate, ">= 0.98" if judged else None,
                           rate >= 0.98 if judged else None, "most %.0f%s" % (max(line["rate"] for line in lines), between(rates) if judged else ""))
        asked = schedstat(server.pid)
        self.table.add("nginx/qeaasd's worker, all rounds", asked / 1e6, "ms of CPU")
