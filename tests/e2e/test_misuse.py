# SPDX-License-Identifier: GPL-3.0-or-later
"""Documented misuse of the two command lines and of the configuration: the message says what to do, the exit code is 1 or 2."""
import os
import re
import socket

from harness import BIN, Case, cli, environment, main, qeaasd, run, toml


class CommandLine(Case):
    def test_usage_errors_of_the_server(self):
        for arguments in (["--nonsense"], ["--config"], ["stray"], ["--state"]):
            answer = qeaasd(*arguments)
            self.assertEqual(answer.code, 2, str(answer))
            self.assertNotEqual(answer.err + answer.out, "")

    def test_help_and_version(self):
        for program in ("qeaas", "qeaasd"):
            answer = self.assertDone(run([BIN / program, "--help"]))
            self.assertIn("Example:", answer.out)
            self.assertRegex(self.assertDone(run([BIN / program, "--version"])).out, rf"^{program} \d+\.\d+\.\d+\n$")
        for command in ("get", "keys", "sources", "doctor"):
            self.assertIn("Example:", self.assertDone(cli(command, "--help")).out)

    def test_usage_errors_of_the_client(self):
        cases = (
            ([], r"a command is missing"), (["nonsense"], r"nonsense|subcommand"), (["get"], r"N is required"),
            (["get", "0"], r"at least 1"), (["get", "many"], r'"many" is no number of bytes'), (["get", "-5"], r"\S"),
            (["get", "9999999G"], r"at least 1 byte and at most"), (["get", "32", "--type", "foo"], r"direct"),
            (["get", "32", "--hex", "--raw"], r"exclude"),
            (["get", "32", "--json", "--raw"], r"--json gives the bytes as hexadecimal digits"),
            (["get", "32", "--from", "http://127.0.0.1"], r"coaps?"), (["get", "32", "--from", "coap://127.0.0.1"], r"plain CoAP.*--insecure"),
            (["get", "32", "--from", "coaps://127.0.0.1/random?n=5"], r"options of the command"),
            (["get", "32", "--need", "2"], r"--need 2, but only 1 server"), (["get", "32", "--need", "0"], r"\S"),
            (["get", "2M", "--json"], r"--json keeps the whole answer in memory"), (["get", "32", "--groups", "MLKEM9"], r"MLKEM9"),
            (["get", "32", "--psk", "nofile"], r"ID:FILE"), (["get", "32", "--timeout", "0"], r"\S"),
            (["sources", "--from", "coaps://a", "--from", "coaps://b"], r"\S"), (["keys", "--nonsense"], r"nonsense"),
        )
        for arguments, pattern in cases:
            with self.subTest(arguments=arguments):
                answer = cli(*arguments)
                if "coap://127.0.0.1" in arguments:
                    self.assertEqual(answer.raw, b"")
                    self.assertIn(answer.code, (1, 2))
                else:
                    self.assertEqual(answer.code, 2, str(answer))
                self.assertRegex(answer.err + answer.out, pattern)

    def test_failures_of_the_client(self):
        folder = self.folder()
        key = folder / "open.key"
        key.write_text("00" * 32)
        key.chmod(0o644)
        short = folder / "short.key"
        short.write_text("0011")
        short.chmod(0o600)
        junk = folder / "junk.pem"
        junk.write_text("no certificate")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
            unused.bind(("127.0.0.1", 0))
            free = unused.getsockname()[1]
        here = ["--from", f"coaps://127.0.0.1:{free}", "--timeout", "5"]
        cases = (
            ([*here, "--insecure"], r"127\.0\.0\.1:%d" % free),
            ([*here, "--ca", folder / "absent.pem"], r"cannot read .*absent\.pem: No such file"),
            ([*here, "--ca", junk], r"junk\.pem holds no certificates"),
            ([*here, "--psk", f"me:{key}"], r"chmod 600"),
            ([*here, "--psk", f"me:{short}"], r"16 to 64 bytes in hexadecimal"),
            ([*here, "--insecure", "--out", "/nonexistent/folder/file"], r"cannot write"),
        )
        for arguments, pattern in cases:
            with self.subTest(arguments=arguments):
                answer = self.assertFailed(cli("get", "32", *arguments), pattern)
                self.assertEqual(answer.raw, b"")
        self.assertFailed(cli("doctor", *here, "--ca", junk, "--state", folder), r"^$")


