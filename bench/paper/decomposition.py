# SPDX-License-Identifier: GPL-3.0-or-later
"""The paper's section 4.4: a handshake's time split into network (three plain CoAP round trips), key exchange and signing (what remains, a lower bound) and
verification of the chain (the difference of the two modes), with the uncertainty propagated to first order."""
import dataclasses

from configurations import PLAIN, Configuration
from stats import Quantity, faster_by, pooled
from tables import Table

ROUND_TRIPS = 3  # ClientHello - HelloRetryRequest, ClientHello - ServerHello..Finished, Finished + request - response
# What the paper derives from its table 5; comparisons() makes these.
SENTENCES = ("ML-KEM-512 faster than P-256 (ECDSA, not verified)", "ML-KEM-512 faster than X25519 (ECDSA, not verified)",
             "post-quantum pair faster than the classical one, not verified", "post-quantum pair faster than the classical one, verified",
             "the same of the computing alone, not verified", "the same of the computing alone, verified",
             "chain verification, ECDSA (pooled)", "chain verification, ML-DSA-44 (pooled)")
GROUPS, SIGNATURES = ("P-256", "X25519", "ML-KEM-512"), ("ECDSA", "ML-DSA-44")


@dataclasses.dataclass(frozen=True)
class Split:
    network: Quantity
    exchange: Quantity
    verification: Quantity


def split(first, rtt, middle=Quantity.mean_of):
    """(group, signature) -> Split. first: Configuration -> milliseconds of each fresh session; rtt: plain CoAP's round trips. A pair that was not
    measured in both modes is left out."""
    network = ROUND_TRIPS * middle(rtt)
    found = {}
    for signature in SIGNATURES:
        for group in GROUPS:
            modes = [first.get(Configuration(group, signature, verify)) for verify in (False, True)]
            if all(modes):
                without, verified = map(middle, modes)
                found[group, signature] = Split(network, without - network, verified - without)
    return found


def of_results(results, client, middle=Quantity.mean_of):
    first = {one: result.first for (by, one), result in results.items() if by == client and not result.reason}
    return split(first, results[client, PLAIN].rtt, middle) if PLAIN in first else {}


def tables(results, clients):
    made = []
    for client in clients:
        made += [parts_table(client, results), comparisons_table(client, results)]
    return made


def parts_table(client, results):
    table = Table(f"decomposition-{client}", f"Decomposition of the handshake ({client}), as the paper's section 4.4 and figure 4",
                  [("pair", "Key exchange + signature"), ("by", "By"), ("network", "network [ms]"), ("network_error", "± SE"), ("exchange", "key exchange + signing [ms]"),
                   ("exchange_error", "± SE"), ("verification", "chain verification [ms]"), ("verification_error", "± SE")], labels=2,
                  conditions=f"Network is {ROUND_TRIPS} times the round trip of plain CoAP (its proxy and API are in all three, so it is slightly too large and the "
                             "middle column a lower bound), by medians and, as the paper, by means; standard errors propagated to first order.")
    table.notes.append("The model has three round trips, as the paper's. wolfSSL's client awaits the acknowledgement of its Finished before it sends the request, so a fourth "
                       "one is in the middle column (table 5's round trips, over the link). Plain CoAP's round trip holds the proxy's and API's time, three times here, so what is left is not "
                       "the computing of both ends: where computing takes a millisecond or two it can come out below zero.")
    splits = {"medians": of_results(results, client, Quantity.median_of), "means": of_results(results, client)}
    for pair in [(group, signature) for signature in SIGNATURES for group in GROUPS]:
        for by, found in splits.items():
            title = " + ".join(pair)
            table.expect(title, by)
            if pair not in found:
                table.skip(title, by, why="one of its configurations, or plain CoAP, was not measured")
                continue
            one = found[pair]
            table.add(title, by, network=one.network.value, network_error=one.network.error, exchange=one.exchange.value, exchange_error=one.exchange.error,
                      verification=one.verification.value, verification_error=one.verification.error)
    return table


def comparisons(splits, first, middle=Quantity.mean_of):
    """The paper's derived sentences: name -> (Quantity, unit). middle: what of the samples is compared; splits must be of the same."""
    def mean(group, signature, verify):
        return middle(first[Configuration(group, signature, verify)])

    def computing(group, signature, verify):
        one = splits[group, signature]
        return one.exchange + one.verification if verify else one.exchange

    ecdsa, mldsa = (pooled([splits[group, signature].verification for group in GROUPS]) for signature in SIGNATURES)
    ours, classical = ("ML-KEM-512", "ML-DSA-44"), ("P-256", "ECDSA")
    return {
        "ML-KEM-512 faster than P-256 (ECDSA, not verified)": (100 * faster_by(mean("ML-KEM-512", "ECDSA", False), mean("P-256", "ECDSA", False)), "%"),
        "ML-KEM-512 faster than X25519 (ECDSA, not verified)": (100 * faster_by(mean("ML-KEM-512", "ECDSA", False), mean("X25519", "ECDSA", False)), "%"),
        "post-quantum pair faster than the classical one, not verified": (100 * faster_by(mean(*ours, False), mean(*classical, False)), "%"),
        "post-quantum pair faster than the classical one, verified": (100 * faster_by(mean(*ours, True), mean(*classical, True)), "%"),
        "the same of the computing alone, not verified": (100 * faster_by(computing(*ours, False), computing(*classical, False)), "%"),
        "the same of the computing alone, verified": (100 * faster_by(computing(*ours, True), computing(*classical, True)), "%"),
        "chain verification, ECDSA (pooled)": (ecdsa, "ms"),
        "chain verification, ML-DSA-44 (pooled)": (mldsa, "ms"),
    }


def of_client(results, client, middle=Quantity.mean_of):
    """The comparisons of one client; empty when not every configuration was measured."""
    splits = of_results(results, client, middle)
    first = {one: result.first for (by, one), result in results.items() if by == client and not result.reason}
    return comparisons(splits, first, middle) if len(splits) == len(GROUPS) * len(SIGNATURES) else {}


def comparisons_table(client, results):
    table = Table(f"comparisons-{client}", f"Derived comparisons ({client})", [("what", "What"), ("value", "value"), ("error", "± SE"), ("median", "by medians"),
                  ("median_error", "± SE"), ("unit", "unit")],
                  conditions="The sentences of the paper's section 4.4, from this run's table 5: of its means, as the paper, and of its medians, which a lost datagram's timer "
                             "does not decide. The error of a median is the spread of 2,000 seeded resamples. Negative: slower.")
    by_means, by_medians = (of_client(results, client, middle) for middle in (Quantity.mean_of, Quantity.median_of))
    for what in SENTENCES:
        table.expect(what)
        if not by_means:
            table.skip(what, why="not every configuration was measured")
    for what, (quantity, unit) in by_means.items():
        middle = by_medians[what][0]
        table.add(what, value=quantity.value, error=quantity.error, median=middle.value, median_error=middle.error, unit=unit)
    return table
