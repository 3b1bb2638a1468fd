# SPDX-License-Identifier: GPL-3.0-or-later
"""The paper's section 4.4: a handshake's time split into network (three plain CoAP round trips), key exchange and signing (what remains, a lower bound) and
verification of the chain (the difference of the two modes), with the uncertainty propagated to first order."""
import dataclasses

from configurations import PLAIN, Configuration
from stats import Quantity, faster_by, pooled
from tables import Table

ROUND_TRIPS = 3  # ClientHello - HelloRetryRequest, ClientHello - ServerHello..Finished, Finished + request - response
GROUPS, SIGNATURES = ("P-256", "X25519", "ML-KEM-512"), ("ECDSA", "ML-DSA-44")


@dataclasses.dataclass(frozen=True)
class Split:
    network: Quantity
    exchange: Quantity
    verification: Quantity


def split(first, rtt):
    """(group, signature) -> Split. first: Configuration -> milliseconds of each fresh session; rtt: plain CoAP's round trips. A pair that was not
    measured in both modes is left out."""
    network = ROUND_TRIPS * Quantity.mean_of(rtt)
    found = {}
    for signature in SIGNATURES:
        for group in GROUPS:
            modes = [first.get(Configuration(group, signature, verify)) for verify in (False, True)]
            if all(modes):
                without, verified = map(Quantity.mean_of, modes)
                found[group, signature] = Split(network, without - network, verified - without)
    return found


def of_results(results, client):
    first = {one: result.first for (by, one), result in results.items() if by == client and not result.reason}
    return split(first, results[client, PLAIN].rtt) if PLAIN in first else {}


def tables(results, clients):
    made = []
    for client in clients:
        splits = of_results(results, client)
        made += [parts_table(client, splits), comparisons_table(client, splits, results)]
    return made


def parts_table(client, splits):
    table = Table(f"decomposition-{client}", f"Decomposition of the handshake ({client}), as the paper's section 4.4 and figure 4",
                  [("pair", "Key exchange + signature"), ("network", "network [ms]"), ("network_error", "± SE"), ("exchange", "key exchange + signing [ms]"),
                   ("exchange_error", "± SE"), ("verification", "chain verification [ms]"), ("verification_error", "± SE")],
                  conditions=f"Network is {ROUND_TRIPS} times the round trip of plain CoAP (its proxy and API are in all three, so it is slightly too large and the "
                             "middle column a lower bound); standard errors propagated to first order. A negative value is within the noise of zero.")
    for signature in SIGNATURES:
        for group in GROUPS:
            title = f"{group} + {signature}"
            table.expect(title)
            if (group, signature) not in splits:
                table.skip(title, why="one of its configurations, or plain CoAP, was not measured")
                continue
            one = splits[group, signature]
            table.add(title, network=one.network.value, network_error=one.network.error, exchange=one.exchange.value, exchange_error=one.exchange.error,
                      verification=one.verification.value, verification_error=one.verification.error)
    return table


def comparisons(splits, first):
    """The paper's derived sentences: name -> (Quantity, unit)."""
    def mean(group, signature, verify):
        return Quantity.mean_of(first[Configuration(group, signature, verify)])

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


def comparisons_table(client, splits, results):
    table = Table(f"comparisons-{client}", f"Derived comparisons ({client})", [("what", "What"), ("value", "value"), ("error", "± SE"), ("unit", "unit")],
                  conditions="The sentences of the paper's section 4.4, from this run's table 5. Negative: slower.")
    if len(splits) < len(GROUPS) * len(SIGNATURES):
        table.skip("all of them", why="not every configuration was measured")
        return table
    first = {one: result.first for (by, one), result in results.items() if by == client and not result.reason}
    for what, (quantity, unit) in comparisons(splits, first).items():
        table.add(what, value=quantity.value, error=quantity.error, unit=unit)
    return table
