# SPDX-License-Identifier: GPL-3.0-or-later
"""Table 4: the full delivery cycle: CoAP with Proxy-Uri through the proxy to the HTTP API's /random_number/8, JSON, injection, extraction.

The paper models the cycle from two measurements; here the whole of it is timed, and the model stands beside it."""
import link
import stats
from configurations import POST_QUANTUM
from instrument import run_of, values
from reasons import Unavailable
from servers import Qeaasd
from stats import Quantity
from tables import Table, spread, statistics_columns

PARTS = {"request_us": "CoAP round trip", "inject_us": "Entropy injection", "extract_us": "Entropy extraction"}
FULL, MODEL = "Full cycle", "Full cycle as the paper models it (sum of the parts)"
CLIENTS = {"loopback": None, "link": link.PAPER}


def tables(evaluation):
    evaluation.cycle = {}
    return [one_client(evaluation, client, weather) for client, weather in CLIENTS.items()]


def one_client(evaluation, client, weather):
    path = "loopback" if weather is None else weather.words()
    table = Table(f"table4-cycle-{client}", f"Table 4 ({client}): the full delivery cycle, 8 bytes",
                  [("component", "Component"), ("n", "n"), *statistics_columns("ms")],
                  conditions=f"{POST_QUANTUM.title}, verified, one session; {path}. GET with Proxy-Uri to qeaasd, whose proxy fetches /random_number/8 "
                             "from its own HTTP side; the number in the JSON goes into a pool, and 8 bytes come out of it.")
    names = [*PARTS.values(), FULL, MODEL]
    table.plan(evaluation.plan.round_trips)
    for name in names:
        table.expect(name)
    try:
        run = measured(evaluation, client, weather)
    except Unavailable as why:
        for name in names:
            table.skip(name, why=why)
        return table
    for key, name in [*PARTS.items(), ("us", FULL)]:
        figures = stats.summary(values(run, key, 0.001))
        table.add(name, n=figures["n"], **spread(figures), failed=run["failed"])
    table.rows.append(model(run))
    if run["failed"]:
        table.notes.append(f"{run['failed']} cycles failed and are not in it: {'; '.join(run['failures'])}.")
    evaluation.cycle[client] = values(run, "us", 0.001)
    return table


def measured(evaluation, client, weather):
    evaluation.say(f"table 4: the cycle, {client}")
    plan = evaluation.plan
    with Qeaasd(evaluation.binaries, evaluation.work / f"cycle-{client}", POST_QUANTUM) as server:
        relay = link.Relay(server.port, weather, seed=4) if weather else None
        try:
            runs = evaluation.instrument.bench(f"table4-{client}", ["cycle"], server.url(relay.port if relay else None), POST_QUANTUM, server.ca,
                                               count=plan.round_trips, warmup=plan.warmup, bytes=8, proxy_uri=server.proxy_uri)
        finally:
            if relay:
                relay.close()
    return run_of(runs, "cycle")


def model(run):
    """The sum of the parts' means, with the error propagated; the other figures are of the sums of each cycle's parts."""
    parts = [values(run, key, 0.001) for key in PARTS]
    sums = [sum(parts_of_one) for parts_of_one in zip(*parts)]
    total = sum((Quantity.mean_of(part) for part in parts[1:]), Quantity.mean_of(parts[0]))
    figures = stats.summary(sums)
    return {"component": MODEL, "n": figures["n"], "failed": run["failed"], **spread(figures), "mean": total.value, "propagated_error": total.error}
