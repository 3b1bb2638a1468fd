# SPDX-License-Identifier: GPL-3.0-or-later
"""What every end-to-end test needs: a qeaasd with a state folder of its own, the programs, and waiting for what is said, not for time.

Binaries come from $QEAAS_BIN, libcoap's client (optional) from $QEAAS_LIBCOAP. Nothing here sleeps; every wait ends with an event
or, after PATIENCE, with a failure that shows the server's log.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

BIN = pathlib.Path(os.environ.get("QEAAS_BIN", "build/dev/bin"))
LIBCOAP = pathlib.Path(os.environ.get("QEAAS_LIBCOAP", "/nonexistent"))
PATIENCE = 120.0  # seconds: far beyond what any step needs, also under a sanitizer on a busy machine
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|LeakSanitizer")
PHOTON = {"id": "sim", "type": "photon"}


def environment(home, **more):
    """The caller's environment without what would lead a program to someone's real keys or configuration."""
    hidden = ("XDG_", "QEAAS_CA", "STATE_DIRECTORY", "NOTIFY_SOCKET")
    env = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    env.update(HOME=str(home), XDG_CONFIG_HOME=str(pathlib.Path(home) / "config"))
    env.update(more)
    return env


def toml(config):
    """Our configuration needs strings, numbers, booleans and lists of strings: TOML writes them as JSON does."""
    lines = []
    for section, keys in config.items():
        for table in keys if isinstance(keys, list) else [keys]:
            lines.append(f"[[{section}]]" if isinstance(keys, list) else f"[{section}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def merged(base, changes):
    result = {key: dict(value) if isinstance(value, dict) else value for key, value in base.items()}
    for section, keys in changes.items():
        result[section] = {**result.get(section, {}), **keys} if isinstance(keys, dict) else keys
    return {section: keys for section, keys in result.items() if keys != []}


class Log:
    """The lines of a stream, read by a thread until its end."""

    def __init__(self, stream):
        self.lines = []
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream):
        for line in stream:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        stream.close()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def text(self):
        with self._changed:
            return "\n".join(self.lines)

    def mark(self):
        with self._changed:
            return len(self.lines)

    def wait(self, pattern, since=0, patience=PATIENCE):
        """The first line from `since` on that matches, as a match object."""
        search = re.compile(pattern).search
        with self._changed:
            def found():
                return next((match for match in map(search, self.lines[since:]) if match), None)
            self._changed.wait_for(lambda: found() or self._ended, patience)
            match = found()
            if match:
                return match
            shown = "\n".join(self.lines)
        raise AssertionError(f"no line like '{pattern}' in the log:\n{shown}")

    def join(self):
        self._thread.join(PATIENCE)


class Server:
    """A running qeaasd. By default: one worker, one simulated source, CoAPS, HTTP and HTTPS on free loopback ports, plain CoAP off."""

    DEFAULTS = {"server": {"workers": 1}, "coaps": {"listen": ["127.0.0.1:0"]}, "http": {"listen": ["127.0.0.1:0"]},
                "https": {"listen": ["127.0.0.1:0"]}, "source": [PHOTON]}

    def __init__(self, case, config=None, state=None, env=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="qeaas-e2e-"))
        case.addCleanup(shutil.rmtree, self.folder, True)
        self.state = pathlib.Path(state) if state else self.folder / "state"
        self.config_path = self.folder / "qeaasd.toml"
        self.local = self.folder / "entropy.sock"
        self.config = merged(merged(self.DEFAULTS, {"local": {"path": str(self.local)}}), config or {})
        self.write_config(self.config)
        self.env = environment(self.folder, **(env or {}))
        self.killed = False
        command = [BIN / "qeaasd", "--config", self.config_path, "--state", self.state]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", env=self.env)
        self.log = Log(self.process.stderr)
        case.addCleanup(self.stop)
        self.log.wait(r" ready$")
        self.ports = [int(port) for port in re.findall(r"listening on [^/\s]+:(\d+)$", self.log.text(), re.M)]

    def write_config(self, config):
        self.config_path.write_text(toml(config))

    def change(self, changes, expect="reloaded certificates and limits"):
        """Writes the changed configuration, has the server read it, and waits until it says what is expected."""
        self.config = merged(self.config, changes)
        self.write_config(self.config)
        since = self.log.mark()
        self.process.send_signal(signal.SIGHUP)
        said = self.log.wait(r"(reloaded certificates and limits|reload failed).*", since).group()
        if not said.startswith(expect):
            raise AssertionError(f"the server said: {said}")

    @property
    def port(self):
        return self.ports[0]

    @property
    def plain_port(self):
        return self.ports[len(self.config["coaps"]["listen"]) if self.config["coaps"].get("enabled", True) else 0]

    @property
    def http(self):
        return self._stream("http")

    @property
    def https(self):
        return self._stream("https")

    def _stream(self, scheme):
        return re.search(rf"listening on ({scheme}://\S+)$", self.log.text(), re.M).group(1)

    @property
    def url(self):
        return f"coaps://127.0.0.1:{self.port}"

    @property
    def ca(self):
        return self.state / "ca.pem"

    def get(self, *arguments, port=None):
        """`qeaas get` from this server, or through what listens on another port."""
        return cli("get", *arguments, "--from", f"coaps://127.0.0.1:{port or self.port}", "--ca", self.ca)

    def sources(self):
        answer = cli("sources", "--json", "--from", self.url, "--ca", self.ca)
        if answer.code != 0:
            raise AssertionError(f"qeaas sources failed:\n{answer}\n{self.log.text()}")
        return json.loads(answer.out)

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """SIGKILL, as a crash or a power cut would end it; whatever stop() would expect is off."""
        self.process.kill()
        self.process.wait(PATIENCE)
        self.log.join()
        self.killed = True

    def stop(self):
        """SIGTERM, and whatever the server has to say against itself."""
        if self.killed:
            return self.process.returncode
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("qeaasd did not stop on SIGTERM:\n" + self.log.text()) from None
        self.log.join()
        if code != 0 or SANITIZER.search(self.log.text()):
            raise AssertionError(f"qeaasd ended with {code}:\n{self.log.text()}")
        return code


class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.raw = process.stdout
        self.err = process.stderr.decode(errors="replace")

    @property
    def out(self):
        return self.raw.decode(errors="replace")

    def __str__(self):
        return f"exit {self.code}\nstdout: {self.out}\nstderr: {self.err}"


def run(command, env=None, stdin=None, patience=4 * PATIENCE):
    with tempfile.TemporaryDirectory(prefix="qeaas-home-") as home:
        process = subprocess.run([str(part) for part in command], env=env or environment(home), input=stdin, capture_output=True,
                                 timeout=patience, check=False)
    result = Result(process)
    if SANITIZER.search(result.err):
        raise AssertionError(f"{command[0]}: {result}")
    return result


def cli(*arguments, env=None):
    return run([BIN / "qeaas", *arguments], env=env)


def qeaasd(*arguments, env=None):
    """A qeaasd that is expected to end by itself."""
    return run([BIN / "qeaasd", *arguments], env=env, patience=PATIENCE)


class Roamer:
    """A client that keeps one session and fetches when told to (tests/tools/roam.cpp)."""

    def __init__(self, case, port, ca, patience=60):
        command = [BIN / "qeaas_roam", "127.0.0.1", str(port), ca, str(patience)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        case.addCleanup(self.close)
        greeting = self.process.stdout.readline()
        if not greeting.startswith("open "):
            raise AssertionError("roam: " + greeting)

    def get(self, count=32, kind="mixed"):
        """The bytes, or an AssertionError with the client's words."""
        self.process.stdin.write(f"{count} {kind}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split(maxsplit=1)
        if len(answer) != 2 or answer[0] != "ok":
            raise AssertionError("roam: " + " ".join(answer))
        return bytes.fromhex(answer[1])

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
        code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        if code != 0:
            raise AssertionError(f"roam ended with {code}")


def handshakes(port, ca, count, threads=8, timeout=60):
    """How many of count handshakes complete, each over a new session, and the words of one that did not. The waits of RFC 9147 5.8.1 double,
    and over a bad network one try in three fails: a handshake in thousands takes minutes, which is no fault."""
    result = run([BIN / "qeaas_roam", "127.0.0.1", port, ca, count, threads, timeout], patience=timeout + PATIENCE)
    match = re.match(r"completed (\d+) of \d+\n(.*)", result.out, re.S)
    if match is None:
        raise AssertionError(f"roam: {result}")
    return int(match.group(1)), match.group(2)


class Case(unittest.TestCase):
    maxDiff = None

    def serve(self, config=None, **more):
        return Server(self, config, **more)

    def folder(self):
        path = pathlib.Path(tempfile.mkdtemp(prefix="qeaas-e2e-"))
        self.addCleanup(shutil.rmtree, path, True)
        return path

    def assertDone(self, result):
        self.assertEqual(result.code, 0, str(result))
        return result

    def assertFailed(self, result, pattern, code=1):
        """The program failed as documented and printed no byte that could be taken for an answer."""
        self.assertEqual(result.code, code, str(result))
        self.assertRegex(result.err, pattern)
        return result


def need_program(path):
    """Skips a test, visibly, when a peer that is not ours is not installed."""
    if not os.access(path, os.X_OK):
        print(f"SKIPPED: {path} is not installed", flush=True)
        raise unittest.SkipTest(f"{path} is not installed")
    return path


def main():
    unittest.main(verbosity=2)
