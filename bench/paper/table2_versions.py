# SPDX-License-Identifier: GPL-3.0-or-later
"""Table 2: the versions of what takes part."""
from tables import Table


def tables(conditions, footprint):
    table = Table("table2-versions", "Table 2: software versions", [("component", "Component"), ("client", "Client (Cortex-M3 firmware)"),
                                                                  ("host", "Client (this machine)"), ("server", "Server")])
    device = footprint.conditions if footprint else {}
    absent = "not run here"
    rows = [("qeaas", device.get("commit", absent), conditions["commit"], conditions["commit"]),
            ("Zephyr RTOS", device.get("zephyr", absent), "—", "—"),
            ("wolfSSL", device.get("wolfssl", absent), conditions["wolfSSL"], conditions["wolfSSL"]),
            ("CoAP", "Zephyr's coap library", "our own (src/wire, src/client)", "our own (src/coap)"),
            ("libcoap (peer only)", "—", "—", conditions["libcoap (peer)"]),
            ("ML-KEM and ML-DSA backend", "native (wolfSSL)", "native (wolfSSL)", "native (wolfSSL)"),
            ("compiler", device.get("compiler", absent), conditions["compiler"], conditions["compiler"]),
            ("flags", device.get("optimisation", absent), conditions["flags"], conditions["flags"]),
            ("processor", device.get("processor", absent), conditions["processor"], conditions["processor"])]
    for component, client, host, server in rows:
        table.expect(component)
        table.add(component, client=client, host=host, server=server)
    return [table]
