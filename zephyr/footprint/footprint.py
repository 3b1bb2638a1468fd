#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the device's client costs: builds the thirteen configurations of the paper and those of higher levels for mps2/an385 (Cortex-M3),
runs each in QEMU against a real qeaasd, and prints tables. Exits 1 if a row could not be had or a goal is missed.

Every figure is measured in the run that prints it. Instructions: QEMU's -icount shift=0 makes an instruction a nanosecond of virtual
time; Zephyr's statistics count the cycles of the client's thread alone, 40 ns each. With a network they repeat within 1 %; bytes, heap
and stacks repeat exactly. Needs ZEPHYR_BASE (see docs/zephyr.md); QEAAS_BIN names the folder with qeaasd and qeaas.
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import secrets
import signal
import subprocess
import sys
import threading

from rows import HEAP_BYTES, PROFILES, goals, higher, markdown, markdown_again, quick, thirteen
from wire import Wire

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
QEMU = "/usr/bin/qemu-system-arm"
SIZE = "/usr/bin/arm-none-eabi-size"
GCC = "/usr/bin/arm-none-eabi-gcc"
BOARD = "mps2/an385"
TRIES = 4       # of a run in which the server repeated a flight, as it does when the emulator gets no time for a second
PATIENCE = 600  # seconds for one run; it takes a few
GROUPS = ["MLKEM512", "MLKEM768", "MLKEM1024", "P-256", "X25519"]
CERTIFICATES = ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "P-256"]


class Server:
    """A qeaasd behind two wires on loopback, with certificates that name QEMU's gateway, and one pre-shared key."""

    def __init__(self, binaries, folder, port):
        self.state = folder / "state"
        self.ca = self.state / "ca.pem"
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        config = folder / "qeaasd.toml"
        config.write_text(f'[server]\nworkers = 1\n[coaps]\nlisten = ["127.0.0.1:{port + 2}"]\ngroups = {json.dumps(GROUPS)}\n'
                          f'certificates = {json.dumps(CERTIFICATES)}\nclient_auth = ["none", "psk"]\n[coap]\nenabled = true\n'
                          f'listen = ["127.0.0.1:{port + 3}"]\n[http]\nenabled = false\n[https]\nenabled = false\n'
                          f'[local]\nenabled = false\n[[source]]\nid = "sim"\ntype = "photon"\n')
        self.silently([binaries / "qeaas", "keys", "--state", self.state, "--san", "10.0.2.2", "--certificates", ",".join(CERTIFICATES)])
        self.psk = self.register(binaries)
        self.log = folder / "qeaasd.log"
        with open(self.log, "w", encoding="utf-8") as to:
            self.process = subprocess.Popen([binaries / "qeaasd", "--config", config, "--state", self.state], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            for line in self.process.stderr:
                to.write(line)
                if line.endswith(" ready\n"):
                    break
        self.drain = threading.Thread(target=self.process.stderr.read, daemon=True)
        self.drain.start()
        if self.process.poll() is not None:
            sys.exit(f"footprint: qeaasd did not start:\n{self.log.read_text()}")
        self.wires = [Wire(port, port + 2), Wire(port + 1, port + 3)]

    def silently(self, command):
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)

    def register(self, binaries):
        """A key that stays from run to run, so that firmware need not be built again; its characters are its bytes."""
        kept = self.state / "footprint.key"
        if not kept.exists():
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_hex(16).encode().hex() + "\n")
            self.silently([binaries / "qeaas", "clients", "add", "footprint", "--state", self.state, "--psk", "--key-file", kept])
        return bytes.fromhex(kept.read_text().strip()).decode()

    def stop(self):
        for wire in self.wires:
            wire.stop()
        self.process.terminate()
        self.process.wait()


