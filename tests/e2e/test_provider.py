#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OpenSSL provider inside programs that are not ours: the openssl command, its server, Python; and what `qeaas doctor openssl` says."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import unittest

from harness import BIN, PATIENCE, Server, environment, main, need_program, run
from opensslc import MODULE, RAND, SEED, ProviderCase, client_context, free_port, handshake

UNIT = pathlib.Path(__file__).resolve().parents[2] / "deploy/nginx/nginx.service.d/qeaas.conf"

# Python's _ssl is on OpenSSL, so that its interpreter is a program with a provider. It draws, then does what the test asks, and draws.
DRAW = """
import os, ssl, sys
def draw(n=32): return ssl.RAND_bytes(n).hex()
"""


class Module(ProviderCase):
    def test_it_exports_one_function_and_needs_no_library_of_openssl(self):
        exported = run(["nm", "-D", "--defined-only", MODULE]).out.split()
        self.assertEqual(exported[-1], "OSSL_provider_init")
        self.assertEqual(len(exported), 3)
        needed = re.findall(r"NEEDED.*\[(.*)\]", run(["readelf", "-d", MODULE]).out)
        for library in needed:
            self.assertRegex(library, r"^(libstdc\+\+|libgcc_s|libm|libc|ld-linux)")


class Commands(ProviderCase):
    def test_openssl_draws_makes_keys_and_certificates(self):
        server = self.serve()
        for random in (RAND, SEED):
            conf = self.conf(server, random=random)
            first, second = (self.assertDone(self.openssl(conf, "rand", "-hex", "32")).out for _ in range(2))
            self.assertNotEqual(first, second)
            self.assertEqual(len(self.assertDone(self.openssl(conf, "rand", "200000")).raw), 200000)
            for algorithm in ("X25519", "EC -pkeyopt ec_paramgen_curve:P-256", "RSA -pkeyopt rsa_keygen_bits:2048"):
                self.assertDone(self.openssl(conf, "genpkey", "-algorithm", *algorithm.split()))

    def test_without_the_socket_nothing_is_drawn_and_nothing_falls_back(self):
        for random in (RAND, SEED):
            conf = self.conf(random=random, socket=self.home / "none.sock")
            refused = self.openssl(conf, "rand", "-hex", "32")
            self.assertEqual((refused.code, refused.out), (1, ""))
            self.assertIn("none.sock (is qeaasd running, and may this user reach its socket?)", refused.err)
            self.assertNotEqual(self.openssl(conf, "genpkey", "-algorithm", "X25519").code, 0)

    def test_wrong_settings_stop_everything_and_say_why(self):
        conf = self.conf(random=SEED, fallback="yes")
        refused = self.openssl(conf, "rand", "-hex", "32")
        self.assertEqual(refused.code, 1)
        self.assertIn("fallback = yes: write none or os", refused.err)

    def test_the_fall_back_has_to_be_named(self):
        conf = self.conf(socket=self.home / "none.sock", fallback="os")
        self.assertDone(self.openssl(conf, "rand", "-hex", "32"))

    def test_a_device(self):
        device = self.home / "qrandom0"
        if os.geteuid() == 0:
            run(["mknod", device, "c", "1", "9"])
        else:
            device = "/dev/urandom"
        self.assertDone(self.openssl(self.conf(source="device", device=device), "rand", "-hex", "32"))
        stuck = self.openssl(self.conf(source="device", device="/dev/zero"), "rand", "-hex", "32")
        self.assertEqual(stuck.code, 1)
        self.assertIn("repeats itself", stuck.err)

    def test_straight_from_a_server(self):
        server = self.serve()
        for random in (RAND, SEED):
            conf = self.conf(random=random, source="server", server=server.url, ca=server.ca, timeout=10000)
            self.assertDone(self.openssl(conf, "rand", "-hex", "100000"))
        server.stop()
        refused = self.openssl(self.conf(source="server", server=server.url, ca=server.ca, timeout=500), "rand", "-hex", "32")
        self.assertEqual(refused.code, 1, refused)


