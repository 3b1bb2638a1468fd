#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""qeaas feed against real servers and the real kernel: what is credited, and that it does nothing where it has no business."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

from harness import BIN, PATIENCE, Case, Log, cli, environment, main, need_program, run

SANITIZED = bool(os.environ.get("QEAAS_SANITIZE"))
RDSEED = {"id": "rdseed", "type": "rdseed"}
SHIM = pathlib.Path(BIN).parent / "lib" / "libqeaas_kernel_shim.so"


def has_rdseed():
    return " rdseed" in pathlib.Path("/proc/cpuinfo").read_text()


def may_feed():
    return os.geteuid() == 0 and cli("feed", "--in-container", "--socket", "/nonexistent/e.sock").err.find("does not let") < 0


class FeedCase(Case):
    def feed(self, *arguments, env=None, before=()):
        return run([*before, BIN / "qeaas", "feed", *arguments], env=env)

    def physical(self):
        if not has_rdseed():
            print("SKIPPED: no RDSEED here, and no other source that could be credited", flush=True)
            self.skipTest("no RDSEED here")
        return self.serve({"source": [RDSEED]})

    def traced(self, **more):
        """An environment in which the ioctls are written down, and a function that reads them."""
        if SANITIZED:
            self.skipTest("a sanitizer does not like to be preloaded before")
        trace = self.folder() / "trace"
        env = environment(self.folder(), LD_PRELOAD=str(SHIM), IOCTL_TRACE=str(trace), **more)
        return env, lambda: trace.read_text().splitlines() if trace.exists() else []


class DryRun(FeedCase):
    def document(self, server, *arguments):
        return json.loads(self.assertDone(self.feed("--dry-run", "--json", *arguments, "--ca", server.ca)).out)

    def test_simulated_bytes_are_worth_nothing(self):
        server = self.serve()
        for way in (("--socket", server.local), ("--from", server.url)):
            said = self.document(server, *way)
            self.assertEqual((said["fed"], said["dry_run"], said["bytes"], said["credit_bits"]), (False, True, 64, 0))
            self.assertRegex(said["answers"][0]["why"], "^SIMULATED: sim")

    def test_a_physical_source_is_worth_every_bit(self):
        server = self.physical()
        said = self.document(server, "--socket", server.local, "--bytes", "96")
        self.assertEqual((said["bytes"], said["credit_bits"]), (96, 768))
        answer = said["answers"][0]
        self.assertEqual((answer["link"], answer["creditable"]), ("local", True))
        self.assertEqual(answer["sources"], [{"id": "rdseed", "kind": "physical", "conditioned": True}])
        words = self.assertDone(self.feed("--dry-run", "--socket", server.local)).out
        self.assertRegex(words, r"would feed 64 bytes with a credit of 512 bits from 1 answer\n.*\(local\): full entropy from rdseed \(physical\)")

    def test_the_link_decides_too(self):
        server = self.physical()
        groups = {"MLKEM512": ("post-quantum", 512), "X25519MLKEM768": ("post-quantum", 512), "X25519": ("classical", 0)}
        for group, (link, bits) in groups.items():
            said = self.document(server, "--from", server.url, "--groups", group)
            self.assertEqual((said["answers"][0]["link"], said["credit_bits"]), (link, bits), group)
        said = self.document(server, "--from", server.url, "--groups", "X25519", "--credit-classical")
        self.assertEqual(said["credit_bits"], 512)
        said = self.document(server, "--from", server.url, "--insecure")
        self.assertEqual((said["answers"][0]["link"], said["credit_bits"]), ("unverified", 0))

    def test_a_link_behind_the_server_is_a_link_too(self):
        far = self.physical()
        for url, ca in ((far.http, {}), (far.https, {"ca_file": str(far.ca)})):
            near = self.serve({"source": [{"id": "far", "type": "remote", "url": url, "trust_far_end": True, "kind": "physical", **ca}]})
            near.log.wait("source far is healthy")
            for way in (("--socket", near.local), ("--from", near.url)):
                said = self.document(near, *way)
                self.assertEqual(said["answers"][0]["sources"], [{"id": "far", "kind": "physical", "conditioned": True, "classical_link": True}])
                self.assertEqual((said["credit_bits"], said["answers"][0]["creditable"]), (0, False))
                self.assertIn("over a link that is not post-quantum", said["answers"][0]["why"])
            self.assertEqual(self.document(near, "--socket", near.local, "--credit-classical")["credit_bits"], 512)

    def test_servers_combined(self):
        good, simulated = self.physical(), self.serve()
        roots = self.folder() / "ca.pem"
        roots.write_bytes(good.ca.read_bytes() + simulated.ca.read_bytes())
        gone = "coaps://127.0.0.1:9"
        said = json.loads(self.assertDone(self.feed("--dry-run", "--json", "--ca", roots, "--from", good.url, "--from", simulated.url,
                                                    "--from", gone, "--need", "2")).out)
        self.assertEqual(said["credit_bits"], 510)  # one good answer, hashed with others: 255 bits a block
        self.assertEqual([answer["creditable"] for answer in said["answers"]], [True, False])
        self.assertEqual(len(said["left_out"]), 1)
        self.assertIn(gone, said["left_out"][0])
        answer = self.feed("--dry-run", "--json", "--ca", roots, "--from", good.url, "--from", gone)
        self.assertFailed(answer, "1 of 2 servers answered, and 2 must")
        self.assertEqual((json.loads(answer.out)["fed"], json.loads(answer.out)["credit_bits"]), (False, 0))

    def test_nothing_that_is_said_is_random(self):
        server = self.serve()
        first, second = (self.feed("--dry-run", "--json", "--socket", server.local).out for _ in range(2))
        self.assertEqual(first, second)


