# SPDX-License-Identifier: GPL-3.0-or-later
"""The page that puts our figures beside the paper's, and says of each whether they compare."""
import conditions as circumstances
import decomposition
import device
import published
import stats
from configurations import PLAIN, POST_QUANTUM, Configuration
from decomposition import GROUPS
from reasons import NotHere, Unavailable

NO = "no"
OTHER_CHIP = "no: milliseconds of another processor"
CLOCK = "the device's depends on the clock: lower clocks give the link less weight; this machine's: no"
COUNTED = ("the device's: yes, no clock and no link is in it; every instruction counts alike, and the paper's remainder holds its server's computing too; "
           "this machine's: no")
COUNTED_RATIO = "the device's: yes, no clock is in it; every instruction counts alike"
LIBRARY = "roughly: both are wolfSSL, of other versions, settings and processors"
ROUGHLY = "roughly: the same work by another processor"
CLOCKS = (device.CLOCK_HZ, published.ESP32_HZ)
# Of each sentence the two that it compares: (group, signature, verified).
PAIRS = {"ML-KEM-512 faster than P-256 (ECDSA, not verified)": (("ML-KEM-512", "ECDSA", False), ("P-256", "ECDSA", False)),
         "ML-KEM-512 faster than X25519 (ECDSA, not verified)": (("ML-KEM-512", "ECDSA", False), ("X25519", "ECDSA", False)),
         "post-quantum pair faster than the classical one, not verified": (("ML-KEM-512", "ML-DSA-44", False), ("P-256", "ECDSA", False)),
         "post-quantum pair faster than the classical one, verified": (("ML-KEM-512", "ML-DSA-44", True), ("P-256", "ECDSA", True)),
         "the same of the computing alone, not verified": (("ML-KEM-512", "ML-DSA-44", False), ("P-256", "ECDSA", False)),
         "the same of the computing alone, verified": (("ML-KEM-512", "ML-DSA-44", True), ("P-256", "ECDSA", True))}


class Gap(str):
    """A cell without a figure. excused: what would make it is not installed here."""
    excused = False


def shown(make):
    try:
        return make()
    except (Unavailable, KeyError, ValueError, ZeroDivisionError) as why:
        gap = Gap(f"not measured ({why if isinstance(why, Unavailable) else repr(why)})")
        gap.excused = isinstance(why, Unavailable) and isinstance(why.words, NotHere)
        return gap


def samples_of(results, client, configuration):
    result = results[client, configuration]
    if result.reason:
        raise Unavailable(result.reason)
    return result


def both(make, unit="ms"):
    """make(middle) by medians, and by means after it: over the link the timer of a lost datagram decides a mean, not a median."""
    return f"{make(stats.Quantity.median_of)} {unit} (means: {make(stats.Quantity.mean_of)} {unit})"


def first(results, group, signature, verify):
    samples = samples_of(results, "link", Configuration(group, signature, verify)).first
    return both(lambda middle: middle(samples))


def verification(results, group, signature):
    without, verified = (samples_of(results, "link", Configuration(group, signature, verify)).first for verify in (False, True))
    return both(lambda middle: middle(verified) - middle(without))


def round_trip(results, configuration):
    samples = samples_of(results, "link", configuration).rtt
    return both(lambda middle: middle(samples))


class Device:
    """The Cortex-M3's cells. Instructions are counted; milliseconds are derived from them at each of CLOCKS, since what the link weighs hangs on the clock."""

    def __init__(self, footprint, why):
        self.footprint, self.why = footprint, why

    def computing(self, group, signature, verify):
        """Instructions of handshake and first request."""
        if self.footprint is None:
            raise Unavailable(self.why)
        one = Configuration(group, signature, verify)
        return sum(self.footprint.phase(one, name)["instructions"] for name in ("handshake", "first_request"))

    def verification(self, signature, groups=GROUPS):
        """Instructions that the chain's verification adds, mean over the key exchanges."""
        return sum(self.computing(group, signature, True) - self.computing(group, signature, False) for group in groups) / len(groups)

    def size(self, key, group, signature, verify=False):
        """Bytes of the firmware."""
        if self.footprint is None:
            raise Unavailable(self.why)
        return self.footprint.row(Configuration(group, signature, verify))[key]

    def heap(self, group, signature, verify):
        """Bytes of wolfSSL's heap at its peak, in the handshake."""
        if self.footprint is None:
            raise Unavailable(self.why)
        return self.footprint.phase(Configuration(group, signature, verify), "handshake")["heap_peak_bytes"]

    @staticmethod
    def session_ms(instructions, clock):
        return 1000 * (device.seconds(instructions, clock=clock) + device.NEW_SESSION_TRIPS * device.ROUND_TRIP)

    def first(self, *which):
        return at_each_clock(lambda clock: f"{self.session_ms(self.computing(*which), clock):,.0f} ms")

    def added(self, signature, groups=GROUPS):
        count = self.verification(signature, groups)
        return f"{count / 1e6:.2f} M instructions: " + at_each_clock(lambda clock: f"{1000 * device.seconds(count, clock=clock):.0f} ms")

    def faster(self, what):
        ours, theirs = (self.computing(*which) for which in PAIRS[what])
        if what in published.COMPUTING:
            return f"{100 * (1 - ours / theirs):.1f} %, of instructions"
        return at_each_clock(lambda clock: f"{100 * (1 - self.session_ms(ours, clock) / self.session_ms(theirs, clock)):.0f} %")


