#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the device's client costs: builds the thirteen configurations of the paper for mps2/an385 (Cortex-M3), runs each in QEMU against a
real qeaasd, and prints a table. Exits 1 if a row could not be had or a goal is missed.

Every figure is measured in the run that prints it. Instructions: QEMU's -icount shift=0 makes an instruction a nanosecond of virtual
time; Zephyr's statistics count the cycles of the client's thread alone, 40 ns each. With a network they repeat within 5 %; bytes, heap
and stacks repeat exactly. Needs ZEPHYR_BASE (see docs/zephyr.md); QEAAS_BIN names the folder with qeaasd and qeaas.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
QEMU = "/usr/bin/qemu-system-arm"
SIZE = "/usr/bin/arm-none-eabi-size"
BOARD = "mps2/an385"
NANOSECONDS_PER_CYCLE = 40  # the board's clock is 25 MHz
HEAP_BYTES = 65536          # ample, so that every configuration shows its own peak
PATIENCE = 300              # seconds for one run; it takes a few
GROUPS = {"ML-KEM-512": "ML_KEM_512", "P-256": "P256", "X25519": "X25519"}
SIGNATURES = {"ML-DSA-44": "ML_DSA_44", "ECDSA": "ECDSA"}
PROFILES = {"small": "SMALL", "speed": "SPEED"}


class Row:
    """One configuration: plain CoAP if it has no group."""

    def __init__(self, group=None, signature=None, verified=False, profile="small"):
        self.group, self.signature, self.verified, self.profile = group, signature, verified, profile
        self.figures, self.stacks, self.reason = {}, {}, None

    @property
    def title(self):
        return f"{self.group} + {self.signature}" if self.group else "plain CoAP"

    @property
    def key(self):
        words = (self.group, self.signature, "verified" if self.verified else "unverified") if self.group else ("plain",)
        return "-".join((*words, self.profile)).lower()

    def options(self, port, plain_port):
        if not self.group:
            return [f"-DCONFIG_FOOTPRINT_PORT={plain_port}"]
        chosen = {name: "n" for name in (*GROUPS.values(), *SIGNATURES.values())}
        chosen[GROUPS[self.group]] = chosen[SIGNATURES[self.signature]] = "y"
        chosen["NO_VERIFICATION"] = "n" if self.verified else "y"
        options = [f"-DCONFIG_FOOTPRINT_PORT={port}", "-DCONFIG_QEAAS_DTLS=y", f"-DCONFIG_QEAAS_DTLS_{PROFILES[self.profile]}=y",
                   f"-DCONFIG_QEAAS_DTLS_HEAP_BYTES={HEAP_BYTES}"]
        return options + [f"-DCONFIG_QEAAS_DTLS_{name}={value}" for name, value in chosen.items()]

    def as_json(self):
        return {"configuration": self.title, "verified": self.verified, "profile": self.profile, "not_run": self.reason, **self.figures,
                "stacks": self.stacks}


