# SPDX-License-Identifier: GPL-3.0-or-later
"""The Cortex-M3 firmware's figures, from zephyr/footprint (footprint.json), and the tables that follow from them: 1, 5 for the device, and refills.

Instructions and bytes are measured in QEMU. Time is derived from them at a clock and a number of cycles an instruction that are stated."""
import json
import os
import pathlib
import subprocess
import sys

import conditions
from configurations import Configuration, thirteen
from reasons import NotHere, Unavailable
from tables import Table

CLOCK_HZ = 48e6               # the CC2650's, a Cortex-M3 whose currents the energy model takes
CYCLES_AN_INSTRUCTION = 1.5   # assumed; the Cortex-M3's manual: 1 for most, 2 for a load, 2 to 4 for a taken branch, 3 to 5 for a long multiply
DERIVED = (f"Time is DERIVED, not measured: instructions x {CYCLES_AN_INSTRUCTION:g} cycles / {CLOCK_HZ / 1e6:g} MHz (the cycles an instruction are an "
           f"assumption: between 1 and 2).")
ROUND_TRIP = 0.024            # seconds, the paper's link
NEW_SESSION_TRIPS = 4         # hello and cookie; hello and server's flight; Finished and its acknowledgement, which wolfSSL awaits; the request
TOOL = conditions.TOP / "zephyr" / "footprint" / "footprint.py"
RESULT = conditions.TOP / "build" / "zephyr" / "footprint" / "footprint.json"
NEEDED = ("group", "signature", "verified", "not_run", "phases", "stacks", "flash_bytes", "code_rom_bytes", "static_ram_bytes")  # of each row of it
RECORDED = pathlib.Path(__file__).resolve().parent / "tests" / "footprint.json"  # of one day, for the quick run and the tests; never a result
# The levels beyond the paper's that zephyr/footprint builds.
HIGHER = [Configuration("ML-KEM-768", "ML-DSA-44", True), Configuration("ML-KEM-768", "ML-DSA-65", True), Configuration("ML-KEM-1024", "ML-DSA-87", True)]
WAYS = {"handshake": "full handshake", "psk": "handshake by pre-shared key", "ticket": "handshake by ticket", "moved_request": "after sleep, by connection ID",
        "request": "on the open session"}


def seconds(instructions, cycles=CYCLES_AN_INSTRUCTION, clock=CLOCK_HZ):
    return instructions * cycles / clock


class Footprint:
    """footprint.json: rows by (group, signature, verified); plain CoAP is (None, None, False)."""

    def __init__(self, document):
        self.document, self.conditions = document, document["conditions"]
        self.words = ""  # what a table of it must say first
        self.rows = {(row["group"] or "", row["signature"] or "", row["verified"]): row for row in document["rows"]}

    def row(self, configuration):
        """Unavailable with the reason when that configuration did not run."""
        row = self.rows.get((configuration.group, configuration.signature, configuration.verify))
        if row is None:
            raise Unavailable("footprint.py has no such row")
        if row["not_run"]:
            raise Unavailable(row["not_run"])
        return row

    def phase(self, configuration, name):
        row = self.row(configuration)
        if name not in row["phases"]:
            raise Unavailable(f"the firmware did not report {name}")
        return row["phases"][name]


def read(path):
    """The footprint of a file; Unavailable says what is wrong with it."""
    try:
        document = json.loads(pathlib.Path(path).read_text())
    except (OSError, ValueError) as why:
        raise Unavailable(f"{path} cannot be read as a footprint.json: {why}") from None
    rows = document.get("rows") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not rows or not isinstance(document.get("conditions"), dict):
        raise Unavailable(f"{path} is no footprint.json: it lacks conditions or rows; zephyr/footprint/footprint.py writes one")
    lacking = [key for key in NEEDED if not all(isinstance(row, dict) and key in row for row in rows)]
    if lacking or not {"date", "commit"} <= document["conditions"].keys():
        raise Unavailable(f"{path} is of another footprint.py: it lacks {lacking[0] if lacking else 'date or commit'}; run zephyr/footprint/footprint.py again")
    return Footprint(document)


def load(evaluation, given=None):
    """The footprint: given, in a quick run a recorded one, else of the tool, which runs where ZEPHYR_BASE is set. Unavailable says why there is none."""
    footprint = given or (recorded() if evaluation.plan.quick else run_the_tool(evaluation))
    (evaluation.out / "samples" / "footprint.json").write_text(json.dumps(footprint.document, indent=1) + "\n")
    return footprint


def recorded():
    """So that a quick run, which builds no firmware, makes the device's tables too."""
    footprint = read(RECORDED)
    footprint.words = f"RECORDED, no result of this tree ({RECORDED.parent.name}/{RECORDED.name}): it shows that the table is made. "
    return footprint