def at_each_clock(make):
    return ", ".join(f"{make(clock)} at {clock / 1e6:g} MHz" for clock in CLOCKS) + ", derived"


def rows(results, footprint, why, pool, cortex):
    cortex_m3 = Device(footprint, why)
    for (group, signature), known in published.HANDSHAKES.items():
        for verify in (False, True):
            added = published.VERIFICATION[group, signature]
            value = f"{known + added:g} ms (our sum: {known:g} + {added:g})" if verify else f"{known:g} ms"
            yield (f"handshake and first request, {group} + {signature}, {'verified' if verify else 'not verified'}", value,
                   shown(lambda: cortex_m3.first(group, signature, verify)), shown(lambda: first(results, group, signature, verify)), OTHER_CHIP)
    for (group, signature), known in published.VERIFICATION.items():
        yield (f"chain verification, {group} + {signature}", f"{known:g} ms", shown(lambda: cortex_m3.added(signature, [group])),
               shown(lambda: verification(results, group, signature)), OTHER_CHIP)
    yield from sentence_rows(results, cortex_m3)
    yield from memory_rows(cortex_m3)
    yield ("round trip on the open session", f"{1000 / published.REQUESTS_A_SECOND:.1f} ms (our quotient: {published.REQUESTS_A_SECOND} requests a second)",
           "24 ms of link, and the computing of table 5", shown(lambda: round_trip(results, POST_QUANTUM)), NO)
    yield ("plain CoAP round trip", "not in our copy", "24 ms of link", shown(lambda: round_trip(results, PLAIN)), NO)
    yield ("pool, injection and extraction of 32 bytes", f"below {published.POOL_MS:g} ms", shown(lambda: pool_on_device(cortex)), shown(lambda: pool_here(pool)), ROUGHLY)


def sentence_rows(results, cortex_m3):
    link = [decomposition.of_client(results, "link", middle) for middle in (stats.Quantity.median_of, stats.Quantity.mean_of)]
    for what, known in {**published.FASTER, **published.COMPUTING}.items():
        yield what, f"{known:g} %", shown(lambda: cortex_m3.faster(what)), shown(lambda: sentence(what, *link)), CLOCK if what in published.FASTER else COUNTED
    for what, known in published.POOLED_MS.items():
        signature = "ECDSA" if "ECDSA" in what else "ML-DSA-44"
        yield what, f"{known:g} ms", shown(lambda: cortex_m3.added(signature)), shown(lambda: sentence(what, *link)), OTHER_CHIP
    yield ("chain verification, ECDSA against ML-DSA-44", f"about {published.VERIFICATION_TIMES} times",
           shown(lambda: f"{cortex_m3.verification('ECDSA') / cortex_m3.verification('ML-DSA-44'):.1f} times, of instructions"),
           "see the two rows above", COUNTED_RATIO)


def memory_rows(cortex_m3):
    """What the prose says of memory. This machine's client has none of it."""
    def kib(values):
        low, high = (f"{value / 1024:.1f}" for value in (min(values), max(values)))
        return f"{low}{f' to {high}' if high != low else ''} KiB"

    def heap(signature):
        return [cortex_m3.heap(group, signature, True) - cortex_m3.heap(group, signature, False) for group in GROUPS]

    def rom():
        return [cortex_m3.size("code_rom_bytes", group, "ML-DSA-44") - cortex_m3.size("code_rom_bytes", group, "ECDSA") for group in GROUPS]

    def ram():
        sizes = [cortex_m3.size("static_ram_bytes", group, signature, verify) for group in GROUPS for signature in decomposition.SIGNATURES for verify in (False, True)]
        return f"{min(sizes):,} to {max(sizes):,} bytes without the TLS heap, {max(sizes) - min(sizes)} bytes apart"

    yield ("peak heap that verification adds", published.HEAP_KIB, shown(lambda: f"ECDSA {kib(heap('ECDSA'))}, ML-DSA-44 {kib(heap('ML-DSA-44'))}"), "-", LIBRARY)
    yield ("code that ML-DSA-44 adds over ECDSA", f"{published.ROM_KIB} (KiB, most likely)", shown(lambda: f"{kib(rom())}, not verified"), "-", LIBRARY)
    yield ("static RAM of the DTLS variants", f"the same in all, {published.DRAM}", shown(ram), "-",
           "that it is the same in all: yes; the share: no, another chip's memory and a heap that is counted in")


