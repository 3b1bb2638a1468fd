# SPDX-License-Identifier: GPL-3.0-or-later
"""The configurations that footprint.py measures, what a run of the firmware told about each, and both as JSON and as a table."""
import re

NANOSECONDS_PER_CYCLE = 40  # the board's clock is 25 MHz, and under -icount shift=0 an instruction takes a nanosecond
HEAP_BYTES = 131072         # ample, so that every configuration shows its own peak
GROUPS = {"ML-KEM-512": "ML_KEM_512", "P-256": "P256", "X25519": "X25519"}
SIGNATURES = {"ML-DSA-44": "ML_DSA_44", "ECDSA": "ECDSA"}
HIGHER_GROUPS = {"ML-KEM-768": "ML_KEM_768", "ML-KEM-1024": "ML_KEM_1024"}
HIGHER_SIGNATURES = {"ML-DSA-65": "ML_DSA_65", "ML-DSA-87": "ML_DSA_87"}
HIGHER = [("ML-KEM-768", "ML-DSA-44"), ("ML-KEM-768", "ML-DSA-65"), ("ML-KEM-1024", "ML-DSA-87")]
OPTIONS = {**GROUPS, **SIGNATURES, **HIGHER_GROUPS, **HIGHER_SIGNATURES}
PROFILES = {"small": "SMALL", "speed": "SPEED"}
FLIGHTS = 4
# What one phase of a run gives, as the firmware names it and as the JSON does.
MEMBERS = {"stack": "client_stack_bytes", "heap_peak": "heap_peak_bytes", "heap_used": "heap_used_bytes"}
CYCLES = {"cycles": "instructions", "all_cycles": "all_threads_instructions"}


class Row:
    """One configuration: plain CoAP if it has no group."""

    def __init__(self, group=None, signature=None, verified=False, profile="small"):
        self.group, self.signature, self.verified, self.profile = group, signature, verified, profile
        self.sizes, self.phases, self.stacks, self.texts, self.reason, self.runs = {}, {}, {}, {}, None, []

    @property
    def title(self):
        return f"{self.group} + {self.signature}" if self.group else "plain CoAP"

    @property
    def key(self):
        words = (self.group, self.signature, "verified" if self.verified else "unverified") if self.group else ("plain",)
        return "-".join((*words, self.profile)).lower()

    @property
    def level(self):
        return "higher" if self.group in HIGHER_GROUPS or self.signature in HIGHER_SIGNATURES else "paper"

    def options(self, port, plain_port, psk):
        """What the build is told."""
        if not self.group:
            return [f"-DCONFIG_FOOTPRINT_PORT={plain_port}"]
        chosen = {name: "n" for name in OPTIONS.values()}
        chosen[OPTIONS[self.group]] = chosen[OPTIONS[self.signature]] = "y"
        chosen["NO_VERIFICATION"] = "n" if self.verified else "y"
        options = [f"-DCONFIG_FOOTPRINT_PORT={port}", "-DCONFIG_QEAAS_DTLS=y", f"-DCONFIG_QEAAS_DTLS_{PROFILES[self.profile]}=y",
                   f"-DCONFIG_QEAAS_DTLS_HEAP_BYTES={HEAP_BYTES}", f'-DCONFIG_FOOTPRINT_PSK_KEY="{psk}"']
        return options + [f"-DCONFIG_QEAAS_DTLS_{name}={value}" for name, value in chosen.items()]

    def hear(self, line):
        """Takes one line of the firmware's console; True when it was the last."""
        words = line.split()
        if words[:1] == ["figure"]:
            phase, member = words[1].split(".")
            value = int(words[2])
            if member in CYCLES:
                member, value = CYCLES[member], value * NANOSECONDS_PER_CYCLE
            self.phases.setdefault(phase, {})[MEMBERS.get(member, member)] = value
        elif words[:1] == ["text"]:
            self.texts[words[1]] = " ".join(words[2:])
        elif words[:1] == ["stack"]:
            self.stacks[re.sub(r"\[(\d+)\]", r"_\1", " ".join(words[1:-2]))] = int(words[-2])
        return words == ["done"]

    def verdict(self, done, log):
        """Why the run does not count, or None: what was negotiated must be what the row says."""
        if not done or "failed" in self.texts:
            return self.texts.get("error") or f"the firmware did not end well ({self.texts.get('failed', 'no end')}), see {log}"
        if not self.group:
            return None
        whole, ticket, psk = (self.phases[name] for name in ("handshake", "ticket", "psk"))
        negotiated = self.texts.get("group"), self.texts.get("signature"), whole["verified"]
        if negotiated != (self.group, self.signature, int(self.verified)):
            return "negotiated {} + {}, verified {}".format(*negotiated)
        if not ticket["resumed"] or not psk["psk"]:
            return "the ticket or the pre-shared key was not used"
        return None

    @property
    def instructions(self):
        """Of set-up and handshake, or of the first request where there is none."""
        return self.phases["handshake" if self.group else "first_request"]["instructions"]

    @property
    def disturbed(self):
        """Whether something was repeated on the way, so that the figures hold more than a handshake: the client speaks in three flights, and
        acknowledges the ticket."""
        return any(phase.get("flights", 0) > FLIGHTS or phase.get("repetitions", 0) for phase in self.phases.values())

    @property
    def heap_peak(self):
        return self.phases["handshake"]["heap_peak_bytes"] if self.group else 0

    def as_json(self):
        return {"key": self.key, "configuration": self.title, "group": self.group, "signature": self.signature, "verified": self.verified,
                "profile": self.profile, "level": self.level, "not_run": self.reason, **self.sizes, "stacks": self.stacks,
                "phases": self.phases, "disturbed": self.disturbed, "instructions_of_runs": self.runs}