class Handshakes(ProviderCase):
    def s_server(self, server, conf):
        port = free_port()
        certificate = server.state / "server-p256.pem"
        process, log = self.start(["/usr/bin/openssl", "s_server", "-accept", port, "-cert", certificate, "-key", server.state / "server-p256.key",
                                   "-cert_chain", certificate, "-quiet", "-naccept", 1000000, "-num_tickets", 2], conf)
        context = client_context(server.ca)
        end = time.monotonic() + PATIENCE
        while True:  # it says nothing when it listens
            try:
                handshake(port, context)
                return port, context, process, log
            except ConnectionRefusedError:
                self.assertLess(time.monotonic(), end, log.text())
                self.assertIsNone(process.poll(), log.text())

    def test_many_and_none_without_the_service(self):
        for random in (RAND, SEED):
            server = self.serve()
            port, context, _, log = self.s_server(server, self.conf(server, random=random, buffer=0))
            self.assertEqual(len({handshake(port, context) for _ in range(2000)}), 2000)
            server.kill()
            if random == SEED:  # OpenSSL's own generators go on until their next seed is due
                handshake(port, context)
                continue
            for _ in range(3):
                with self.assertRaises(OSError):
                    handshake(port, context)
            log.wait(r"is qeaasd running")


class Processes(ProviderCase):
    def python(self, conf, script, *arguments):
        return run([sys.executable, "-c", DRAW + script, *arguments], env=self.env(conf), patience=PATIENCE)

    def test_parents_and_children_share_nothing(self):
        server = self.serve()
        script = """
draw()
out = os.dup(1)
for i in range(8):
    if os.fork() == 0:
        for j in range(50): os.write(out, (draw() + "\\n").encode())
        if i < 3 and os.fork() == 0:
            os.write(out, (draw() + "\\n").encode())
        os._exit(0)
for j in range(50): os.write(out, (draw() + "\\n").encode())
for i in range(8): os.wait()
"""
        for random in (RAND, SEED):
            lines = self.assertDone(self.python(self.conf(server, random=random), script)).out.split()
            self.assertGreaterEqual(len(lines), 450)
            self.assertEqual(len(set(lines)), len(lines))

    def test_children_have_sessions_of_their_own(self):
        server = self.serve()
        conf = self.conf(source="server", server=server.url, ca=server.ca, timeout=10000)
        script = """
values = [draw(1000)]
inside, out = os.pipe()
for i in range(3):
    if os.fork() == 0:
        os.write(out, (draw(1000) + draw(1000)).encode())
        os._exit(0)
for i in range(3):
    values.append(draw(1000))  # the parent's session goes on, also after a child has ended
    os.wait()
    text = b""
    while len(text) < 4000: text += os.read(inside, 4000 - len(text))
    values += [text[:2000].decode(), text[2000:].decode()]
values.append(draw(1000))
assert len(set(values)) == 11, len(set(values))
"""
        self.assertDone(self.python(conf, script))

    @unittest.skipUnless(os.geteuid() == 0, "chroot needs root")
    def test_a_worker_in_a_chroot_without_privileges(self):
        server = self.serve()
        jail = self.folder()
        os.chmod(jail, 0o755)
        script = """
draw()
if os.fork() == 0:  # as nginx's workers and many daemons do
    os.chroot(sys.argv[1]); os.chdir("/"); os.setgroups([]); os.setgid(65534); os.setuid(65534)
    for i in range(30): draw(4000)
    print("drawn", flush=True)
    if os.fork() == 0:  # a grandchild has nobody to open the socket for it, and must not use its parent's connection
        try:
            for i in range(3): draw(4000)
            print("drawn in the grandchild", flush=True)
        except ssl.SSLError as error: print("refused", error, flush=True)
        os._exit(0)
    os.wait()
    draw(4000)
    print("still", flush=True)
    os._exit(0)
os.wait()
"""
        said = self.assertDone(self.python(self.conf(server), script, str(jail))).out
        self.assertRegex(said, r"(?s)^drawn\nrefused .*still\n$")

    @unittest.skipUnless(os.geteuid() == 0, "chroot needs root")
    def test_a_process_that_gives_up_its_privileges_keeps_its_connection(self):
        server = self.serve()
        script = """
os.chroot(sys.argv[1]); os.chdir("/"); os.setgroups([]); os.setgid(65534); os.setuid(65534)
for i in range(20): draw(4000)
"""
        # Nothing is drawn before: the connection was opened when the configuration was read.
        self.assertDone(self.python(self.conf(server), "ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\n" + script, str(self.folder())))

    def test_no_descriptor_is_left(self):
        server = self.serve()
        script = """
import resource
ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
held = []
try:
    while True: held.append(os.open("/dev/null", os.O_RDONLY))
except OSError: pass
for i in range(10): draw(4000)
os.write(1, b"before\\n"); os.read(0, 1)
for i in range(10): draw(4000)
os.write(1, b"after\\n")
"""
        process = subprocess.Popen([sys.executable, "-c", DRAW + script], env=self.env(self.conf(server)), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "before\n")
        server.stop()  # every connection ends; the next server has the same path
        again = self.serve({"local": {"path": str(server.local)}})
        said, errors = process.communicate("x", PATIENCE)
        self.assertEqual((said, process.returncode), ("after\n", 0), errors + again.log.text())

    def test_a_daemon_that_closes_all_descriptors(self):
        server = self.serve()
        script = """
draw()
os.closerange(3, 1000)
files = [os.open("/dev/zero", os.O_RDONLY) for i in range(20)]  # with the numbers that were closed
values = {draw(4000) for i in range(20)}
assert len(values) == 20 and "00" * 4000 not in values
for file in files: os.fstat(file)
"""
        self.assertDone(self.python(self.conf(server), script))


