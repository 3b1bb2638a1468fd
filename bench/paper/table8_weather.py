# SPDX-License-Identifier: GPL-3.0-or-later
"""Beyond the paper: time to the first byte as the path gets worse (loss of 0 to 20 %) and narrower (MTU of 576 to 1400 bytes), and figures 5 and 6.

Here the time is that of retransmission timers, so several processes measure at once; what they compute is a hundredth of it."""
import concurrent.futures
import dataclasses

import link
import stats
from configurations import CLASSICAL, POST_QUANTUM
from instrument import run_of, values
from reasons import Unavailable
from servers import Qeaasd
from tables import Table, spread, statistics_columns

CONFIGURATIONS = (POST_QUANTUM, CLASSICAL)
MTU_LOSSES = (0.0, 0.05)


@dataclasses.dataclass(frozen=True)
class Point:
    configuration: object
    mtu: int
    loss: float

    @property
    def name(self):
        return f"weather-{self.configuration.key}-mtu{self.mtu}-loss{100 * self.loss:g}"


def points(plan):
    found = [Point(one, 1280, loss) for one in CONFIGURATIONS for loss in plan.weather_loss]
    narrow = [Point(one, mtu, loss) for one in CONFIGURATIONS for mtu in plan.mtus for loss in MTU_LOSSES]
    return found + [point for point in narrow if point not in found]


def collect(evaluation):
    """Point -> (milliseconds of each, failed, datagrams that were too long), or the reason."""
    every = points(evaluation.plan)
    evaluation.say(f"tables 8 and 9: {len(every)} states of the path, {evaluation.plan.at_once} at once")
    servers, found = {}, {}
    try:
        for key in {(point.configuration, point.mtu) for point in every}:
            servers[key] = Qeaasd(evaluation.binaries, evaluation.work / f"weather-{key[0].key}-{key[1]}", key[0], mtu=key[1])
        with concurrent.futures.ThreadPoolExecutor(evaluation.plan.at_once) as pool:
            waiting = {point: pool.submit(measured, evaluation, servers[point.configuration, point.mtu], point, number) for number, point in enumerate(every)}
            for point, future in waiting.items():
                try:
                    found[point] = future.result()
                except Unavailable as why:
                    found[point] = why.words
    except Unavailable as why:
        found = {point: found.get(point, why.words) for point in every}
    finally:
        for server in servers.values():
            server.stop()
    return found


def measured(evaluation, server, point, seed):
    weather = dataclasses.replace(link.PAPER, loss=point.loss, mtu=point.mtu)
    with link.Relay(server.port, weather, seed) as relay:
        runs = evaluation.instrument.bench(point.name, ["handshake"], server.url(relay.port), point.configuration, server.ca, count=evaluation.plan.weather,
                                           warmup=1, bytes=32, mtu=point.mtu)
        run = run_of(runs, "handshake")
        return values(run, "us", 0.001), run["failed"], relay.counts["too long"]


def tables(evaluation, found):
    return [loss_table(evaluation, found), mtu_table(evaluation, found)]


def columns(*labels):
    return [*labels, ("n", "n"), *statistics_columns("ms"), ("failed", "gave up"), ("too_long", "datagrams over the MTU")]


def conditions_of(evaluation):
    return (f"Fresh session and first 32 bytes, {evaluation.plan.weather} of each, {evaluation.plan.at_once} processes at once; 24 ms round trip with the paper's jitter; "
            "loss is the chance of each datagram, each way. Both ends are told the MTU; the relay refuses longer datagrams.")


def fill(table, labels, one):
    """A row of the path's weather; half of the sessions may give up under loss."""
    table.expect(*labels)
    if isinstance(one, str):
        table.skip(*labels, why=one)
        return
    samples, failed, too_long = one
    figures = stats.summary(samples)
    table.add(*labels, n=figures["n"], **spread(figures), failed=failed, too_long=too_long)


def loss_table(evaluation, found):
    table = Table("table8-loss", "Table 8: loss and time to the first byte", columns(("configuration", "Configuration"), ("loss", "loss [%]")), labels=2,
                  conditions=conditions_of(evaluation) + " MTU 1280.")
    table.plan(evaluation.plan.weather, share=0.5)
    for one in CONFIGURATIONS:
        for loss in evaluation.plan.weather_loss:
            fill(table, (one.title, f"{100 * loss:g}"), found[Point(one, 1280, loss)])
    return table


def mtu_table(evaluation, found):
    table = Table("table9-mtu", "Table 9: MTU and time to the first byte",
                  columns(("configuration", "Configuration"), ("mtu", "MTU [B]"), ("loss", "loss [%]")), labels=3, conditions=conditions_of(evaluation))
    table.plan(evaluation.plan.weather, share=0.5)
    for one in CONFIGURATIONS:
        for loss in MTU_LOSSES:
            for mtu in evaluation.plan.mtus:
                fill(table, (one.title, str(mtu), f"{100 * loss:g}"), found[Point(one, mtu, loss)])
    return table
