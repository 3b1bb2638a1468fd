# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the OpenSSL provider share: configurations, programs that run with them, a TLS client that keeps what servers said."""
import os
import socket
import ssl
import struct
import subprocess

from harness import BIN, PATIENCE, Case, Log, environment, run

MODULE = BIN.resolve().parent / "lib" / "qeaas-provider.so"
RAND, SEED = "random = QEAAS-RAND", "seed = QEAAS-SEED-SRC"


def config(path, random=RAND, settings="", providers="default = default_sect\nqeaas = qeaas_sect", module=MODULE, head="config_diagnostics = 1\n", **keys):
    """Writes an openssl.cnf; keys are the provider's own."""
    lines = "\n".join(f"{key} = {value}" for key, value in keys.items())
    path.write_text(f"{head}openssl_conf = init\n[init]\nproviders = providers\nrandom = random\n[providers]\n{providers}\n"
                    f"[default_sect]\nactivate = 1\n[qeaas_sect]\nmodule = {module}\nactivate = 1\n{lines}\n{settings}\n[random]\n{random}\n")
    return path


class ProviderCase(Case):
    def setUp(self):
        self.home = self.folder()

    def conf(self, service=None, name="openssl.cnf", **keys):
        if service is not None:
            keys.setdefault("socket", service.local)
        return config(self.home / name, **keys)

    def env(self, conf):
        return environment(self.home, OPENSSL_CONF=str(conf))

    def openssl(self, conf, *arguments):
        return run(["/usr/bin/openssl", *arguments], env=self.env(conf), patience=PATIENCE)

    def doctor(self, conf, *arguments):
        return run([BIN / "qeaas", "doctor", "openssl", *arguments], env=self.env(conf), patience=PATIENCE)

    def start(self, command, conf, **more):
        """A program that is stopped at the end, with its standard error as a Log."""
        process = subprocess.Popen([str(part) for part in command], env=self.env(conf), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors="replace", **more)
        self.addCleanup(self.end, process)
        return process, Log(process.stdout)

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdin.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def client_context(ca):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(str(ca))
    return context


def handshake(port, context, timeout=PATIENCE):
    """One full TLS 1.3 handshake; gives the 32 random bytes of the server's hello. Errors are OSError (also ssl.SSLError)."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    first = b""
    with socket.create_connection(("127.0.0.1", port), timeout) as link:
        while True:
            try:
                tls.do_handshake()
                link.sendall(outgoing.read())
                return server_random(first)
            except ssl.SSLWantReadError:
                link.sendall(outgoing.read())
                data = link.recv(16384)
                if not data:
                    raise ConnectionError("closed during the handshake") from None
                if len(first) < 43:
                    first += data
                incoming.write(data)


def server_random(record):
    kind, _, size, message = struct.unpack(">BHHB", record[:6])
    if kind != 22 or message != 2 or size < 38:
        raise ValueError("the first record is no ServerHello")
    return record[11:43]