class Doctor(ProviderCase):
    def wrong(self, conf, pattern):
        said = self.doctor(conf)
        self.assertEqual(said.code, 1, said)
        self.assertRegex(said.out, r"FAIL +" + pattern)
        return said.out

    def test_good_ones(self):
        server = self.serve()
        said = self.assertDone(self.doctor(self.conf(server))).out
        self.assertRegex(said, r"ok +source +every byte comes from socket:" + str(server.local))
        self.assertRegex(said, r"ok +generator public +QEAAS-RAND of qeaas, gave 32 bytes of the service")
        self.assertNotRegex(said, r"(?m)^(warn|FAIL)")
        said = self.assertDone(self.doctor(self.conf(server, random=SEED))).out
        self.assertRegex(said, r"ok +source +seeds come from socket:.*: 80 bytes, measured")
        self.assertRegex(said, r"ok +generator primary +CTR-DRBG of default, took 80 bytes of seed from QEAAS-SEED-SRC")

    def test_json(self):
        server = self.serve()
        said = json.loads(self.assertDone(self.doctor(self.conf(server, random=SEED), "--json")).out)
        self.assertTrue(said["ok"])
        values = said["values"]
        self.assertEqual((values["seed"], values["seed_bytes"], values["primary_bytes"], values["fallbacks"]), ("QEAAS-SEED-SRC", 80, 80, 0))
        self.assertEqual((values["public_generator"], values["public_provider"]), ("CTR-DRBG", "default"))
        broken = json.loads(self.doctor(self.conf(server, random="seed = SEED-SRC"), "--json").out)
        self.assertFalse(broken["ok"])
        self.assertEqual(broken["values"]["seed"], "os")

    def test_the_system_s_own_configuration(self):
        said = run([BIN / "qeaas", "doctor", "openssl"], env=environment(self.home))
        self.assertEqual(said.code, 1)
        self.assertRegex(said.out, r"FAIL +source +OpenSSL seeds itself from the operating system")

    def test_the_silent_bypass(self):
        server = self.serve()
        # OpenSSL has no complaint about any of these: it draws, seeded by the operating system.
        traps = {"a": dict(random=SEED + "\nseed_properties = fips=yes"), "b": dict(random="seed = QEAAS-SEED-SCR"),
                 "c": dict(random=SEED, providers="default = default_sect", head=""),
                 "d": dict(random=SEED, module="/none/qeaas-provider.so", head="")}
        for name, trap in traps.items():
            conf = self.conf(server, name=name, **trap)
            self.assertDone(self.openssl(conf, "rand", "-hex", "32"))
            self.wrong(conf, r"source +(seed = QEAAS-SEED-SRC is bypassed|the seed source is QEAAS-SEED-SCR)")
        self.wrong(self.conf(server, name="d", **traps["d"]), r"provider +not loaded from /none/qeaas-provider.so")

    def test_diagnostics_tell_of_names_and_not_of_modules(self):
        missing = self.conf(random=SEED, module="/none/qeaas-provider.so")
        self.assertDone(self.openssl(missing, "rand", "-hex", "32"))
        misspelt = "sead = QEAAS-SEED-SRC"
        self.assertDone(self.openssl(self.conf(random=misspelt, head=""), "rand", "-hex", "32"))
        self.assertNotEqual(self.openssl(self.conf(random=misspelt), "rand", "-hex", "32").code, 0)
        self.wrong(self.conf(random=misspelt), r"loading +OpenSSL could not load all of the configuration")

    def test_a_module_that_is_missing_stops_who_draws_every_byte_from_it(self):
        missing = self.conf(module="/none/qeaas-provider.so")
        self.assertNotEqual(self.openssl(missing, "rand", "-hex", "32").code, 0)
        self.wrong(missing, r"32 bytes, public +refused")

    def test_a_file_that_openssl_cannot_read_is_no_configuration(self):
        server = self.serve()
        good = self.conf(server, name="good.cnf")
        missing, broken, closed = (self.home / name for name in ("missing.cnf", "broken.cnf", "closed.cnf"))
        broken.write_text(good.read_text() + "\n[unfinished\n")
        closed.write_text(good.read_text())
        closed.chmod(0)
        self.refused_by_the_doctor_alone(missing, "missing.cnf cannot be read by this user")
        self.refused_by_the_doctor_alone(broken, "missing close square bracket")
        if os.geteuid() != 0:  # root reads it all the same
            self.refused_by_the_doctor_alone(closed, "closed.cnf cannot be read by this user")

    def refused_by_the_doctor_alone(self, conf, why):
        """OpenSSL draws from the operating system without a word; the check that nginx's unit makes fails."""
        drawn = self.assertDone(self.openssl(conf, "rand", "-hex", "32"))
        self.assertRegex(drawn.out, r"^[0-9a-f]{64}$")
        said = self.check_of_the_unit(conf)
        self.assertEqual(said.code, 1, said)
        self.assertRegex(said.out, r"FAIL +configuration +.*" + why)

    def check_of_the_unit(self, conf):
        """What deploy/nginx has nginx's unit run before nginx, with this configuration in the place of its own."""
        place = "/etc/qeaas/openssl.cnf"
        lines = UNIT.read_text().splitlines()
        self.assertIn(f"Environment=OPENSSL_CONF={place}", lines)
        self.assertIn(f"AssertPathExists={place}", lines)
        [command] = [line.partition("=")[2] for line in lines if line.startswith("ExecStartPre=")]
        program, *arguments = command.split()
        self.assertEqual(program, "/usr/bin/qeaas")
        return run([BIN / "qeaas", *arguments], env={"PATH": "/usr/sbin:/usr/bin", "OPENSSL_CONF": str(conf)}, patience=PATIENCE)

    def test_the_check_of_nginx_s_unit(self):
        server = self.serve()
        conf = self.home / "openssl.cnf"
        shipped = (UNIT.parents[1] / "openssl.cnf").read_text()
        conf.write_text(shipped.replace("module = qeaas-provider.so", f"module = {MODULE}").replace("/run/qeaas/entropy.sock", str(server.local)))
        self.assertRegex(self.assertDone(self.check_of_the_unit(conf)).out, r"ok +source +every byte comes from socket:")
        server.stop()
        said = self.check_of_the_unit(conf)
        self.assertEqual(said.code, 1, said)
        self.assertRegex(said.out, r"FAIL +32 bytes, public +refused: .*is qeaasd running")

    def test_openssl_rand_ignores_provider_options(self):
        server = self.serve()
        conf = self.conf(server, random="")
        drawn = self.openssl(conf, "rand", "-provider", "default", "-provider", "qeaas", "-propquery", "provider=qeaas", "-hex", "32")
        self.assertDone(drawn)
        self.wrong(conf, r"source +OpenSSL seeds itself from the operating system")

    def test_other_mistakes(self):
        server = self.serve()
        self.wrong(self.conf(server, providers="qeaas = qeaas_sect"), r"default provider +not active")
        self.wrong(self.conf(server, settings="fallbak = os"), r"settings +\[qeaas_sect\] fallbak: no such key")
        self.wrong(self.conf(server, type="best"), r"32 bytes, public +refused: .*type = best: write direct, mixed or drbg")
        self.wrong(self.home / "missing.cnf", r"configuration +.*missing.cnf cannot be read")
        warned = self.doctor(self.conf(server, fallback="os"))
        self.assertRegex(self.assertDone(warned).out, r"warn +fall-back +fallback = os")
        warned = self.doctor(self.conf(server, head=""))
        self.assertRegex(self.assertDone(warned).out, r"warn +config_diagnostics +not set")
        self.wrong(self.conf(socket="/none.sock", fallback="os"), r"fall-back +\d+ bytes came from the operating system")
        self.wrong(self.conf(socket="/none.sock"), r"32 bytes, public +refused: .*none.sock")


if __name__ == "__main__":
    main()