def run_the_tool(evaluation):
    if not os.environ.get("ZEPHYR_BASE"):
        raise Unavailable(NotHere("ZEPHYR_BASE is not set; see docs/zephyr.md"))
    evaluation.say("device: zephyr/footprint/footprint.py (builds and runs every configuration)")
    RESULT.unlink(missing_ok=True)  # an older one must not pass for this run's
    with open(evaluation.out / "footprint.log", "w", encoding="utf-8") as log:
        done = subprocess.run(["/usr/bin/python3", TOOL], stdout=log, stderr=sys.stderr, check=False, env={**os.environ, "QEAAS_BIN": str(evaluation.binaries)})
    if done.returncode not in (0, 1) or not RESULT.exists():  # 1: a row did not run or a goal was missed; the rows say which
        raise Unavailable(f"footprint.py ended with {done.returncode}{'' if RESULT.exists() else ' and wrote nothing'}; see {evaluation.out / 'footprint.log'}")
    return read(RESULT)


def stamp(table, footprint):
    """Gives a table that was made from a footprint the footprint's own conditions: its firmware may be of another day and commit than this run."""
    if footprint:
        table.own = footprint.conditions
        table.conditions += f" {footprint.words}Firmware of {footprint.conditions['date'][:10]}, commit {footprint.conditions['commit']}."
    return table


def rows_of(table, configurations, footprint, why, make):
    """Fills a table with one row of each configuration, or with the reason."""
    for one in configurations:
        table.expect(one.title, one.mark)
        try:
            if footprint is None:
                raise Unavailable(why)
            table.add(one.title, one.mark, **make(one))
        except Unavailable as reason:
            table.skip(one.title, one.mark, why=reason)


def table1(footprint, why):
    table = Table("table1-footprint", "Table 1: firmware footprint", [("configuration", "Configuration"), ("verify", "Verify"), ("flash", "Flash [B]"),
                  ("code", "Code ROM [B]"), ("ram", "static RAM without TLS heap [B]"), ("heap", "peak TLS heap [B]"), ("stack", "client's stack [B]")], labels=2,
                  conditions="Zephyr firmware for mps2/an385 (Cortex-M3), -Os, small profile; sizes from the ELF file, heap and stack as they ran in QEMU. "
                             "The paper's seven variants, each without and with verification of the chain, and the higher levels.")

    def make(one):
        row = footprint.row(one)
        phase = footprint.phase(one, "handshake" if one.group else "first_request")
        return {"flash": row["flash_bytes"], "code": row["code_rom_bytes"], "ram": row["static_ram_bytes"], "heap": phase.get("heap_peak_bytes", 0),
                "stack": row["stacks"].get("client", phase.get("client_stack_bytes"))}

    rows_of(table, thirteen() + HIGHER, footprint, why, make)
    return stamp(table, footprint)


def table5(footprint, why):
    table = Table("table5-cortex-m3", "Table 5 on the Cortex-M3 firmware: handshake and first request", [("configuration", "Configuration"), ("verify", "Verify"),
                  ("instructions", "instructions, set-up and handshake"), ("request", "instructions, a request"), ("datagrams", "datagrams out / in"),
                  ("bytes", "bytes out / in"), ("compute_ms", "derived computing [ms]"), ("first_ms", "derived first byte over the link [ms]"),
                  ("rtt_ms", "derived RTT [ms]")], labels=2,
                  conditions=f"QEMU, mps2/an385, -icount shift=0; client's thread only. The request is GET /random?n=32 of the server itself: not the Proxy-Uri of "
                             f"/random_number/8 of the paper and of this machine's table 5. {DERIVED} First byte over the link adds {NEW_SESSION_TRIPS} round trips of 24 ms "
                             "(one for plain CoAP); the server's computing is not in it.")

    def make(one):
        whole = footprint.phase(one, "handshake" if one.group else "first_request")
        request = footprint.phase(one, "request")
        made = whole["instructions"] + (footprint.phase(one, "first_request")["instructions"] if one.group else 0)
        trips = NEW_SESSION_TRIPS if one.group else 1
        return {"instructions": whole["instructions"], "request": request["instructions"], "datagrams": f"{whole['datagrams_sent']} / {whole['datagrams_received']}",
                "bytes": f"{whole['bytes_sent']} / {whole['bytes_received']}", "compute_ms": 1000 * seconds(made),
                "first_ms": 1000 * (seconds(made) + trips * ROUND_TRIP), "rtt_ms": 1000 * (seconds(request["instructions"]) + ROUND_TRIP)}

    rows_of(table, thirteen() + HIGHER, footprint, why, make)
    return stamp(table, footprint)
