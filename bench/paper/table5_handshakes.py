# SPDX-License-Identifier: GPL-3.0-or-later
"""Table 5: handshake and first request, and the round trip on the open session, of every configuration, by two clients: this machine's command line over
loopback, and the same through the paper's link. The server is a new one for each configuration."""
import dataclasses

import link
import stats
from configurations import all_of_table_5
from instrument import run_of, values
from reasons import Unavailable
from servers import Qeaasd
from tables import Table, spread, statistics_columns

CLIENTS = {"loopback": None, "link": link.PAPER}


@dataclasses.dataclass
class Result:
    """What one client measured of one configuration; milliseconds. reason: why there is nothing."""
    first: list = dataclasses.field(default_factory=list)
    handshake: list = dataclasses.field(default_factory=list)
    rtt: list = dataclasses.field(default_factory=list)
    run: dict = dataclasses.field(default_factory=dict)
    rtt_failed: int = 0
    reason: str = ""

    def add(self, more):
        """Another round's. One that could not be had spoils the whole: half the samples would pass for all."""
        self.reason = self.reason or more.reason
        self.first, self.handshake, self.rtt = self.first + more.first, self.handshake + more.handshake, self.rtt + more.rtt
        self.rtt_failed += more.rtt_failed
        if more.run:
            self.run = {**more.run, "failed": self.run.get("failed", 0) + more.run["failed"], "samples": self.run.get("samples", []) + more.run["samples"]}


def collect(evaluation):
    """(client, configuration) -> Result."""
    every = all_of_table_5()
    results = {(client, one): Result() for one in every for client in CLIENTS}
    for turn in range(1, evaluation.plan.rounds + 1):
        for number, one in enumerate(every, 1):
            evaluation.say(f"table 5: round {turn}/{evaluation.plan.rounds}, {number}/{len(every)} {one.title}, verify {one.mark}")
            try:
                with Qeaasd(evaluation.binaries, evaluation.work / f"{one.key}-{turn}", one) as server:
                    for client, weather in CLIENTS.items():
                        results[client, one].add(measured(evaluation, server, client, weather, turn, seed=100 * turn + number))
            except Unavailable as why:
                for client in CLIENTS:
                    results[client, one].add(Result(reason=why.words))
    return results


def share_of_a_round(plan):
    return -(-plan.handshakes // plan.rounds)


def measured(evaluation, server, client, weather, turn, seed):
    plan, one = evaluation.plan, server.configuration
    relay = link.Relay(server.port, weather, seed) if weather else None
    try:
        runs = evaluation.instrument.bench(f"table5-{client}-{one.key}-{turn}", ["handshake", "request"], server.url(relay.port if relay else None), one, server.ca,
                                           count=share_of_a_round(plan), warmup=plan.warmup, bytes=8, proxy_uri=server.proxy_uri)
        first, request = run_of(runs, "handshake"), run_of(runs, "request")
    except Unavailable as why:
        return Result(reason=why.words)
    finally:
        if relay:
            relay.close()
    wrong = not_what_was_asked(first, one)
    if wrong:
        return Result(reason=wrong)
    return Result(values(first, "us", 0.001), values(first, "handshake_us", 0.001), values(request, "us", 0.001), first, request["failed"])


def not_what_was_asked(run, one):
    """What was negotiated must be what the row says."""
    if not one.group:
        return ""
    signature = "ECDSA" if run["signature"].upper().startswith(("ECDSA", "P-256")) else run["signature"]
    got = (run["group"], signature, run["verified"])
    return "" if got == (one.group, one.signature, one.verify) else f"negotiated {run['group']} + {run['signature']}, verified {run['verified']}"


def tables(evaluation, results):
    return [one_client(evaluation, results, client, weather) for client, weather in CLIENTS.items()]


def one_client(evaluation, results, client, weather):
    path = "loopback" if weather is None else weather.words()
    table = Table(f"table5-{client}", f"Table 5 ({client}): handshake and first request, round trip on the open session",
                  [("configuration", "Configuration"), ("verify", "Verify"), ("n", "n"), *statistics_columns("ms"), ("handshake_ms", "of it handshake [ms]"),
                   ("trips", "round trips"), ("failed", "failed"), ("datagrams", "datagrams out / in"), ("bytes", "bytes out / in"), ("rtt_n", "RTT n"),
                   ("rtt_failed", "RTT failed"), *statistics_columns("ms", "rtt_")],
                  labels=2,
                  conditions=f"{evaluation.plan.handshakes} fresh sessions each and as many requests on an open one, in {evaluation.plan.rounds} rounds over all configurations, each after "
                             f"{evaluation.plan.warmup} of warm-up; {path}; MTU 1280; every request is a Proxy-Uri to /random_number/8, as the paper's; the server is started anew for "
                             "each configuration and round. Bytes are UDP payload of session and first request, mean.")
    table.notes += ["The last rows are not in the paper: the levels that it leaves for later.",
                    "Verify \"no\" leaves out the chain of the certificate but not CertificateVerify.",
                    "Round trips: median of the session by median of the round trip; a measure of flights over the link, of computing over loopback.",
                    "A plain CoAP client proves its address first (Echo, RFC 9175), so its first request takes two round trips; its RTT one."]
    planned = share_of_a_round(evaluation.plan) * evaluation.plan.rounds
    table.plan(planned)
    table.plan(planned, "rtt_n", "rtt_failed")
    for one in all_of_table_5():
        table.expect(one.title, one.mark)
        result = results[client, one]
        if result.reason:
            table.skip(one.title, one.mark, why=result.reason)
        else:
            table.add(one.title, one.mark, **row_of(result))
    return table


def row_of(result):
    def mean(key):
        return sum(values(result.run, key)) / len(result.run["samples"])
    first, rtt = stats.summary(result.first), stats.summary(result.rtt)
    return {"n": first["n"], **spread(first), "handshake_ms": stats.mean_and_std(result.handshake)[0], "trips": round_trips(result), "failed": result.run["failed"],
            "datagrams": f"{mean('datagrams_out'):.3g} / {mean('datagrams_in'):.3g}", "bytes": f"{mean('bytes_out'):.0f} / {mean('bytes_in'):.0f}",
            "rtt_n": rtt["n"], "rtt_failed": result.rtt_failed, **spread(rtt, "rtt_")}


def round_trips(result):
    """How many round trips the session with its first request took, from the medians of both. Over loopback, where computing outweighs the path, it says little."""
    return stats.median(result.first) / stats.median(result.rtt)