class Server:
    """A qeaasd on two ports of loopback, with certificates that name QEMU's gateway."""

    def __init__(self, binaries, folder, port):
        self.ca = folder / "state" / "ca.pem"
        self.ca.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        subprocess.run([binaries / "qeaas", "keys", "--state", self.ca.parent, "--san", "10.0.2.2"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True)
        config = folder / "qeaasd.toml"
        config.write_text(f'[server]\nworkers = 1\n[coaps]\nlisten = ["127.0.0.1:{port}"]\n[coap]\nenabled = true\n'
                          f'listen = ["127.0.0.1:{port + 1}"]\n[http]\nenabled = false\n[https]\nenabled = false\n'
                          f'[local]\nenabled = false\n[[source]]\nid = "sim"\ntype = "photon"\n')
        self.log = folder / "qeaasd.log"
        with open(self.log, "w", encoding="utf-8") as to:
            self.process = subprocess.Popen([binaries / "qeaasd", "--config", config, "--state", self.ca.parent], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            for line in self.process.stderr:
                to.write(line)
                if line.endswith(" ready\n"):
                    break
        self.drain = threading.Thread(target=self.process.stderr.read, daemon=True)
        self.drain.start()
        if self.process.poll() is not None:
            sys.exit(f"footprint: qeaasd did not start:\n{self.log.read_text()}")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def build(row, out, ca, port):
    """The ELF, or None with the row's reason set."""
    command = [TOP / "scripts" / "zephyr", "build", HERE, BOARD, out, f"-DQEAAS_CA_FILE={ca}", *row.options(port, port + 1)]
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
    texts, done = {}, False
    with open(log, "w", encoding="utf-8") as to:
        for line in process.stdout:
            to.write(line)
            words = line.split()
            if words[:1] == ["figure"]:
                row.figures[words[1]] = int(words[2])
            elif words[:1] == ["text"]:
                texts[words[1]] = " ".join(words[2:])
            elif words[:1] == ["stack"]:
                row.stacks[" ".join(words[1:-2])] = int(words[-2])
            done = words == ["done"]
            if done or "FATAL ERROR" in line:
                break
    watchdog.cancel()
    process.kill()
    process.wait()
    process.stdout.close()
    row.reason = verdict(row, texts, done, log)


def verdict(row, texts, done, log):
    """Why the run does not count, or None: what was negotiated must be what the row says."""
    if not done or "failed" in row.figures:
        return texts.get("error") or f"the firmware did not end well, see {log}"
    if row.figures.get("answer_code") != 0x45:
        return f"the answer was no 2.05, see {log}"
    if row.group and (texts.get("group"), texts.get("signature"), row.figures["verified"]) != (row.group, row.signature, int(row.verified)):
        return f"negotiated {texts.get('group')} + {texts.get('signature')}, verified {row.figures['verified']}"
    return None


def sizes(elf):
    text, data, bss = map(int, subprocess.run([SIZE, elf], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[1].split()[:3])
    return text + data, data + bss


def measure(row, folder, server, port, runs):
    out = folder / row.key
    elf = build(row, out, server.ca, port)
    if elf is None:
        return
    cycles = []
    for _ in range(runs):
        run(row, elf, out / "run.log")
        if row.reason:
            return
        cycles.append(row.figures.get("handshake_cycles", row.figures["request_cycles"]))
    flash, ram = sizes(elf)
    # The heap of a measurement is larger than any product's, so it is left out and its peak is given.
    row.figures.update(flash_bytes=flash, static_ram_bytes=ram - (HEAP_BYTES if row.group else 0),
                       instructions=sorted(cycles)[len(cycles) // 2] * NANOSECONDS_PER_CYCLE,
                       request_instructions=row.figures["request_cycles"] * NANOSECONDS_PER_CYCLE)


def thirteen(profile):
    rows = [Row(profile=profile)]
    return rows + [Row(group, signature, verified, profile) for signature in SIGNATURES for group in GROUPS for verified in (False, True)]


def quick(profile):
    return [Row("ML-KEM-512", "ML-DSA-44", True, profile), Row("P-256", "ECDSA", True, profile)]


def markdown(rows):
    lines = ["| configuration | verified | flash | static RAM | peak wolfSSL heap | stack of the client | other stacks | datagrams sent / received |"
             " bytes sent / received | instructions |", "|---|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        mark = ("yes" if row.verified else "no") if row.group else "-"
        if row.reason:
            lines.append(f"| {row.title} | {mark} | not run: {row.reason} |")
            continue
        one = row.figures
        others = ", ".join(f"{name} {used}" for name, used in sorted(row.stacks.items()) if name not in ("client", "idle"))
        lines.append(f"| {row.title} | {mark} | {one['flash_bytes']:,} | {one['static_ram_bytes']:,} | {one.get('heap_peak', 0):,} | "
                     f"{row.stacks.get('client', 0):,} | {others} | {one['datagrams_sent']} / {one['datagrams_received']} | "
                     f"{one['bytes_sent']:,} / {one['bytes_received']:,} | {one['instructions'] / 1e6:.2f} M |")
    return "\n".join(lines)


def goals(rows):
    """Pairs of a goal's words and whether it is met; only of rows that ran."""
    ran = {(row.group, row.signature, row.verified): row for row in rows if not row.reason}
    ours, theirs = ran.get(("ML-KEM-512", "ML-DSA-44", True)), ran.get(("P-256", "ECDSA", True))
    if ours is None:
        return
    yield f"peak wolfSSL heap {ours.figures['heap_peak']:,} of 24,000 B", ours.figures["heap_peak"] <= 24000
    yield f"stack of the client's thread {ours.stacks['client']:,} of 4,096 B", ours.stacks["client"] <= 4096
    yield f"set-up and handshake {ours.figures['instructions'] / 1e6:.2f} of 18 M instructions", ours.figures["instructions"] <= 18e6
    if theirs is not None:
        ratio = theirs.figures["instructions"] / ours.figures["instructions"]
        yield f"P-256 + ECDSA takes {ratio:.2f} times as many; at least 3", ratio >= 3


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only the two rows that the goals are about")
    parser.add_argument("--only", metavar="PATTERN", help="only rows whose key matches, e.g. 'ml-kem-512-.*-verified'")
    parser.add_argument("--profile", choices=PROFILES, default="small", help="wolfSSL's settings (default: small)")
    parser.add_argument("--runs", type=int, default=1, help="runs of each row; the median of the instructions counts")
    parser.add_argument("--port", type=int, default=45684, help="loopback port of CoAPS; plain CoAP takes the next (default: 45684)")
    parser.add_argument("--out", type=pathlib.Path, default=TOP / "build" / "zephyr" / "footprint", help="folder for builds and results")
    return parser.parse_args()


def main():
    options = arguments()
    binaries = pathlib.Path(os.environ.get("QEAAS_BIN") or TOP / "build" / "dev" / "bin").resolve()
    missing = next((str(path) for path in (QEMU, SIZE, binaries / "qeaasd", binaries / "qeaas") if not os.access(path, os.X_OK)), None)
    if missing or not os.environ.get("ZEPHYR_BASE"):
        sys.exit(f"footprint: {missing + ' is missing' if missing else 'ZEPHYR_BASE is not set'}; see docs/zephyr.md")
    folder = options.out.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    rows = quick(options.profile) if options.quick else thirteen(options.profile)
    rows = [row for row in rows if re.search(options.only or "", row.key)]
    server = Server(binaries, folder, options.port)
    try:
        for number, row in enumerate(rows, 1):
            measure(row, folder, server, options.port, options.runs)
            print(f"footprint: {number}/{len(rows)} {row.key}: {row.reason or 'measured'}", file=sys.stderr, flush=True)
    finally:
        server.stop()
    table = markdown(rows)
    print(f"\n{BOARD}, {options.profile} profile, -Os\n\n{table}\n")
    met = True
    for words, holds in goals(rows):
        print(f"{'met' if holds else 'MISSED':7} {words}")
        met = met and holds
    (folder / "footprint.md").write_text(table + "\n")
    (folder / "footprint.json").write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n")
    return 0 if met and not any(row.reason for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