class Kernel(FeedCase):
    """With the real pool, where this machine lets us."""

    def setUp(self):
        if not may_feed():
            print("SKIPPED: this user may not feed this machine's kernel", flush=True)
            self.skipTest("no privilege")

    def test_the_bytes_go_in_with_their_credit_and_the_generator_reseeds(self):
        server = self.physical()
        env, trace = self.traced()
        done = self.assertDone(self.feed("--in-container", "--socket", server.local, env=env))
        self.assertRegex(done.out, "^fed 64 bytes with a credit of 512 bits from 1 answer, and had the generator reseed\n")
        self.assertEqual(trace(), ["RNDADDENTROPY credit_bits=0 bytes=0 result=0",  # may we?
                                   "RNDADDENTROPY credit_bits=512 bytes=64 result=0", "RNDRESEEDCRNG credit_bits=0 bytes=0 result=0"])

    def test_simulated_bytes_go_in_without(self):
        server = self.serve()
        env, trace = self.traced()
        said = json.loads(self.assertDone(self.feed("--in-container", "--json", "--socket", server.local, env=env)).out)
        self.assertEqual((said["fed"], said["credit_bits"], said["reseeded"]), (True, 0, True))
        self.assertEqual(trace()[1], "RNDADDENTROPY credit_bits=0 bytes=64 result=0")

    def test_a_dry_run_asks_the_kernel_for_nothing(self):
        server = self.serve()
        env, trace = self.traced()
        self.assertDone(self.feed("--dry-run", "--socket", server.local, env=env))
        self.assertEqual(trace(), [])

    def test_a_server_that_gives_nothing_leads_to_no_credit(self):
        env, trace = self.traced()
        self.assertFailed(self.feed("--in-container", "--socket", "/run/none/e.sock", env=env), "nothing fed: .*No such file")
        self.assertEqual(trace(), ["RNDADDENTROPY credit_bits=0 bytes=0 result=0"])


