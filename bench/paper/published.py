# SPDX-License-Identifier: GPL-3.0-or-later
"""What the paper publishes, from its prose (the cells of its tables are not in our copy), and the page that puts ours beside it."""
import decomposition
import device
import stats
from configurations import PLAIN, POST_QUANTUM, Configuration
from servers import Unavailable

RATIO, DEVICE, NO = "the device's: by its ratio to the others only", "the device's: yes; this machine's: no", "no"
ROUGHLY = "roughly: at the ESP32's 240 MHz the same instructions would take a fifth"
# Milliseconds of handshake and first request without verification, and what verification adds, as the prose of section 4.4 states them.
HANDSHAKES = {("P-256", "ECDSA"): 479, ("X25519", "ECDSA"): 819, ("ML-KEM-512", "ECDSA"): 313, ("ML-KEM-512", "ML-DSA-44"): 225}
VERIFICATION = {("P-256", "ECDSA"): 188.8, ("X25519", "ECDSA"): 189.4, ("ML-KEM-512", "ECDSA"): 204.5, ("P-256", "ML-DSA-44"): 11.5,
                ("X25519", "ML-DSA-44"): 13.7, ("ML-KEM-512", "ML-DSA-44"): 24.3}
SENTENCES = {"ML-KEM-512 faster than P-256 (ECDSA, not verified)": "35 %", "ML-KEM-512 faster than X25519 (ECDSA, not verified)": "62 %",
             "post-quantum pair faster than the classical one, not verified": "53 %", "post-quantum pair faster than the classical one, verified": "63 %",
             "the same of the computing alone, not verified": "59.7 %", "the same of the computing alone, verified": "68.1 %",
             "chain verification, ECDSA (pooled)": "194 ms", "chain verification, ML-DSA-44 (pooled)": "17 ms"}
REQUESTS_A_SECOND = 41.5  # on an open session, from its mean round trip: 24.1 ms
POOL_MS = 0.1             # injection and extraction together stay below this


def shown(make):
    try:
        return make()
    except (Unavailable, KeyError, ValueError) as why:
        return f"not measured ({why})"


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


def on_device(footprint, why, group, signature, verify):
    """Milliseconds derived for the Cortex-M3, with the round trips of a new session over the paper's link."""
    if footprint is None:
        raise Unavailable(why)
    one = Configuration(group, signature, verify)
    instructions = footprint.phase(one, "handshake")["instructions"] + footprint.phase(one, "first_request")["instructions"]
    return 1000 * (device.seconds(instructions) + device.NEW_SESSION_TRIPS * device.ROUND_TRIP)


def rows(results, footprint, why, pool, cortex):
    for (group, signature), published in HANDSHAKES.items():
        for verify in (False, True):
            value = published + (VERIFICATION[group, signature] if verify else 0)
            yield (f"handshake and first request, {group} + {signature}, {'verified' if verify else 'not verified'}", f"{value:g} ms",
                   shown(lambda: f"{on_device(footprint, why, group, signature, verify):.0f} ms, derived"),
                   shown(lambda: first(results, group, signature, verify)), RATIO)
    for (group, signature), published in VERIFICATION.items():
        yield (f"chain verification, {group} + {signature}", f"{published:g} ms",
               shown(lambda: f"{on_device(footprint, why, group, signature, True) - on_device(footprint, why, group, signature, False):.1f} ms, derived"),
               shown(lambda: verification(results, group, signature)), RATIO)
    yield from sentence_rows(results, footprint, why)
    yield ("round trip on the open session", f"{1000 / REQUESTS_A_SECOND:.1f} ms ({REQUESTS_A_SECOND} requests a second)", "24 ms of link, and the computing of table 5",
           shown(lambda: round_trip(results, POST_QUANTUM)), NO)
    yield ("plain CoAP round trip", "not in our copy", "24 ms of link", shown(lambda: round_trip(results, PLAIN)), NO)
    yield ("pool, injection and extraction of 32 bytes", f"below {POOL_MS:g} ms", shown(lambda: pool_on_device(cortex)), shown(lambda: pool_here(pool)), ROUGHLY)


