# SPDX-License-Identifier: GPL-3.0-or-later
"""The same client against another server: libcoap's example server beside ours (table 12), or any that --server names."""
import stats
from configurations import Configuration
from instrument import run_of, values
from reasons import Unavailable
from servers import Libcoap, Qeaasd
from tables import Table, spread, statistics_columns

GROUPS, SIGNATURES = ("P-256", "X25519", "ML-KEM-512"), ("ECDSA", "ML-DSA-44")
PATH = "/.well-known/core"  # both have it; no random bytes, no proxy


def collect(evaluation):
    """(server, configuration) -> runs, or the reason."""
    found = {}
    for signature in SIGNATURES:
        for group in GROUPS:
            one = Configuration(group, signature, True)
            evaluation.say(f"table 12: {one.title}, libcoap's server beside ours")
            try:
                with Qeaasd(evaluation.binaries, evaluation.work / f"peer-{one.key}", one) as ours:
                    found["qeaasd", one] = measured(evaluation, "qeaasd", ours.url(), one, ours.ca, PATH)
                    with Libcoap(ours.folder, ours.state, signature) as theirs:
                        found["libcoap", one] = measured(evaluation, "libcoap", theirs.url(), one, theirs.ca, PATH)
            except Unavailable as why:
                for server in ("qeaasd", "libcoap"):
                    found.setdefault((server, one), why.words)
    return found


def measured(evaluation, name, url, configuration, ca, path=None, proxy_uri=None):
    plan = evaluation.plan
    try:
        runs = evaluation.instrument.bench(f"peer-{name}-{configuration.key}", ["handshake", "request"], url, configuration, ca, count=plan.handshakes,
                                           warmup=plan.warmup, path=path, proxy_uri=proxy_uri)
        return run_of(runs, "handshake"), run_of(runs, "request")
    except Unavailable as why:
        return why.words


def row_of(first_run, request_run):
    first, rtt = stats.summary(values(first_run, "us", 0.001)), stats.summary(values(request_run, "us", 0.001))
    sent = first_run["samples"]
    return {"n": first["n"], **spread(first), "failed": first_run["failed"], "rtt_n": rtt["n"], "rtt_failed": request_run["failed"], "bytes": f"{sum(one['bytes_out'] for one in sent) / len(sent):.0f} / {sum(one['bytes_in'] for one in sent) / len(sent):.0f}",
            **spread(rtt, "rtt_")}


def columns(*labels):
    return [*labels, ("n", "n"), *statistics_columns("ms"), ("failed", "failed"), ("bytes", "bytes out / in"), ("rtt_n", "RTT n"), *statistics_columns("ms", "rtt_"),
            ("rtt_failed", "RTT failed")]


def plan_of(table, evaluation):
    table.plan(evaluation.plan.handshakes)
    table.plan(evaluation.plan.handshakes, "rtt_n", "rtt_failed")


def tables(evaluation, found):
    table = Table("table12-libcoap", "Table 12: the same client against libcoap's example server",
                  columns(("configuration", "Configuration"), ("server", "Server")), labels=2,
                  conditions=f"This machine's client, verified, over loopback, GET {PATH}; {evaluation.plan.handshakes} fresh sessions each; libcoap's coap-server on wolfSSL, "
                             "with the certificate and key of the qeaasd beside it.")
    plan_of(table, evaluation)
    for signature in SIGNATURES:
        for group in GROUPS:
            for server in ("libcoap", "qeaasd"):
                one = Configuration(group, signature, True)
                table.expect(one.title, server)
                runs = found[server, one]
                if isinstance(runs, str):
                    table.skip(one.title, server, why=runs)
                else:
                    table.add(one.title, server, **row_of(*runs))
    return [table]


def other_server(evaluation, url, ca, path, proxy_uri):
    """The table of --server: every group of ours, chain checked and not. What the server refuses says so; its signature is what it sent."""
    table = Table("server", f"{url}", columns(("group", "Group"), ("verify", "Verify"), ("signature", "Signature")), labels=3,
                  conditions=f"{evaluation.plan.handshakes} fresh sessions each, then {evaluation.plan.handshakes} requests on one; "
                             + (f"Proxy-Uri {proxy_uri}." if proxy_uri else f"GET {path}."))
    plan_of(table, evaluation)
    secure = url.startswith("coaps")
    modes = [Configuration(group, "any", verify) for group in (*GROUPS, "ML-KEM-768", "ML-KEM-1024") for verify in (False, True)] if secure else [Configuration()]
    for one in modes:
        evaluation.say(f"{url}: {one.group or 'plain CoAP'}, verify {one.mark}")
        if one.verify and not ca:
            table.skip(one.group, "yes", "?", why="--ca names no certificates to verify with", may=True)
            continue
        runs = measured(evaluation, "server", url, one, ca, None if proxy_uri else path, proxy_uri)
        if isinstance(runs, str):
            table.skip(one.group or "plain CoAP", one.mark, "?", why=runs, may=True)
        else:
            table.add(one.group or "plain CoAP", one.mark, runs[0].get("signature") or "none", **row_of(*runs))
    return table