class Configuration(Case):
    def check(self, text, code=1):
        path = self.folder() / "qeaasd.toml"
        path.write_text(text)
        answer = qeaasd("--config", path, "--check")
        self.assertEqual(answer.code, code, str(answer))
        return answer.err

    def test_errors_have_file_line_and_column(self):
        cases = (
            ("[server]\nworkes = 2\n", r"qeaasd\.toml:2:1: unknown key 'workes' in \[server\]; did you mean 'workers'\?"),
            ("[servre]\n", r"qeaasd\.toml:1:\d+: unknown section 'servre'; did you mean 'server'\?"),
            ("[server]\nworkers = 300\n", r"qeaasd\.toml:2:11: server\.workers: .*300.*allowed: an integer from 0 to 64"),
            ("[server]\nworkers = \"two\"\n", r"qeaasd\.toml:2:11: server\.workers: .*allowed: an integer"),
            ("[server]\nlog_level = \"loud\"\n", r"qeaasd\.toml:2:13: server\.log_level: .*allowed: one of debug"),
            ("\n\n[server\nworkers = 2\n", r"qeaasd\.toml:3:\d+: "),
            ("[coaps]\nlisten = [\"localhost\"]\n", r"qeaasd\.toml:2:\d+: coaps\.listen: .*allowed: .*127\.0\.0\.1:5684"),
            ("[coaps]\ngroups = [\"RSA\"]\n", r"qeaasd\.toml:2:\d+: coaps\.groups: .*RSA.*MLKEM512"),
            ("[coaps]\nclient_auth = [\"certificate\"]\n", r"qeaasd\.toml:2:\d+: .*client_ca"),
            ("[coaps]\npq_only = true\ngroups = [\"P-256\"]\n", r"qeaasd\.toml:2:\d+: .*no post-quantum group"),
            ("[[source]]\nid = \"a\"\n", r"qeaasd\.toml:1:\d+: .*type"),
            ("[[source]]\nid = \"a\"\ntype = \"magic\"\n", r"qeaasd\.toml:3:\d+: source\.type: .*magic"),
            ("[[source]]\nid = \"a\"\ntype = \"os\"\n[[source]]\nid = \"a\"\ntype = \"os\"\n", r"qeaasd\.toml:5:\d+: .*taken by an earlier source"),
            ("[service]\nreservoir_blocks = 100\n", r"qeaasd\.toml:2:\d+: .*no power of two"),
            ("[limits]\nidentity_bytes_per_day = -1\n", r"qeaasd\.toml:2:\d+: limits\.identity_bytes_per_day: "),
        )
        for text, pattern in cases:
            with self.subTest(text=text):
                self.assertRegex(self.check(text), pattern)

    def test_every_mistake_is_told_at_once(self):
        text = self.check("[server]\nworkers = 999\n[coap]\nenabled = 3\n")
        self.assertRegex(text, r":2:\d+: server\.workers")
        self.assertRegex(text, r":4:\d+: coap\.enabled")

    def test_missing_file(self):
        self.assertFailed(qeaasd("--config", "/nonexistent/qeaasd.toml"), r"/nonexistent/qeaasd\.toml.*No such file")

    def test_a_bad_file_that_was_found_is_not_passed_over(self):
        home = self.folder()
        (home / "config" / "qeaas").mkdir(parents=True)
        (home / "config" / "qeaas" / "qeaasd.toml").write_text("nonsense")
        self.assertFailed(qeaasd("--state", home / "state", env=environment(home)), r"config/qeaas/qeaasd\.toml:1:\d+: ")

    def test_the_printed_defaults_are_a_configuration(self):
        text = self.assertDone(qeaasd("--print-config")).out
        self.assertRegex(self.check(text, code=0), r"\A(qeaasd: warning: .*\n)*\Z")
        for key in ("workers", "min_sources", "listen", "groups", "identity_bytes_per_second", "fault_onset_samples"):
            self.assertRegex(text, rf"(?m)^#?{key} = ")


