# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the evaluation in their order, and what one needs of another."""
import json

import comparison
import conditions as circumstances
import decomposition
import device
import energy
import figures
import report
import table2_versions
import table3_pool
import table4_cycle
import table5_handshakes
import table6_returns
import table8_weather
import table12_peers
from reasons import NotHere, Unavailable

NAMES = ("device", "pool", "cycle", "handshakes", "returns", "weather", "peers")


# What each part must leave: tables with the number of their rows, and figures. Counted here by hand, so that a loop over nothing is found out.
TABLES = {"device": {"table1-footprint": 16, "table5-cortex-m3": 16, "table10-energy": 12, "table11-refill": 5},
          "pool": {"table3-pool-host": 10, "table3-pool-cortex-m3": 10},
          "cycle": {"table4-cycle-loopback": 5, "table4-cycle-link": 5},
          "handshakes": {f"{name}-{client}": rows for client in ("loopback", "link") for name, rows in (("table5", 21), ("decomposition", 12), ("comparisons", 8))},
          "returns": {"table6-returns-loopback": 5, "table6-returns-link": 5, "table7-bytes-on-air": 9},
          "weather": {"table8-loss": 12, "table9-mtu": 20},
          "peers": {"table12-libcoap": 12}}
FIGURES = {"pool": ("figure2-pool",), "handshakes": ("figure3-loopback", "figure3-link", "figure4-loopback", "figure4-link"), "weather": ("figure5-loss", "figure6-mtu")}


def missing(evaluation, names):
    """In words, what the parts that ran have not left in the folder. Tables are read as they were written."""
    expected = {"table2-versions": 9}
    for name in names:
        expected.update(TABLES[name])
    for table, rows in expected.items():
        try:
            found = len(json.loads((evaluation.out / f"{table}.json").read_text())["rows"])
        except OSError:
            yield f"{table} was not written"
            continue
        if found != rows:
            yield f"{table} has {found} rows and should have {rows}"
    pages = ["report.md"] + (["comparison.md"] if {"handshakes", "pool"} <= set(names) else [])
    for file in pages + [f"{figure}.{kind}" for name in names for figure in FIGURES.get(name, ()) for kind in ("svg", "png")]:
        if not (evaluation.out / file).exists() or not (evaluation.out / file).stat().st_size:
            yield f"{file} was not written"


def make(evaluation, conditions, names, given):
    """Measures, writes everything, and gives what is missing, in words. given: a footprint that is there, or None."""
    pictures = figures.Pictures(evaluation.out, conditions)
    footprint, why, results, host, cortex = None, NotHere("left out by --only"), None, None, None
    if "pool" in names:
        evaluation.say("table 3: the pool")
        made, (host, cortex) = table3_pool.tables(evaluation)
        evaluation.tables += made
        figures.figure2(pictures, host, cortex)
    if "cycle" in names:
        evaluation.tables += table4_cycle.tables(evaluation)
    if "handshakes" in names:
        results = handshakes(evaluation, pictures)
    if "returns" in names:
        evaluation.tables += table6_returns.tables(evaluation, table6_returns.collect(evaluation))
    if "weather" in names:
        weather(evaluation, pictures)
    if "peers" in names:
        evaluation.tables += table12_peers.tables(evaluation, table12_peers.collect(evaluation))
    if "device" in names:  # last: building firmware would disturb what is timed
        footprint, why = footprint_of(evaluation, given)
        injection = cortex["inject", 32] if cortex else NotHere("the pool was left out by --only")
        evaluation.tables += [device.table1(footprint, why), device.table5(footprint, why), energy.table10(footprint, why), energy.table11(footprint, why, injection)]
    evaluation.tables += table2_versions.tables(conditions, footprint)
    conditions["load at the end"] = circumstances.load()
    conditions["took"] = f"{evaluation.seconds:.0f} s"
    evaluation.pictures = pictures.drawn
    page, gaps = comparison.page(conditions, results, footprint, why, host, cortex) if results and host else (None, [])
    return report.write(evaluation, conditions, pictures, page) + gaps + list(missing(evaluation, names))


def footprint_of(evaluation, given):
    try:
        return device.load(evaluation, given), ""
    except Unavailable as why:
        evaluation.say(f"device: SKIPPED: {why}")
        return None, why.words


def handshakes(evaluation, pictures):
    results = table5_handshakes.collect(evaluation)
    evaluation.tables += table5_handshakes.tables(evaluation, results) + decomposition.tables(results, table5_handshakes.CLIENTS)
    for client in table5_handshakes.CLIENTS:
        figures.figure3(pictures, results, client)
        figures.figure4(pictures, results, client)
    return results


def weather(evaluation, pictures):
    found = table8_weather.collect(evaluation)
    evaluation.tables += table8_weather.tables(evaluation, found)
    figures.weather(pictures, evaluation.plan, found, table8_weather.CONFIGURATIONS, table8_weather.MTU_LOSSES)
