# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Chromium, headless, driven over the DevTools protocol through a pair of pipes: no port that others could reach, no library.

Browser starts the program, Page is one tab of it. Every wait is for something that the browser says or that the page becomes.
"""
import base64
import collections
import hashlib
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import threading

from harness import PATIENCE, need_program

FLAGS = ["--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio",
         "--no-proxy-server", "--lang=en-US"]


def chromium():
    """The program, or a test that says SKIPPED."""
    return need_program(os.environ.get("QEAAS_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium")


def pin(certificate):
    """What makes the browser accept exactly the key of this PEM certificate: the base64 of the SHA-256 of its SubjectPublicKeyInfo."""
    return base64.b64encode(hashlib.sha256(_subject_public_key_info(ssl.PEM_cert_to_DER_cert(certificate))).digest()).decode()


def shown(host, port):
    """The PEM certificate that a server shows to a client of classical TLS."""
    return ssl.get_server_certificate((host, port), timeout=PATIENCE)


def _subject_public_key_info(der):
    """Found by position (RFC 5280 4.1), because OpenSSL 3.0 knows no ML-DSA keys."""
    fields = list(_elements(next(_elements(_content(der)))[1]))
    if fields[0][0] == 0xA0:  # the version
        fields.pop(0)
    return fields[5][2]  # behind serial number, signature, issuer, validity, subject


def _content(der):
    return next(_elements(der))[1]


def _elements(der):
    """(tag, content, whole element) of each DER element in a row."""
    while der:
        length, at = der[1], 2
        if length & 0x80:
            at += length & 0x7F
            length = int.from_bytes(der[2:at], "big")
        yield der[0], der[at:at + length], der[:at + length]
        der = der[at + length:]


class Browser:
    """pins are the keys of servers whose certificates no known root has signed."""

    def __init__(self, case, pins=()):
        program = chromium()
        self.folder = tempfile.mkdtemp(prefix="qeaas-chromium-")
        case.addCleanup(shutil.rmtree, self.folder, True)
        flags = FLAGS + [f"--user-data-dir={self.folder}"] + (["--no-sandbox"] if os.geteuid() == 0 else [])
        flags += ["--ignore-certificate-errors-spki-list=" + ",".join(pins)] if pins else []
        # The browser reads commands from its descriptor 3 and writes to 4; a shell puts the ends of our pipes there.
        from_us, self._to = os.pipe()
        self._from, to_us = os.pipe()
        shell = f'exec "$0" "$@" 3<&{from_us} 4>&{to_us}'
        self._process = subprocess.Popen(["/bin/bash", "-c", shell, program, *flags, "about:blank"], pass_fds=(from_us, to_us),
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                                         env={**os.environ, "HOME": self.folder})
        os.close(from_us)
        os.close(to_us)
        self._changed = threading.Condition()
        self._answers = {}
        self._events = collections.defaultdict(list)  # by session
        self._next = 0
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        case.addCleanup(self.close)

    def _read(self):
        rest = b""
        while chunk := os.read(self._from, 1 << 16):
            *messages, rest = (rest + chunk).split(b"\0")
            with self._changed:
                for message in map(json.loads, messages):
                    if "id" in message:
                        self._answers[message["id"]] = message
                    else:
                        self._events[message.get("sessionId")].append((message["method"], message["params"]))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def call(self, method, session=None, **parameters):
        with self._changed:
            self._next += 1
            number = self._next
        message = {"id": number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        with self._changed:
            if not self._changed.wait_for(lambda: number in self._answers or self._ended, PATIENCE):
                raise AssertionError(f"the browser does not answer {method}")
            answer = self._answers.pop(number, {"error": "the browser has ended"})
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def events(self, session, method):
        with self._changed:
            return [parameters for name, parameters in self._events[session] if name == method]

    def wait_event(self, session, method, since=0):
        with self._changed:
            def found():
                return [parameters for name, parameters in self._events[session] if name == method][since:]
            if not self._changed.wait_for(lambda: found() or self._ended, PATIENCE) or not found():
                raise AssertionError(f"the browser never said {method}")
            return found()[0]

    def page(self):
        return Page(self)

    def close(self):
        if self._process.poll() is None:
            try:
                self.call("Browser.close")
            except (AssertionError, OSError):
                self._process.kill()
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        os.close(self._to)
        os.close(self._from)


class Page:
    KEYS = {"Tab": 9, "Enter": 13, " ": 32}

    def __init__(self, browser):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Security"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def events(self, method):
        return self.browser.events(self.session, method)

    def open(self, url):
        loads = len(self.events("Page.loadEventFired"))
        failed = self.call("Page.navigate", url=url).get("errorText")
        if failed:
            raise AssertionError(f"{url}: {failed}")
        self.browser.wait_event(self.session, "Page.loadEventFired", loads)

    def run(self, expression):
        """The value of a JavaScript expression; a promise is awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def until(self, condition):
        """Waits in the page for an expression to become true."""
        done = self.run(f"new Promise((done) => {{ const end = Date.now() + {PATIENCE * 1000}; const look = () => ({condition}) ? done(true) : "
                        "Date.now() > end ? done(false) : setTimeout(look, 20); look(); })")
        if not done:
            raise AssertionError(f"the page never had: {condition}\n{self.text('body')}")

    def text(self, selector):
        return self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? null")

    def press(self, key):
        code = self.KEYS[key]
        common = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": code}
        text = {"text": "\r"} if key == "Enter" else {"text": " "} if key == " " else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **common, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def media(self, **features):
        """Emulates media features: media(prefers_color_scheme="dark")."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": name.replace("_", "-"), "value": value} for name, value in features.items()])

    def viewport(self, width, height, mobile=True):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2, mobile=mobile)

    def complaints(self):
        """What the console shows: exceptions, errors and warnings of scripts, and the browser's own (CSP, failed loads)."""
        said = [details["exceptionDetails"].get("text", "") + str(details["exceptionDetails"].get("exception", {}).get("description", ""))
                for details in self.events("Runtime.exceptionThrown")]
        said += [str(call["args"]) for call in self.events("Runtime.consoleAPICalled") if call["type"] in ("error", "warning", "assert")]
        said += [f"{entry['entry']['text']} {entry['entry'].get('url', '')}" for entry in self.events("Log.entryAdded")
                 if entry["entry"]["level"] in ("error", "warning")]
        return said

    def requests(self):
        return [event["request"]["url"] for event in self.events("Network.requestWillBeSent")]

    def key_exchanges(self):
        """(protocol, group) of every answer that came over TLS."""
        details = [event["response"].get("securityDetails") for event in self.events("Network.responseReceived")]
        return {(each["protocol"], each.get("keyExchangeGroup")) for each in details if each}

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