class Start(Case):
    def start(self, config, state=None):
        """A server that cannot start: its result."""
        path = self.folder() / "qeaasd.toml"
        path.write_text(toml({"server": {"workers": 1}, "source": [{"id": "sim", "type": "photon"}], **config}))
        return qeaasd("--config", path, "--state", state or self.folder() / "state")

    def test_port_taken_names_port_and_holder(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
            holder.bind(("127.0.0.1", 0))
            port = holder.getsockname()[1]
            for section in ({"coaps": {"listen": [f"127.0.0.1:{port}"]}},
                            {"coaps": {"listen": ["127.0.0.1:0"]}, "coap": {"enabled": True, "listen": [f"127.0.0.1:{port}"]}}):
                answer = self.assertFailed(self.start(section), rf"127\.0\.0\.1:{port}\b")
                self.assertRegex(answer.err, rf"held by process {os.getpid()} \(python3")

    def test_the_holder_may_be_another_qeaasd(self):
        server = self.serve()
        answer = self.assertFailed(self.start({"coaps": {"listen": [f"127.0.0.1:{server.port}"]}}), rf"127\.0\.0\.1:{server.port}\b")
        self.assertRegex(answer.err, rf"held by process {server.process.pid} \(qeaasd\)")

    def test_an_address_that_is_not_here(self):
        self.assertFailed(self.start({"coaps": {"listen": ["203.0.113.7:0"]}}), r"203\.0\.113\.7.*no such address")

    def test_state_folder_open_to_others(self):
        state = self.folder() / "state"
        state.mkdir(mode=0o755)
        self.assertFailed(self.start({}, state), rf"{re.escape(str(state))} is open to others; run: chmod 700")
        self.assertEqual(list(state.iterdir()), [], "nothing was written there")

    def test_state_folder_is_a_file(self):
        state = self.folder() / "state"
        state.write_text("")
        self.assertFailed(self.start({}, state), r"is not a folder")

    def test_keys_and_identities_that_are_damaged_or_open(self):
        state = self.serve().state
        key = state / "server-mldsa44.key"
        listening = {"coaps": {"listen": ["127.0.0.1:0"]}}
        key.chmod(0o644)
        self.assertFailed(self.start(listening, state), r"server-mldsa44\.key.*chmod 600")
        key.chmod(0o600)
        content = key.read_bytes()
        key.write_bytes(content[:100])
        self.assertFailed(self.start(listening, state), r"server-mldsa44\.key")
        self.assertEqual(key.read_bytes(), content[:100], "a damaged file is told, not replaced")
        key.write_bytes(content)
        (state / "access.db").chmod(0o644)
        self.assertFailed(self.start(listening, state), r"access\.db .*chmod 600")

    def test_a_source_that_cannot_be(self):
        for source, pattern in (({"id": "file", "type": "device", "path": "/etc/passwd", "kind": "physical", "min_entropy": 1.0}, r"/etc/passwd"),
                                ({"id": "sim", "type": "photon", "fault": "bias", "fault_magnitude": 2.0}, r"fault bias.*at most 0\.5"),
                                ({"id": "sim", "type": "photon", "min_entropy": 1.0}, r"source 'sim': min_entropy")):
            with self.subTest(source=source):
                self.assertFailed(self.start({"coaps": {"listen": ["127.0.0.1:0"]}, "source": [source]}), pattern)


if __name__ == "__main__":
    main()