def thirteen(profile):
    rows = [Row(profile=profile)]
    return rows + [Row(group, signature, verified, profile) for signature in SIGNATURES for group in GROUPS for verified in (False, True)]


def higher(profile):
    return [Row(group, signature, True, profile) for group, signature in HIGHER]


def quick(profile):
    return [Row("ML-KEM-512", "ML-DSA-44", True, profile), Row("P-256", "ECDSA", True, profile)]


def cells(row):
    whole = row.phases["handshake" if row.group else "first_request"]
    others = ", ".join(f"{name} {used}" for name, used in sorted(row.stacks.items()) if name not in ("client", "idle"))
    return [f"{row.sizes['flash_bytes']:,}", f"{row.sizes['code_rom_bytes']:,}", f"{row.sizes['static_ram_bytes']:,}", f"{row.heap_peak:,}",
            f"{row.stacks.get('client', 0):,}", others, f"{whole['datagrams_sent']} / {whole['datagrams_received']}",
            f"{whole['bytes_sent']:,} / {whole['bytes_received']:,}", f"{row.instructions / 1e6:.2f} M"]


def table(heads, rows, cells_of):
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in rows:
        mark = ("yes" if row.verified else "no") if row.group else "-"
        body = [f"not run: {row.reason}"] if row.reason else cells_of(row)
        lines.append("| " + " | ".join([row.title, mark, *body]) + " |")
    return "\n".join(lines)


def markdown(rows):
    return table(["configuration", "verified", "flash", "code ROM", "static RAM", "peak wolfSSL heap", "stack of the client", "other stacks",
                  "datagrams sent / received", "bytes sent / received", "instructions"], rows, cells)


def again_cells(row):
    """What comes after the first handshake: instructions, and bytes sent / received."""
    found = []
    for name in ("request", "moved_request", "ticket", "psk"):
        phase = row.phases.get(name)
        found.append(f"{phase['instructions'] / 1e6:.3f} M, {phase['bytes_sent']:,} / {phase['bytes_received']:,}" if phase else "-")
    return found + [f"{row.phases['ticket']['heap_peak_bytes']:,}, {row.phases['psk']['heap_peak_bytes']:,}" if row.group else "-"]


def markdown_again(rows):
    return table(["configuration", "verified", "a request on the open session", "one after sleep, by connection ID", "handshake by ticket",
                  "handshake by pre-shared key", "peak heap of both"], rows, again_cells)


def goals(rows):
    """Pairs of a goal's words and whether it is met; only of rows that ran."""
    ran = {(row.group, row.signature, row.verified): row for row in rows if not row.reason}
    ours, theirs = ran.get(("ML-KEM-512", "ML-DSA-44", True)), ran.get(("P-256", "ECDSA", True))
    if ours is None:
        return
    yield f"peak wolfSSL heap {ours.heap_peak:,} of 24,000 B", ours.heap_peak <= 24000
    yield f"stack of the client's thread {ours.stacks['client']:,} of 4,096 B", ours.stacks["client"] <= 4096
    yield f"set-up and handshake {ours.instructions / 1e6:.2f} of 18 M instructions", ours.instructions <= 18e6
    if theirs is not None:
        ratio = theirs.instructions / ours.instructions
        yield f"P-256 + ECDSA takes {ratio:.2f} times as many; at least 3", ratio >= 3