class NotHere(FeedCase):
    """Where it has no business it does nothing, and says so."""

    def without_privilege(self):
        if os.geteuid() != 0:
            return []
        need_program("/usr/bin/setpriv")
        return ["/usr/bin/setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]

    def test_without_the_privilege(self):
        words = "nothing fed: the kernel does not let this process add entropy.*CAP_SYS_ADMIN"
        before = self.without_privilege()
        self.assertFailed(self.feed("--in-container", before=before), words)
        for mode in (["--once"], ["--every", "1m"]):
            done = self.assertDone(self.feed("--in-container", "--json", *mode, before=before))
            self.assertRegex(done.err, words)
            self.assertEqual(json.loads(done.out)["error"], "denied")

    def test_root_of_a_user_namespace_is_not_root_of_the_machine(self):
        before = ["unshare", "--user", "--map-root-user"]
        if run([*before, "true"]).code != 0:
            print("SKIPPED: no user namespace can be made here", flush=True)
            self.skipTest("no user namespace can be made here")
        self.assertFailed(self.feed("--in-container", before=before), "nothing fed: the kernel does not let this process")

    def test_in_a_container(self):
        script = 'mount -t tmpfs none /run && touch /run/.containerenv && exec "$@"'
        before = ["unshare", "--mount", "sh", "-c", script, "sh"]
        if run([*before, "true"]).code != 0:
            print("SKIPPED: no mount namespace can be made here", flush=True)
            self.skipTest("no mount namespace can be made here")
        words = r"nothing fed: this is a container \(podman\), and the kernel is its host's: run qeaas feed there"
        self.assertFailed(self.feed(before=before), words)
        for mode in (["--once"], ["--every", "10s"]):
            self.assertRegex(self.assertDone(self.feed(*mode, before=before)).err, words)

    def test_nonsense_is_refused(self):
        for arguments, words in ((["--bytes", "33"], "no multiple of 32"), (["--bytes", "1"], "--bytes"), (["--every", "0"], "--every"),
                                 (["--every", "soon"], "--every"), (["--once", "--every", "5s"], "--once"), (["--type", "drbg"], "--type"),
                                 (["--socket", "/x", "--from", "coaps://a"], "--from"), (["--need", "2"], "--need 2"),
                                 (["--timeout", "5 s"], "--timeout")):
            self.assertFailed(self.feed("--dry-run", *arguments), words, code=2)

    def test_a_socket_where_anybody_could_put_one_is_not_read(self):
        folder = self.folder()
        folder.chmod(0o777)
        self.assertFailed(self.feed("--dry-run", "--socket", folder / "e.sock"), "may be written by everybody")


class Boot(FeedCase):
    """--once: never fatal, and over within its time by its own clock."""

    def boot(self, *arguments, at_most):
        began = time.monotonic()
        done = self.assertDone(self.feed("--once", "--dry-run", "--json", *arguments))
        self.assertLess(time.monotonic() - began, at_most + (60 if SANITIZED else 10))
        said = json.loads(done.out)
        self.assertEqual((said["fed"], said["why"]), (False, "boot"))
        self.assertIn("nothing fed: ", done.err)
        return said

    def test_no_server(self):
        self.assertEqual(self.boot("--socket", "/run/none/e.sock", at_most=5)["error"], "not_found")

    def test_a_server_that_accepts_and_says_nothing(self):
        path = self.folder() / "e.sock"
        with socket.socket(socket.AF_UNIX) as mute:
            mute.bind(str(path))
            mute.listen()
            said = self.boot("--socket", path, "--timeout", "1s", at_most=1)
        self.assertEqual(said["error"], "timeout")

    def test_a_peer_that_swallows_everything(self):
        server = self.serve()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
            mute.bind(("127.0.0.1", 0))
            said = self.boot("--from", f"coaps://127.0.0.1:{mute.getsockname()[1]}", "--ca", server.ca, "--timeout", "1s", at_most=1)
        self.assertEqual(said["error"], "timeout")

    def test_with_a_server_it_is_done_once(self):
        server = self.serve()
        said = json.loads(self.assertDone(self.feed("--once", "--dry-run", "--json", "--socket", server.local)).out)
        self.assertEqual((said["bytes"], said["why"]), (64, "boot"))


class Service(FeedCase):
    def start(self, *arguments, env=None):
        home = self.folder()
        process = subprocess.Popen([BIN / "qeaas", "feed", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=environment(home, **(env or {})))
        out, err = Log(process.stdout), Log(process.stderr)

        def stop():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(PATIENCE), 0, err.text())
            out.join()
            err.join()
        self.addCleanup(stop)
        return process, out, err, stop

    def manager(self):
        """A service manager that listens: the socket's name and what it was told."""
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(listening.close)
        path = self.folder() / "notify"
        listening.bind(str(path))
        listening.settimeout(PATIENCE)
        return str(path), listening

    def test_it_feeds_again_and_again_and_tells_its_manager(self):
        server = self.serve()
        path, manager = self.manager()
        _, out, err, stop = self.start("--dry-run", "--every", "1s", "--json", "--socket", server.local,
                                       env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "4000000"})
        out.wait(r'"why":"start"')
        out.wait(r'"why":"interval"')
        told = set()
        while not {"READY=1", "WATCHDOG=1"} <= told:
            told.add(manager.recv(4096).decode())
        self.assertTrue(any(state.startswith("STATUS=would feed 64 bytes") for state in told), told)
        stop()
        for line in out.lines + err.lines:
            json.loads(line)

    def test_sighup_feeds_at_once(self):
        server = self.serve()
        process, _, err, _ = self.start("--dry-run", "--every", "7d", "--socket", server.local)
        err.wait("would feed .* why=start")
        process.send_signal(signal.SIGHUP)
        err.wait("would feed .* why=\"asked for\"")

    def test_a_server_that_comes_late_is_found(self):
        place = self.folder() / "e.sock"
        _, _, err, _ = self.start("--dry-run", "--every", "7d", "--socket", place)
        err.wait("warning nothing fed: .*No such file")
        self.serve({"local": {"path": str(place)}})
        err.wait("would feed 64 bytes")

    def test_it_ends_at_once_while_a_draw_is_under_way(self):
        path = self.folder() / "e.sock"
        with socket.socket(socket.AF_UNIX) as mute:
            mute.bind(str(path))
            mute.listen()
            _, _, err, stop = self.start("--dry-run", "--every", "7d", "--timeout", "1h", "--socket", path)
            mute.settimeout(PATIENCE)
            connection, _ = mute.accept()
            stop()
            connection.close()
        self.assertRegex(err.text(), "info stopped")

    def test_a_wall_clock_that_jumps_is_taken_for_a_restore(self):
        server = self.serve()
        step = self.folder() / "step"
        env, trace = self.traced(CLOCK_STEP=str(step))
        place = {key: env[key] for key in ("LD_PRELOAD", "IOCTL_TRACE", "CLOCK_STEP")}
        privileged = may_feed()
        mode = ["--in-container"] if privileged else ["--dry-run"]
        _, _, err, _ = self.start(*mode, "--every", "7d", "--socket", server.local, env=place)
        err.wait("fe.* 64 bytes .* why=start")
        before = len(trace())
        scratch = step.with_suffix(".new")
        scratch.write_text("-7200")
        scratch.rename(step)
        err.wait(r"warning clone suspected: the wall clock jumped by -7200 s: set by hand, or after a restore")
        err.wait(r'fe.* 64 bytes .* why="clone suspected: the wall clock')
        if privileged:  # the generator reseeds with what the kernel has before anybody is asked, and once more with the new bytes
            self.assertEqual([line.split()[0] for line in trace()[before:]], ["RNDRESEEDCRNG", "RNDADDENTROPY", "RNDRESEEDCRNG"])

    def slow_service(self):
        """A feeder whose local socket is ours: the process, its log, the next connection of it, and a jump of its wall clock to an offset."""
        step = self.folder() / "step"
        env, _ = self.traced(CLOCK_STEP=str(step))
        place = {key: env[key] for key in ("LD_PRELOAD", "IOCTL_TRACE", "CLOCK_STEP")}
        path = self.folder() / "e.sock"
        slow = socket.socket(socket.AF_UNIX)
        self.addCleanup(slow.close)
        slow.bind(str(path))
        slow.listen()
        slow.settimeout(PATIENCE)
        process, _, err, _ = self.start("--dry-run", "--every", "7d", "--timeout", "1h", "--socket", path, env=place)

        def accept():
            connection, _ = slow.accept()
            self.addCleanup(connection.close)
            return connection

        def jump(seconds):
            since = err.mark()
            scratch = step.with_suffix(".new")
            scratch.write_text(str(seconds))
            scratch.rename(step)
            err.wait("warning clone suspected", since)
        return process, err, accept, jump

    @staticmethod
    def answer(name):
        account = b"\xa4\x02\x66direct\x03\x81\x83" + bytes([0x60 + len(name)]) + name + b"\x67quantum\xf4\x04\xf6\x05\xf4"
        return bytes([0, 0, 0, 64, 0, len(account)]) + bytes(64) + account

    def test_what_was_being_drawn_at_a_clone_is_neither_waited_for_nor_used(self):
        process, err, accept, jump = self.slow_service()
        first = accept()
        jump(3600)
        second = accept()  # at once, although the first draw has its hour left
        second.sendall(self.answer(b"two"))
        err.wait('would feed 64 bytes with a credit of 512 bits.* why="clone suspected')
        first.sendall(self.answer(b"one"))
        process.send_signal(signal.SIGHUP)
        accept().sendall(self.answer(b"three"))
        err.wait('would feed .* why="asked for"')
        self.assertEqual(err.text().count("would feed"), 2, err.text())

    def test_clocks_that_jump_again_and_again_do_not_pile_up_draws(self):
        _, err, accept, jump = self.slow_service()
        under_way = [accept()]
        for hours in (1, 2, 3):
            jump(hours * 3600)
            under_way.append(accept())
        jump(4 * 3600)
        err.wait("the next one waits for the last of them")
        under_way[-1].sendall(self.answer(b"stale"))
        accept().sendall(self.answer(b"fresh"))
        err.wait('would feed .* why="clone suspected')
        self.assertEqual(err.text().count("would feed"), 1, err.text())
        self.assertEqual(err.text().count("is thrown away"), 4, err.text())


if __name__ == "__main__":
    main()
