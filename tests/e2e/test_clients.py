# SPDX-License-Identifier: GPL-3.0-or-later
"""`qeaas clients` beside a running server, and what a quota is worth when the server is killed."""
import base64
import hashlib
import json
import stat
import subprocess
import time

from coap import Client
from harness import BIN, Case, Roamer, cli, environment, main, run

PLAIN = {"coap": {"enabled": True, "listen": ["127.0.0.1:0"]}}


class Clients(Case):
    config = {"coaps": {"client_auth": ["none", "psk"]}}

    def setUp(self):
        self.server = self.serve(self.config)
        self.place = self.folder()

    def clients(self, *arguments):
        return cli("clients", *arguments, "--state", self.server.state)

    def change(self, *arguments):
        """A command, and the server's word that it has seen what changed."""
        since = self.server.log.mark()
        result = self.assertDone(self.clients(*arguments))
        self.server.log.wait("identities: reloaded", since)
        return result

    def show(self, name):
        return json.loads(self.assertDone(self.clients("show", name, "--json")).out)

    def database(self):
        return b"".join(path.read_bytes() for path in self.server.state.glob("access.db*"))


class Psk(Clients):
    config = {"coaps": {"client_auth": ["psk"]}}

    def get(self, key, *arguments, identity="sensor-7"):
        return cli("get", "32", "--from", self.server.url, "--psk", f"{identity}:{key}", "--timeout", "10", "--retry", "0", *arguments)

    def test_added_disabled_enabled_rotated_and_removed_while_the_server_runs(self):
        key = self.place / "sensor-7.key"
        result = self.change("add", "sensor-7", "--psk", "--out", key)
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        secret = key.read_text()
        self.assertRegex(secret, r"\A[0-9a-f]{64}\n\Z")
        self.assertNotIn(secret.strip(), result.out + result.err)
        self.assertRegex(result.err, rf"--psk sensor-7:{key}")
        server, = json.loads(self.assertDone(self.get(key, "--json")).out)["servers"]
        self.assertEqual(server["signature"], "psk")

        self.change("disable", "sensor-7")
        self.assertFailed(self.get(key), r"\S")
        self.change("enable", "sensor-7")
        self.assertDone(self.get(key))

        old = self.place / "old.key"
        old.write_text(secret)
        old.chmod(0o600)
        self.change("rotate", "sensor-7", "--out", key)
        self.assertNotEqual(key.read_text(), secret)
        self.assertFailed(self.get(old), r"\S")
        self.assertDone(self.get(key))
        self.assertNotIn(bytes.fromhex(secret), self.database())

        self.change("remove", "sensor-7")
        self.assertFailed(self.get(key), r"\S")

    def test_a_key_that_the_client_has_already(self):
        key = self.place / "mine"
        key.write_text("00112233445566778899aabbccddeeff\n")
        self.assertFailed(self.clients("add", "it", "--psk", "--identity", "id:it", "--key-file", key), r"chmod 600")
        key.chmod(0o600)
        self.change("add", "it", "--psk", "--identity", "id:it", "--key-file", key)
        self.assertDone(self.get(key, identity="id:it"))

    def test_the_key_goes_beside_us_or_to_standard_output(self):
        def here(*arguments):
            command = [str(BIN.resolve() / "qeaas"), "clients", *arguments, "--state", str(self.server.state)]
            return subprocess.run(command, cwd=self.place, env=environment(self.place), capture_output=True, text=True, check=False)
        self.assertEqual(here("add", "a", "--psk").returncode, 0)
        self.assertEqual(stat.S_IMODE((self.place / "a.key").stat().st_mode), 0o600)
        again = here("add", "a", "--psk")
        self.assertEqual(again.returncode, 1)
        self.assertIn("is taken", again.stderr)
        (self.place / "b.key").write_text("somebody's")
        taken = here("add", "b", "--psk")
        self.assertEqual(taken.returncode, 1)
        self.assertIn("b.key is there already", taken.stderr)
        self.assertEqual((self.place / "b.key").read_text(), "somebody's")
        self.assertIn("no identity is named 'b'", here("show", "b").stderr)
        shown = here("add", "c", "--psk", "--show")
        self.assertRegex(shown.stdout, r"\A[0-9a-f]{64}\n\Z")
        self.assertIn(bytes.fromhex(shown.stdout), self.database())
        document = json.loads(here("add", "d", "--psk", "--show", "--json").stdout)
        self.assertRegex(document["key"], r"\A[0-9a-f]{64}\Z")
        self.assertEqual(sorted(path.name for path in self.place.iterdir()), ["a.key", "b.key"])