def sentence_rows(results, footprint, why):
    def ratio(ours, theirs):
        return 100 * (1 - on_device(footprint, why, *ours) / on_device(footprint, why, *theirs))

    pairs = {"ML-KEM-512 faster than P-256 (ECDSA, not verified)": (("ML-KEM-512", "ECDSA", False), ("P-256", "ECDSA", False)),
             "ML-KEM-512 faster than X25519 (ECDSA, not verified)": (("ML-KEM-512", "ECDSA", False), ("X25519", "ECDSA", False)),
             "post-quantum pair faster than the classical one, not verified": (("ML-KEM-512", "ML-DSA-44", False), ("P-256", "ECDSA", False)),
             "post-quantum pair faster than the classical one, verified": (("ML-KEM-512", "ML-DSA-44", True), ("P-256", "ECDSA", True))}
    link = [decomposition.of_client(results, "link", middle) for middle in (stats.Quantity.median_of, stats.Quantity.mean_of)]
    for what, published in SENTENCES.items():
        derived = shown(lambda: f"{ratio(*pairs[what]):.0f} %, derived") if what in pairs else "see the rows above"
        yield what, published, derived, shown(lambda: sentence(what, *link)), DEVICE if what in pairs else RATIO


def sentence(what, by_medians, by_means):
    if what not in by_medians:
        raise Unavailable("not every configuration was measured")
    (middle, unit), (mean, _) = by_medians[what], by_means[what]
    return f"{middle} {unit} (means: {mean} {unit})"


def pool_on_device(cortex):
    counts = [cortex[operation, 32] for operation in ("inject", "extract")]
    if any(isinstance(count, str) for count in counts):
        raise Unavailable(next(count for count in counts if isinstance(count, str)))
    return f"{1000 * device.seconds(sum(counts)):.3f} ms, derived ({sum(counts):,} instructions)"


def pool_here(pool):
    samples = [pool[operation, 32] for operation in ("inject", "extract")]
    if any(isinstance(one, str) for one in samples):
        raise Unavailable(next(one for one in samples if isinstance(one, str)))
    return f"{sum(sum(one) / len(one) for one in samples) / 1e6:.5f} ms"


INTRODUCTION = """# Our figures beside the paper's

The paper: "Post-Quantum Entropy as a Service for Embedded Systems". Its figures are those of its prose: the cells of its tables are not in the copy that we have.
Made by `make paper`; {date}, commit {commit}, {processor}.

## What can be compared

- **Its device is an ESP32** (Xtensa LX6, Wi-Fi, hardware), ours a Cortex-M3 in QEMU whose instructions are counted; milliseconds are derived at {mhz:g} MHz and
  {cpi:g} cycles an instruction. Milliseconds of the two do not compare ; ratios between configurations of one device do.
- **Its client's computing dominates.** This machine's command line computes a handshake in a millisecond or two, so over the 24 ms link our differences between algorithms are
  mostly flights and bytes. A few lost datagrams, each a timer of a second or so, decide its means, so its medians stand first and the means behind them. The column "this machine" shows what the protocol costs when computing is free; it does not reproduce the paper's ratios, and need not.
- **Its round trips** include Wi-Fi; ours a relay with 24 ms, jitter and 0.1 % loss. They were chosen to be alike: their agreement shows nothing ("no").
- Both servers are wolfSSL's DTLS 1.3 with HelloRetryRequest and both requests are Proxy-Uri GETs of /random_number/8, so flights and messages are alike. Its wolfSSL is 5.8.2,
  its libcoap 4.3.5, its Zephyr 4.1.0; ours are in table 2. Its server was an i7-7700.
- Its pool credits 512 bytes to a BLAKE2s state; ours counts 256 bits and replaces its key at every extraction, which costs more hashing. Both are BLAKE2s over 16 to 256 bytes.
- Not compared, because our copy lacks the numbers: table 1's sizes, table 3's and 4's cells, both standard deviations of table 5.

| figure | paper (ESP32) | Cortex-M3 firmware (QEMU) | this machine over the 24 ms link | comparable with the paper |
|---|---|---|---|---|
"""


def page(conditions, results, footprint, why, pool, cortex):
    text = INTRODUCTION.format(**{key: conditions[key] for key in ("date", "commit", "processor")}, mhz=device.CLOCK_HZ / 1e6, cpi=device.CYCLES_AN_INSTRUCTION)
    return text + "".join("| " + " | ".join(cell.replace("|", "/") for cell in row) + " |\n" for row in rows(results, footprint, why, pool, cortex))