def build(row, out, server, port):
    """The ELF, or None with the row's reason set."""
    command = [TOP / "scripts" / "zephyr", "build", HERE, BOARD, out, f"-DQEAAS_CA_FILE={server.ca}", *row.options(port, port + 1, server.psk)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        row.reason = f"does not build, see {out}/build.log"
        return None
    return out / "zephyr" / "zephyr.elf"


def run(row, elf, log):
    """One run in QEMU; the figures that the firmware printed go to the row."""
    command = [QEMU, "-M", "mps2-an385", "-nographic", "-nic", "user,model=lan9118", "-icount", "shift=0", "-kernel", elf]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.start()
    done = False
    with open(log, "w", encoding="utf-8") as to:
        for line in process.stdout:
            to.write(line)
            done = row.hear(line)
            if done or "FATAL ERROR" in line:
                break
    watchdog.cancel()
    process.kill()
    process.wait()
    process.stdout.close()
    row.reason = row.verdict(done, log)


def sizes(elf, heap):
    """Flash holds code, constants and the values of variables. The heap of a measurement is larger than any product's: it is left out."""
    text, data, bss = map(int, subprocess.run([SIZE, elf], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[1].split()[:3])
    sections = subprocess.run([SIZE, "-A", elf], stdout=subprocess.PIPE, text=True, check=True).stdout
    code = int(re.search(r"^text\s+(\d+)", sections, re.M).group(1))
    constants = int(re.search(r"^rodata\s+(\d+)", sections, re.M).group(1))
    return {"flash_bytes": text + data, "code_rom_bytes": code, "constants_bytes": constants, "static_ram_bytes": data + bss - heap}


def measure(row, folder, server, port, runs):
    out = folder / row.key
    elf = build(row, out, server, port)
    if elf is None:
        return
    seen = []
    for _ in range(runs):
        for _ in range(TRIES):
            run(row, elf, out / "run.log")
            if row.reason or not row.disturbed:
                break
        if row.reason:
            return
        seen.append((row.instructions, row.phases))
        row.phases = {}
    row.runs = [instructions for instructions, _ in seen]
    row.phases = sorted(seen, key=lambda one: one[0])[len(seen) // 2][1]
    row.sizes = sizes(elf, HEAP_BYTES if row.group else 0)


def output_of(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=TOP, check=False)
    return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout.strip() else "unknown"


def wolfssl_sources():
    """As scripts/zephyr finds them."""
    cache = os.environ.get("QEAAS_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "qeaas"
    return pathlib.Path(os.environ.get("QEAAS_WOLFSSL") or pathlib.Path(cache) / "current" / "wolfssl-src")


def conditions(profile, runs):
    """What a reader of the figures needs to know beside them."""
    base = pathlib.Path(os.environ["ZEPHYR_BASE"])
    version = dict(re.findall(r"^(VERSION_MAJOR|VERSION_MINOR|PATCHLEVEL)\s*=\s*(\d+)", (base / "VERSION").read_text(), re.M))
    wolfssl = re.search(r'LIBWOLFSSL_VERSION_STRING "([^"]+)"', (wolfssl_sources() / "wolfssl" / "version.h").read_text()).group(1)
    date = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    return {"date": date, "commit": output_of("git", "describe", "--always", "--dirty"), "board": BOARD, "processor": "Cortex-M3, emulated",
            "clock_hz": 25_000_000, "optimisation": "-Os", "profile": profile, "runs": runs,
            "zephyr": ".".join(version.values()), "wolfssl": wolfssl, "compiler": output_of(GCC, "--version"), "qemu": output_of(QEMU, "--version")}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only the two rows that the goals are about")
    parser.add_argument("--levels", choices=("paper", "higher", "all"), default="all",
                        help="the paper's thirteen configurations, the higher security levels, or both (default)")
    parser.add_argument("--only", metavar="PATTERN", help="only rows whose key matches, e.g. 'ml-kem-512-.*-verified'")
    parser.add_argument("--profile", choices=PROFILES, default="small", help="wolfSSL's settings (default: small)")
    parser.add_argument("--runs", type=int, default=1, help="runs of each row; the one with the median of the instructions counts")
    parser.add_argument("--port", type=int, default=45684, help="loopback port of CoAPS; the next three are taken, too (default: 45684)")
    parser.add_argument("--out", type=pathlib.Path, default=TOP / "build" / "zephyr" / "footprint", help="folder for builds and results")
    return parser.parse_args()


def chosen_rows(options):
    if options.quick:
        rows = quick(options.profile)
    else:
        rows = thirteen(options.profile) if options.levels != "higher" else []
        rows += higher(options.profile) if options.levels != "paper" else []
    return [row for row in rows if re.search(options.only or "", row.key)]


def write(folder, about, rows):
    (folder / "footprint.md").write_text(markdown(rows) + "\n\n" + markdown_again(rows) + "\n")
    document = {"conditions": about, "rows": [row.as_json() for row in rows],
                "goals": [{"goal": words, "met": holds} for words, holds in goals(rows)]}
    (folder / "footprint.json").write_text(json.dumps(document, indent=1) + "\n")


def main():
    options = arguments()
    binaries = pathlib.Path(os.environ.get("QEAAS_BIN") or TOP / "build" / "dev" / "bin").resolve()
    missing = next((str(path) for path in (QEMU, SIZE, binaries / "qeaasd", binaries / "qeaas") if not os.access(path, os.X_OK)), None)
    if missing or not os.environ.get("ZEPHYR_BASE"):
        sys.exit(f"footprint: {missing + ' is missing' if missing else 'ZEPHYR_BASE is not set'}; see docs/zephyr.md")
    folder = options.out.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    rows = chosen_rows(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server ends with us
    about = conditions(options.profile, options.runs)
    server = Server(binaries, folder, options.port)
    try:
        for number, row in enumerate(rows, 1):
            measure(row, folder, server, options.port, options.runs)
            write(folder, about, rows[:number])
            print(f"footprint: {number}/{len(rows)} {row.key}: {row.reason or 'measured'}", file=sys.stderr, flush=True)
    finally:
        server.stop()
    met = list(goals(rows))
    print(f"\n{BOARD}, {options.profile} profile, -Os\n\n{markdown(rows)}\n\n{markdown_again(rows)}\n")
    for words, holds in met:
        print(f"{'met' if holds else 'MISSED':7} {words}")
    return 0 if all(holds for _, holds in met) and not any(row.reason for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