class Table(Clients):
    def test_a_token_is_shown_once_and_kept_as_a_hash(self):
        result = self.assertDone(self.clients("add", "web", "--token"))
        token = result.out.strip()
        self.assertRegex(result.out, r"\A[A-Za-z0-9_-]{43}\n\Z")
        self.assertEqual(len(base64.urlsafe_b64decode(token + "=")), 32)
        self.assertRegex(result.err, r"cannot be shown again")
        self.assertEqual(self.show("web")["credential"], hashlib.sha256(token.encode()).hexdigest())
        for said in (self.clients("list"), self.clients("show", "web"), self.clients("list", "--json")):
            self.assertNotIn(token, said.out + said.err)
        self.assertNotIn(token.encode(), self.database())
        self.assertNotIn(base64.urlsafe_b64decode(token + "="), self.database())
        self.assertNotIn(token, self.server.log.text())
        fresh = self.assertDone(self.clients("rotate", "web")).out.strip()
        self.assertNotEqual(fresh, token)
        self.assertEqual(self.show("web")["credential"], hashlib.sha256(fresh.encode()).hexdigest())
        out = self.place / "token"
        self.assertNotIn("token ", self.assertDone(self.clients("rotate", "web", "--out", out)).out)
        self.assertEqual(stat.S_IMODE(out.stat().st_mode), 0o600)
        self.assertEqual(self.show("web")["credential"], hashlib.sha256(out.read_bytes().strip()).hexdigest())
        document = json.loads(self.assertDone(self.clients("add", "api", "--token", "--json")).out)
        self.assertEqual(document["client"]["credential"], hashlib.sha256(document["token"].encode()).hexdigest())

    def test_certificates_and_public_keys_are_known_by_their_key(self):
        key, public, der, certificate = (self.place / name for name in ("k.pem", "p.pem", "p.der", "c.pem"))
        run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key])
        run(["openssl", "pkey", "-in", key, "-pubout", "-out", public])
        run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER", "-out", der])
        run(["openssl", "req", "-x509", "-new", "-key", key, "-subj", "/CN=client", "-days", "1", "-out", certificate])
        digest = hashlib.sha256(der.read_bytes()).hexdigest()
        self.assertDone(self.clients("add", "cert", "--certificate", certificate))
        self.assertDone(self.clients("add", "raw", "--public-key", public))
        self.assertEqual((self.show("cert")["kind"], self.show("cert")["credential"]), ("certificate", digest))
        self.assertEqual((self.show("raw")["kind"], self.show("raw")["credential"]), ("raw_public_key", digest))
        self.assertFailed(self.clients("add", "again", "--public-key", der), r"is taken")
        self.assertFailed(self.clients("add", "again", "--sha256", digest), r"is taken")
        self.assertFailed(self.clients("add", "x", "--public-key", certificate), r"is a certificate; give it with --certificate")
        self.assertFailed(self.clients("add", "x", "--public-key", key), r"private key, which belongs to the client alone")
        for wrong in (public, der, key):
            self.assertFailed(self.clients("add", "x", "--certificate", wrong), r"no X.509 certificate")
        certificate_der = self.place / "c.der"
        run(["openssl", "x509", "-in", certificate, "-outform", "DER", "-out", certificate_der])
        self.assertFailed(self.clients("add", "x", "--certificate", certificate_der), r"is taken")
        self.assertFailed(self.clients("add", "x", "--public-key", certificate_der), r"is a certificate")
        self.assertFailed(self.clients("rotate", "cert"), r"--certificate FILE or --sha256 HEX", code=2)
        self.assertDone(self.clients("rotate", "cert", "--sha256", "ab" * 32))
        self.assertEqual(self.show("cert")["credential"], "ab" * 32)
        self.assertDone(self.clients("add", "hash", "--sha256", "cd" * 32, "--kind", "raw_public_key"))
        self.assertEqual(self.show("hash")["kind"], "raw_public_key")

    def test_quotas_apply_at_once_and_outlive_a_rotation(self):
        self.change("quota", "anonymous", "--bytes-per-second", "1", "--burst", "100")
        self.assertEqual(self.show("anonymous")["quota"], {"bytes_per_second": 1, "burst_bytes": 100, "bytes_per_day": 0})
        self.assertDone(self.server.get("90"))
        self.assertFailed(self.server.get("90", "--retry", "0"), r"4\.29")
        self.change("quota", "anonymous", "--default")
        self.assertDone(self.server.get("90"))
        self.assertDone(self.clients("add", "web", "--token", "--bytes-per-second", "4Ki", "--bytes-per-day", "10M"))
        self.assertDone(self.clients("rotate", "web"))
        self.assertEqual(self.show("web")["quota"], {"bytes_per_second": 4096, "burst_bytes": 0, "bytes_per_day": 10_000_000})
        self.assertDone(self.clients("quota", "web", "--burst", "70k"))
        self.assertEqual(self.show("web")["quota"], {"bytes_per_second": 4096, "burst_bytes": 70_000, "bytes_per_day": 10_000_000})
        self.assertDone(self.clients("quota", "web", "--bytes-per-second", "unlimited"))
        self.assertEqual(self.show("web")["quota"], {"bytes_per_second": 0, "burst_bytes": 0, "bytes_per_day": 10_000_000})
        self.assertDone(self.clients("quota", "web", "--unlimited"))
        self.assertRegex(self.assertDone(self.clients("list")).out, r"(?m)^web +token +yes +unlimited +never +0$")

    def test_an_open_session_of_a_disabled_client_is_refused(self):
        roamer = Roamer(self, self.server.port, self.server.ca)
        self.assertEqual(len(roamer.get(32)), 32)
        self.change("disable", "anonymous")
        with self.assertRaisesRegex(AssertionError, r"4\.03"):
            roamer.get(32)
        self.change("enable", "anonymous")
        self.assertEqual(len(roamer.get(32)), 32)

    def test_the_list_says_who_drew_how_much(self):
        self.assertDone(self.server.get("1000"))
        self.server.stop()
        anonymous, = json.loads(self.assertDone(self.clients("list", "--json")).out)["clients"]
        self.assertEqual((anonymous["name"], anonymous["bytes_served"], anonymous["enabled"]), ("anonymous", 1000, True))
        self.assertRegex(anonymous["last_seen"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
        self.assertRegex(self.clients("list").out, r"(?m)^NAME +KIND +ENABLED +QUOTA IN BYTES +LAST SEEN +BYTES SERVED$")

    def test_misuse_says_what_to_do(self):
        for arguments, code, words in [
                (["remove", "anonymous"], 1, r"disable it instead"),
                (["rotate", "anonymous"], 2, r"nothing to rotate"),
                (["enable", "ghost"], 1, r"no identity is named 'ghost'; 'qeaas clients list' shows them"),
                (["quota", "anonymous"], 2, r"say what changes"),
                (["quota", "anonymous", "--default", "--unlimited"], 2, r"exclude each other"),
                (["quota", "anonymous", "--burst", "5"], 2, r"give --bytes-per-second too"),
                (["quota", "anonymous", "--bytes-per-second", "20G"], 2, r"0 \(unlimited\) to 10000000000"),
                (["add", "x"], 2, r"--psk, --token, --certificate FILE"),
                (["add", "x", "--psk", "--token"], 2, r"by one option"),
                (["add", "a/b", "--psk"], 1, r"--out FILE"),
                (["add", "x", "--certificate", "/nonexistent"], 1, r"/nonexistent")]:
            answer = self.assertFailed(self.clients(*arguments), words, code=code)
            self.assertEqual(answer.out, "", arguments)
        elsewhere = cli("clients", "list", "--state", self.place / "none", "--json")
        self.assertFailed(elsewhere, r"name the server's state folder with --state")
        self.assertEqual(json.loads(elsewhere.out)["error"], "not_found")
        self.assertFalse((self.place / "none").exists())


class Killed(Case):
    """kill -9 in the midst of draws. What clients received in all lives together is at most what one life would have been allowed."""

    def lives(self, limits, draws, size):
        """The bytes received, and the seconds from before the first life to after the last answer."""
        state = None
        received = 0
        began = time.monotonic()
        for count in draws:
            server = self.serve({**PLAIN, "limits": limits}, **({"state": state} if state else {}))
            state = server.state
            client = Client(self, server.plain_port)
            for _ in range(count):
                answer = client.prove(query=[f"n={size}", "t=drbg"])
                self.assertIn(answer.code_text, ("2.05", "4.29"))
                received += len(answer.payload) if answer.code_text == "2.05" else 0
            for _ in range(5):
                client.send(client.make(query=[f"n={size}", "t=drbg"]))
            server.kill()
            received += self.pending(client)
        return received, time.monotonic() - began, state

    @staticmethod
    def pending(client):
        """What was under way when the server died."""
        client.socket.setblocking(False)
        total = 0
        while True:
            try:
                answer = client.receive()
            except (BlockingIOError, ConnectionRefusedError):
                return total
            total += len(answer.payload) if answer.code_text == "2.05" else 0

    def test_the_rate_and_its_burst(self):
        received, seconds, _ = self.lives({"identity_bytes_per_second": 500, "identity_burst_bytes": 20_000}, (10, 25, 50, 50, 50), 500)
        self.assertLessEqual(received, 20_000 + 500 * seconds)
        self.assertGreaterEqual(received, 20_000 - 5 * 500 - 500, "each crash loses a second's allowance at most")

    def test_the_day(self):
        day = time.time() // 86400
        received, _, _ = self.lives({"identity_bytes_per_day": 32_000}, (10, 5, 20, 40, 40), 500)
        days = time.time() // 86400 - day + 1
        self.assertLessEqual(received, 32_000 * days)
        self.assertGreaterEqual(received, 32_000 - 5 * 1_500 - 500, "each crash loses a lease at most")

    def test_a_clean_stop_loses_nothing(self):
        limits = {"limits": {"identity_bytes_per_second": 1, "identity_burst_bytes": 1000}}
        first = self.serve(limits)
        self.assertDone(first.get("300"))
        first.stop()
        second = self.serve(limits, state=first.state)
        self.assertDone(second.get("700", "--retry", "0"))
        second.kill()
        third = self.serve(limits, state=first.state)
        self.assertFailed(third.get("200", "--retry", "0"), r"4\.29")


if __name__ == "__main__":
    main()