def sentence(what, by_medians, by_means):
    if what not in by_medians:
        raise Unavailable("not every configuration was measured")
    (middle, unit), (mean, _) = by_medians[what], by_means[what]
    return f"{middle} {unit} (means: {mean} {unit})"


def pool_on_device(cortex):
    counts = [cortex[operation, 32] for operation in ("inject", "extract")]
    if any(isinstance(count, str) for count in counts):
        raise Unavailable(next(count for count in counts if isinstance(count, str)))
    return f"{sum(counts):,} instructions: " + at_each_clock(lambda clock: f"{1000 * device.seconds(sum(counts), clock=clock):.2f} ms")


def pool_here(pool):
    samples = [pool[operation, 32] for operation in ("inject", "extract")]
    if any(isinstance(one, str) for one in samples):
        raise Unavailable(next(one for one in samples if isinstance(one, str)))
    return both(lambda middle: sum(middle(one) for one in samples) * 1e-6)


INTRODUCTION = """# Our figures beside the paper's

The paper: "Post-Quantum Entropy as a Service for Embedded Systems". Its figures are those of its prose: the cells of its tables are not in the copy that we have.
Made by `make paper`; {date}, commit {commit}, {processor}. The Cortex-M3's column: {firmware}

## What can be compared

- **Its device is an ESP32** (Xtensa LX6, Wi-Fi, hardware), ours a Cortex-M3 in QEMU whose instructions are counted; milliseconds are derived at {cpi:g} cycles an instruction, at
  {mhz:g} MHz and at the ESP32's {esp:g} MHz. Milliseconds of the two do not compare. Percentages end to end hang on the clock, because the link's {link:g} ms weigh less
  beside slower computing: they stand at both clocks. What compares is the computing alone, by instructions, in which neither clock nor link is.
- **Its client's computing dominates.** This machine's command line computes a handshake in a millisecond or two, so over the 24 ms link our differences between algorithms are
  mostly flights and bytes. A few lost datagrams, each a timer of a second or so, decide its means, so its medians stand first and the means behind them. The column
  "this machine" shows what the protocol costs when computing is free; it does not reproduce the paper's ratios, and need not.
- **Its round trips** include Wi-Fi; ours a relay with 24 ms, jitter and 0.1 % loss. They were chosen to be alike: their agreement shows nothing ("no").
- **The requests.** This machine's are Proxy-Uri GETs of /random_number/8, as the paper's. The Cortex-M3's are GETs of /random?n=32 of the server itself: no proxy, no JSON, 32 bytes
  and not 8. A request is less than 1 % of the instructions of any handshake here, and the proxy's time would be the server's, which that column leaves out.
- Both servers are wolfSSL's DTLS 1.3 with HelloRetryRequest, so flights and messages of the handshake are alike. Its wolfSSL is 5.8.2, its libcoap 4.3.5, its Zephyr 4.1.0; ours
  are in table 2. Its server was an i7-7700.
- Its pool credits 512 bytes to a BLAKE2s state; ours counts 256 bits and replaces its key at every extraction, which costs more hashing. Both are BLAKE2s over 16 to 256 bytes.
- The paper gives handshakes without verification and what verification adds; where the two are added up, or a rate is turned into a time, the cell says that it is our reckoning.
- Its firmware with and without verification is the same code; ours leaves the code of verification out of the unverified variants (4 to 5 KiB), so table 1 tells them apart.
- Not compared, because our copy lacks the numbers: table 1's cells (of its prose's figures three rows are made below), table 3's and 4's cells, both standard deviations of table 5.

"""
COLUMNS = ["figure", "paper (ESP32)", "Cortex-M3 firmware (QEMU)", "this machine over the 24 ms link", "comparable with the paper"]


def page(conditions, results, footprint, why, pool, cortex):
    """The page, and in words every cell that lacks a figure and is not excused."""
    firmware = f"{footprint.words}Firmware of {footprint.conditions['date'][:10]}, commit {footprint.conditions['commit']}." if footprint else "Not run."
    text = INTRODUCTION.format(**{key: conditions[key] for key in ("date", "commit", "processor")}, firmware=firmware, mhz=device.CLOCK_HZ / 1e6,
                               cpi=device.CYCLES_AN_INSTRUCTION, esp=published.ESP32_HZ / 1e6, link=1000 * device.NEW_SESSION_TRIPS * device.ROUND_TRIP)
    made = list(rows(results, footprint, why, pool, cortex))
    problems = [f"comparison.md: {row[0]}, {column}: {cell}" for row in made for column, cell in zip(COLUMNS[1:], row[1:]) if isinstance(cell, Gap) and not cell.excused]
    lines = [COLUMNS, ["---"] * len(COLUMNS)] + [[cell.replace("|", "/") for cell in row] for row in made]
    text += "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return text + "\n## Conditions\n\n" + circumstances.markdown(conditions), problems
