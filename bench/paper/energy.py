# SPDX-License-Identifier: GPL-3.0-or-later
"""A model of the energy of one top-up an hour on a coin cell: measured instructions and bytes of the Cortex-M3 firmware times published currents.

Nothing here was measured with a meter. Every constant has its source or is named as an assumption; both stand in the report."""
import dataclasses
import math

import device
from configurations import CLASSICAL, POST_QUANTUM
from reasons import Unavailable
from tables import Table

VOLTS = 3.0
CELL_JOULES = 0.225 * 3600 * VOLTS  # CR2032: 225 mAh typical at 0.2 mA to 2.0 V (Panasonic's data sheet), without self-discharge
TOP_UPS_AN_HOUR = 1
IPV6_UDP = 48   # bytes of header on each datagram, uncompressed: 6LoWPAN would make it less
TRIPS = {"handshake": device.NEW_SESSION_TRIPS, "psk": device.NEW_SESSION_TRIPS, "ticket": device.NEW_SESSION_TRIPS, "moved_request": 1, "request": 1}
REQUEST_AFTER = {"handshake": "first_request", "psk": "psk_request", "ticket": "ticket_request"}  # a new session's first
CYCLES_BETWEEN = (1.0, 2.0)  # of an instruction, for the range of the last columns


@dataclasses.dataclass(frozen=True)
class Chip:
    """Currents in ampere at 3 V, each of the whole chip; a link frame carries frame_payload bytes in frame_bytes on the air and is acknowledged."""
    name: str
    clock_hz: float
    compute: float
    transmit: float
    receive: float
    sleep: float
    bits_a_second: float
    frame_payload: int
    frame_bytes: int
    ack_bytes: int
    gap_seconds: float  # for each frame, the receiver on: turnaround and waiting for the channel
    source: str

    def frames(self, datagrams, octets):
        """Link frames of that many datagrams with that many bytes of UDP payload in all, taken as equally long."""
        return datagrams * math.ceil((octets / datagrams + IPV6_UDP) / self.frame_payload) if datagrams else 0

    def air(self, octets):
        return 8 * octets / self.bits_a_second


CHIPS = (
    Chip("CC2650, 802.15.4", 48e6, 2.94e-3, 6.1e-3, 5.9e-3, 1e-6, 250e3, 96, 133, 11, 0.00144,
         "Texas Instruments, CC2650 data sheet SWRS158, features and power consumption summary: 61 µA/MHz (1.45 mA + 31 µA/MHz) running CoreMark at 48 MHz, "
         "TX 6.1 mA at 0 dBm, RX 5.9 mA, standby 1 µA with RTC and RAM retention. Frames of IEEE 802.15.4 at 250 kbit/s: 127 bytes and 6 of PHY, of which 96 carry a "
         "6LoWPAN fragment; an 11-byte acknowledgement; 0.19 ms turnaround and 1.25 ms of CSMA with the receiver on (its mean first back-off)."),
    Chip("nRF52840, BLE 1 Mbit/s", 64e6, 3.3e-3, 6.4e-3, 6.26e-3, 3.16e-6, 1e6, 247, 265, 10, 0.0003,
         "Nordic, nRF52840 product specification, current consumption, DC/DC at 3 V: 3.3 mA running CoreMark from flash at 64 MHz; with the CPU asleep and the radio in 1 Mbit/s BLE "
         "mode 6.40 mA transmitting at 0 dBm (IRADIO_TX1) and 6.26 mA receiving (IRADIO_RX0), since nothing is computed while it sends or waits (CoreMark and radio together, IS0 and "
         "IS1, would be 8.1 and 8.6 mA), "
         "3.16 µA in System ON with all RAM and RTC. Frames with data length extension: 251 bytes of which 4 are L2CAP's, 14 of overhead, an empty acknowledgement of 10 bytes, "
         "150 µs between frames. It is a Cortex-M4, whose long multiply takes one cycle: instructions of the M3 are an upper bound."),
)


@dataclasses.dataclass(frozen=True)
class TopUp:
    """Joules of one top-up."""
    compute: float
    radio: float
    waiting: float

    @property
    def total(self):
        return self.compute + self.radio + self.waiting


def top_up(chip, instructions, sent, received, trips, cycles=device.CYCLES_AN_INSTRUCTION):
    """sent and received: (datagrams, bytes of UDP payload). While computing the radio is off; while an answer is awaited the receiver is on."""
    out, back = chip.frames(*sent), chip.frames(*received)
    frame, ack = chip.air(chip.frame_bytes), chip.air(chip.ack_bytes)
    transmitting = out * frame + back * ack
    receiving = back * frame + out * ack + (out + back) * chip.gap_seconds
    return TopUp(VOLTS * chip.compute * instructions * cycles / chip.clock_hz, VOLTS * (chip.transmit * transmitting + chip.receive * receiving),
                 VOLTS * chip.receive * trips * device.ROUND_TRIP)


def years(chip, joules):
    hourly = TOP_UPS_AN_HOUR * joules + 3600 * VOLTS * chip.sleep
    return CELL_JOULES / hourly / 24 / 365.25


