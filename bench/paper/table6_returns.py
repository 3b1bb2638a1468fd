# SPDX-License-Identifier: GPL-3.0-or-later
"""Beyond the paper: what it costs to come back. A full handshake, one by pre-shared key, one by ticket, a request by connection ID after the client's address
has changed, and a request on the open session; and from their bytes what a delivered byte of entropy costs on the air."""
import dataclasses

import link
import stats
from configurations import CLASSICAL, POST_QUANTUM
from instrument import run_of, values
from reasons import Unavailable
from servers import Qeaasd
from tables import Table, spread, statistics_columns

WAYS = {"handshake": "full handshake", "psk": "handshake by pre-shared key", "resume": "handshake by ticket", "wake": "after sleep, by connection ID",
        "request": "on the open session"}
FRESH = ("handshake", "psk", "resume")
CLIENTS = {"loopback": None, "link": link.PAPER}
ENTROPY = 32        # bytes of a top-up
MORE = (8, 256, 1024)  # other sizes of a request on the open session
IPV6_UDP = 48       # bytes of header before each datagram


@dataclasses.dataclass
class Way:
    """One way to 32 bytes: milliseconds, and the mean UDP payload and datagrams both ways together."""
    milliseconds: list
    failed: int
    bytes_out: float
    bytes_in: float
    datagrams: float

    def on_air(self):
        return self.bytes_out + self.bytes_in + IPV6_UDP * self.datagrams


def way_of(run):
    def mean(key):
        return sum(values(run, key)) / len(run["samples"])
    return Way(values(run, "us", 0.001), run["failed"], mean("bytes_out"), mean("bytes_in"), mean("datagrams_out") + mean("datagrams_in"))


def collect(evaluation):
    """(client, way) -> Way, or the reason why not; ("loopback", "request 256") and "classical" for the bytes on the air."""
    found = {}
    for client, weather in CLIENTS.items():
        evaluation.say(f"tables 6 and 7: ways back, {client}")
        try:
            with Qeaasd(evaluation.binaries, evaluation.work / f"ways-{client}", POST_QUANTUM) as server:
                one_client(evaluation, server, client, weather, found)
        except Unavailable as why:
            found.update({(client, way): why.words for way in WAYS})
    try:
        with Qeaasd(evaluation.binaries, evaluation.work / "ways-classical", CLASSICAL) as server:
            take(evaluation, found, ("loopback", "classical"), "handshake", server, server.url())
    except Unavailable as why:
        found["loopback", "classical"] = why.words
    return found


def one_client(evaluation, server, client, weather, found):
    relay = link.Relay(server.port, weather, seed=6) if weather else None
    url = server.url(relay.port if relay else None)
    try:
        for way in WAYS:
            take(evaluation, found, (client, way), way, server, url, psk=server.add_psk() if way == "psk" else None)
        if client == "loopback":
            for size in MORE:
                take(evaluation, found, (client, f"request {size}"), "request", server, url, size=size)
    finally:
        if relay:
            relay.close()


def take(evaluation, found, key, measure, server, url, size=ENTROPY, psk=None):
    plan = evaluation.plan
    try:
        runs = evaluation.instrument.bench(f"table6-{'-'.join(key).replace(' ', '-')}", [measure], url, server.configuration, server.ca, count=plan.handshakes,
                                           warmup=plan.warmup, bytes=size, psk=psk)
        found[key] = way_of(run_of(runs, measure))
    except Unavailable as why:
        found[key] = why.words


def tables(evaluation, found):
    return [time_table(evaluation, found, client, weather) for client, weather in CLIENTS.items()] + [air_table(found)]


def time_table(evaluation, found, client, weather):
    path = "loopback" if weather is None else weather.words()
    table = Table(f"table6-returns-{client}", f"Table 6 ({client}): ways back to 32 bytes of entropy",
                  [("way", "Way"), ("n", "n"), *statistics_columns("ms"), ("failed", "failed"), ("datagrams", "datagrams"), ("out", "bytes out"), ("in", "bytes in")],
                  conditions=f"{POST_QUANTUM.title}, verified; {path}; {evaluation.plan.handshakes} of each; time to the answer's last byte, /random?n=32. The ticket and the "
                             "key are used with a fresh ML-KEM-512 exchange. After sleep the client speaks from another port, and its connection ID finds the session.")
    table.plan(evaluation.plan.handshakes)
    for way, title in WAYS.items():
        table.expect(title)
        one = found[client, way]
        if isinstance(one, str):
            table.skip(title, why=one)
            continue
        figures = stats.summary(one.milliseconds)
        table.add(title, n=figures["n"], **spread(figures), failed=one.failed, datagrams=one.datagrams, out=one.bytes_out, **{"in": one.bytes_in})
    return table


def air_table(found):
    table = Table("table7-bytes-on-air", "Table 7: bytes on the air for each delivered byte of entropy", [("way", "Way"), ("entropy", "entropy [B]"),
                  ("payload", "UDP payload both ways [B]"), ("datagrams", "datagrams"), ("air", "with IPv6 and UDP headers [B]"), ("ratio", "bytes on the air a byte of entropy")],
                  conditions=f"Measured over loopback (no loss), mean; {IPV6_UDP} bytes of IPv6 and UDP header are added to each datagram; link-layer headers and 6LoWPAN "
                             "compression are not in it.")
    rows = [("classical", f"full handshake, {CLASSICAL.title}", ENTROPY)] + [(way, title, ENTROPY) for way, title in WAYS.items()]
    rows += [(f"request {size}", WAYS["request"], size) for size in MORE]
    table.labels = 2
    for way, title, size in rows:
        title = f"full handshake, {POST_QUANTUM.title}" if way == "handshake" else title
        table.expect(title, size)
        one = found.get(("loopback", way), "not measured")
        if isinstance(one, str):
            table.skip(title, size, why=one)
        else:
            table.add(title, size, payload=one.bytes_out + one.bytes_in, datagrams=one.datagrams, air=one.on_air(), ratio=one.on_air() / size)
    return table