def inputs(footprint, configuration, way):
    """Instructions, (datagrams, bytes) sent and received of one top-up: a new session needs a request after it."""
    phases = [footprint.phase(configuration, name) for name in (way, REQUEST_AFTER.get(way)) if name]

    def total(key):
        return sum(phase[key] for phase in phases)
    return total("instructions"), (total("datagrams_sent"), total("bytes_sent")), (total("datagrams_received"), total("bytes_received"))


def rows():
    return [(CLASSICAL, "handshake")] + [(POST_QUANTUM, way) for way in TRIPS]


def title_of(configuration, way):
    return f"{device.WAYS[way]}, {configuration.title}" if way == "handshake" else device.WAYS[way]


def table10(footprint, why):
    table = Table("table10-energy", "Table 10: energy of one top-up an hour on a CR2032 (a model)",
                  [("chip", "Chip and radio"), ("way", "Way"), ("compute", "computing [mJ]"), ("radio", "radio [mJ]"), ("waiting", "waiting [mJ]"), ("total", "top-up [mJ]"),
                   ("sleep", "an hour's sleep [mJ]"), ("years", "years on the cell"), ("range", "years, 2 to 1 cycles an instruction")], labels=2,
                  conditions=f"A MODEL: instructions and bytes measured in QEMU ({POST_QUANTUM.title}, verified, unless named) times published currents at {VOLTS:g} V; "
                             f"{device.CYCLES_AN_INSTRUCTION:g} cycles an instruction (assumed); the receiver is on for 24 ms each round trip ({device.NEW_SESSION_TRIPS} for a new session, 1 else); "
                             f"CR2032 of 225 mAh = {CELL_JOULES:.0f} J.")
    table.notes += [f"{chip.name}: {chip.source}" for chip in CHIPS]
    table.notes += ["Left out: the cell's self-discharge (about 1 % a year, shelf life near 10 years, so longer lives than that are the cell's limit), its higher internal "
                    "resistance when it ages, joining the network, the sensor's own work. The CC2650 lends its currents only: its 20 kB of RAM would not hold this firmware.",
                    "The paper's ESP32 for scale: 249 ms (225 + 24.3, its verified post-quantum handshake) at 80 to 90 mA of Wi-Fi receiving (ESP-WROOM-32 manual, power modes) and "
                    "3.3 V are 66 to 74 mJ, without joining the Wi-Fi; a CR2032 cannot give such a current at all."]
    for chip in CHIPS:
        for configuration, way in rows():
            title = title_of(configuration, way)
            table.expect(chip.name, title)
            try:
                if footprint is None:
                    raise Unavailable(why)
                table.add(chip.name, title, **energy_row(chip, inputs(footprint, configuration, way), TRIPS[way]))
            except Unavailable as reason:
                table.skip(chip.name, title, why=reason)
    return device.stamp(table, footprint)


def energy_row(chip, taken, trips):
    one = top_up(chip, *taken, trips)
    low, high = (years(chip, top_up(chip, *taken, trips, cycles).total) for cycles in reversed(CYCLES_BETWEEN))
    return {"compute": 1000 * one.compute, "radio": 1000 * one.radio, "waiting": 1000 * one.waiting, "total": 1000 * one.total,
            "sleep": 1000 * 3600 * VOLTS * chip.sleep, "years": years(chip, one.total), "range": f"{low:.3g} to {high:.3g}"}


def table11(footprint, why, injection):
    """injection: instructions of 32 bytes into the pool, or why they are not known."""
    table = Table("table11-refill", "Table 11: automatic refill of the pool from the OS's work queue", [("way", "Way"), ("instructions", "instructions"),
                  ("compute_ms", "derived computing [ms]"), ("latency_ms", "derived latency [ms]"), ("share", "of it injection [%]"), ("energy_mj", "energy proxy [mJ]")],
                  conditions="The pool's work item on Zephyr's system work queue notices that the pool wants a refill and wakes the client's thread, which fetches 32 bytes and injects "
                             f"them by entropy_add_entropy() (a handshake never runs in the work queue). {POST_QUANTUM.title}, verified. Instructions are a SUM OF PARTS: the fetch as the firmware ran it, and the injection of 32 "
                             f"bytes as this run's bare image of the pool counted it (table 3); no firmware ran the whole. {device.DERIVED} Latency adds 24 ms a round "
                             f"trip; the energy proxy is table 10's top-up on the {CHIPS[0].name}.")
    for way in TRIPS:
        title = device.WAYS[way]
        table.expect(title)
        try:
            if footprint is None or isinstance(injection, str):
                raise Unavailable(why if footprint is None else injection)
            instructions, sent, received = inputs(footprint, POST_QUANTUM, way)
            whole = instructions + injection
            latency = device.seconds(whole) + TRIPS[way] * device.ROUND_TRIP
            table.add(title, instructions=whole, compute_ms=1000 * device.seconds(whole), latency_ms=1000 * latency, share=100 * device.seconds(injection) / latency,
                      energy_mj=1000 * top_up(CHIPS[0], whole, sent, received, TRIPS[way]).total)
        except Unavailable as reason:
            table.skip(title, why=reason)
    return device.stamp(table, footprint)
