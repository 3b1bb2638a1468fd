#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices against a real qeaasd by other means than a CA of ML-DSA-44 and ML-KEM-512: pre-shared keys, a pinned key, higher levels; and how much
stack the client's thread takes with each on a Cortex-M3. Skipped, visibly, without ZEPHYR_BASE."""
import json

from device import MPS2, N, NATIVE, Device, DeviceCase, authority, firmware, over_dtls, state_copy, until_a_new_hello
from harness import cli, main
from relay import Relay

KEY, OTHER_KEY = "00112233445566778899aabbccddeeff" * 2, "ffeeddccbbaa99887766554433221100" * 2
UNKNOWN = "the server does not know this pre-shared key's identity"  # it answers with a certificate, which proves nothing to such a device
PSK_OR_NONE, PSK_ONLY = {"client_auth": ["none", "psk"]}, {"client_auth": ["psk"]}


def groups(*names):
    return [f"-DCONFIG_QEAAS_DTLS_{name}={'y' if name in names else 'n'}" for name in ("ML_KEM_512", "ML_KEM_768", "ML_KEM_1024")]


def with_psk(board, *options):
    return firmware(board, "psk", '-DCONFIG_QEAAS_CLIENT_PSK_IDENTITY="device"', f'-DCONFIG_QEAAS_CLIENT_PSK_KEY="{KEY}"', *options)


def pin():
    """The hash of the authority's ML-DSA-44 server key."""
    shown = json.loads(cli("keys", "--json", "show", "--state", authority()).out)
    return next(one["spki_sha256"] for one in shown["certificates"] if (one["use"], one["algorithm"]) == ("server", "ML-DSA-44"))


def with_pin(board, name="pin", *options):
    return firmware(board, name, f'-DCONFIG_QEAAS_CLIENT_PIN="{pin()}"', *options)


def with_ca(board, name, *options):
    return firmware(board, name, f'-DCONFIG_QEAAS_CLIENT_CA_FILE="{authority() / "ca.pem"}"', *options)


class KeyCase(DeviceCase):
    def fetched(self, device, **expected):
        self.assertEqual(device.fetch(), f"fetched {N} bytes", device.log.text())
        return self.assertStatus(device, session_verified="yes", client_failures=0, **expected)

    def held(self, device, what):
        """The default stack was enough for what the device has done."""
        used, size = device.stack()
        print(f"stack of the client's thread, {what}: {used} of {size} bytes; peak heap {device.status()['heap.peak']} bytes", flush=True)
        self.assertEqual(size, 6144)  # the default of CONFIG_QEAAS_CLIENT_STACK_SIZE
        self.assertLess(used, size)


class Psk(KeyCase):
    def psk_server(self, key=KEY, identity="device", coaps=PSK_ONLY):
        state = state_copy(self)
        path = self.folder() / "key"
        path.touch(mode=0o600)
        path.write_text(key + "\n")
        self.assertDone(cli("clients", "add", "registered", "--psk", "--identity", identity, "--key-file", path, "--state", state))
        return self.server({"coaps": coaps}, state=state)

    def by_psk(self, board):
        device = self.device(self.psk_server().port, board, with_psk(board))
        self.fetched(device, session_psk="yes", session_group="ML-KEM-512", session_signature="none", pool_injected=N, client_credited=8 * N)
        return device

    def test_native_sim_by_pre_shared_key(self):
        self.by_psk(NATIVE)

    def test_a_cortex_m3_by_pre_shared_key(self):
        self.held(self.by_psk(MPS2), "pre-shared key, ML-KEM-512")

    def test_beside_anonymous_clients(self):
        self.fetched(self.device(self.psk_server(coaps=PSK_OR_NONE).port, out=with_psk(NATIVE)), session_psk="yes")

    def test_a_wrong_key(self):
        for coaps in (PSK_ONLY, PSK_OR_NONE):
            with self.subTest(coaps):
                self.refused(self.device(self.psk_server(OTHER_KEY, coaps=coaps).port, out=with_psk(NATIVE)), "the server refused the handshake")

    def test_an_unknown_identity(self):
        for coaps in (PSK_ONLY, PSK_OR_NONE):
            with self.subTest(coaps):
                self.refused(self.device(self.psk_server(identity="another", coaps=coaps).port, out=with_psk(NATIVE)), UNKNOWN)

    def test_a_server_without_keys(self):
        self.refused(self.device(self.server().port, out=with_psk(NATIVE)), UNKNOWN)

    def test_disabled_and_enabled_again(self):
        server = self.psk_server()
        device = self.device(server.port, out=with_psk(NATIVE))
        for command in ("disable", "enable"):
            since = server.log.mark()
            self.assertDone(cli("clients", command, "registered", "--state", server.state))
            server.log.wait("identities: reloaded", since)
            if command == "disable":
                self.refused(device, UNKNOWN)
        self.assertEqual(device.fetch(), f"fetched {N} bytes", device.log.text())


class Pin(KeyCase):
    def test_the_pinned_key_under_any_name(self):
        server = self.server()
        device = Device(self, with_pin(NATIVE))
        device.say(f"qeaas servers elsewhere.example@127.0.0.1:{server.port}", r"qeaas servers ")
        self.fetched(device, session_signature="ML-DSA-44", session_psk="no")

    def test_another_key(self):
        stranger = self.serve()  # keys of its own
        self.refused(self.device(stranger.port, out=with_pin(NATIVE)), "the server's key is not the pinned one")

    def test_a_cortex_m3_with_a_pin_and_ml_kem_1024(self):
        server = self.server({"coaps": {"groups": ["MLKEM1024"]}})
        device = self.device(server.port, MPS2, with_pin(MPS2, "pin1024", *groups("ML_KEM_1024")))
        self.fetched(device, session_group="ML-KEM-1024", session_signature="ML-DSA-44")
        self.held(device, "pinned key, ML-KEM-1024")
        stranger = self.serve()
        device.servers(stranger.port)
        self.refused(device, "the server refused the handshake")  # it does not have ML-KEM-1024
        stranger.stop()
        again = self.serve({"coaps": {"groups": ["MLKEM1024"]}})
        device.servers(again.port)
        self.refused(device, "the server's key is not the pinned one")


class Groups(KeyCase):
    """Images with all three parameter sets, of which ML-KEM-512 goes with the first hello, and with ML-KEM-768 alone, which is asked for."""

    def all_groups(self):
        return with_ca(NATIVE, "groups", *groups("ML_KEM_512", "ML_KEM_768", "ML_KEM_1024"))

    def test_the_server_takes_another_than_the_first(self):
        device = Device(self, self.all_groups())
        for name, shown in (("MLKEM768", "ML-KEM-768"), ("MLKEM1024", "ML-KEM-1024"), ("MLKEM512", "ML-KEM-512")):
            with self.subTest(shown):
                device.servers(self.server({"coaps": {"groups": ["X25519", name]}}).port)
                self.fetched(device, session_group=shown, session_signature="ML-DSA-44")

    def test_the_server_takes_none(self):
        server = self.server({"coaps": {"groups": ["P-256", "X25519"]}})
        self.refused(self.device(server.port, out=self.all_groups()), "the server refused the handshake; it may want .* other groups")

    def by_ticket(self, device, relay, group):
        self.fetched(device, session_group=group, session_resumed="no")
        relay.withhold = until_a_new_hello()
        self.fetched(device, session_group=group, session_resumed="yes", client_sessions=2)

    def test_ml_kem_768_and_its_ticket(self):
        relay = Relay(self, self.server({"coaps": {"groups": ["MLKEM768"]}}).port)
        self.by_ticket(self.device(relay.port, out=with_ca(NATIVE, "768", *groups("ML_KEM_768"))), relay, "ML-KEM-768")

    def test_a_ticket_where_the_first_group_is_not_taken(self):
        relay = Relay(self, self.server({"coaps": {"groups": ["MLKEM768"]}}).port)
        self.by_ticket(self.device(relay.port, out=self.all_groups()), relay, "ML-KEM-768")


class Levels(KeyCase):
    ALL = ("ML-DSA-44", "ML-DSA-65", "ML-DSA-87")

    def test_the_certificate_that_the_server_prefers(self):
        device = Device(self, with_ca(NATIVE, "levels", "-DCONFIG_QEAAS_DTLS_ML_DSA_65=y", "-DCONFIG_QEAAS_DTLS_ML_DSA_87=y"))
        for name in self.ALL:
            with self.subTest(name):
                device.servers(self.server({"coaps": {"certificates": [name, "P-256"]}}).port)
                self.fetched(device, session_signature=name)

    def test_only_what_is_compiled_in_is_offered(self):
        # wolfSSL would offer all levels, and the server would then send what this image cannot verify.
        server = self.server({"coaps": {"certificates": ["ML-DSA-87", "ML-DSA-65", "P-256", "ML-DSA-44"]}})
        self.fetched(self.device(server.port), session_signature="ML-DSA-44")

    def test_a_level_that_is_not_compiled_in(self):
        server = self.server({"coaps": {"certificates": ["ML-DSA-87"]}})
        self.refused(self.device(server.port), "the server refused the handshake")

    def test_a_cortex_m3_with_ml_kem_1024_and_ml_dsa_87(self):
        server = self.server({"coaps": {"groups": ["MLKEM1024"], "certificates": ["ML-DSA-87"]}})
        device = self.device(server.port, MPS2, with_ca(MPS2, "1024-87", "-DCONFIG_QEAAS_DTLS_ML_DSA_44=n", "-DCONFIG_QEAAS_DTLS_ML_DSA_87=y",
                                                        *groups("ML_KEM_1024")))
        self.fetched(device, session_group="ML-KEM-1024", session_signature="ML-DSA-87")
        self.held(device, "CA, ML-KEM-1024, ML-DSA-87")


class Stack(KeyCase):
    """On the Cortex-M3; the pre-shared key and the pin are above."""

    def test_as_it_comes(self):
        device = self.device(self.server().port, MPS2, over_dtls(MPS2))
        self.fetched(device)
        self.held(device, "CA, ML-KEM-512, session kept open")

    def test_ml_kem_768_every_second_combined_and_closed_each_time(self):
        servers = [self.server({"coaps": {"groups": ["MLKEM768"]}}) for _ in range(2)]
        device = Device(self, with_ca(MPS2, "combine768", "-DCONFIG_QEAAS_CLIENT_COMBINE=y", "-DCONFIG_QEAAS_CLIENT_NEED=1",
                                      "-DCONFIG_QEAAS_CLIENT_PERIOD_S=1", "-DCONFIG_QEAAS_CLIENT_KEEP_OPEN=n", *groups("ML_KEM_768")), MPS2)
        device.servers(*(server.port for server in servers))
        device.wait_often(rf"mixed {N} bytes, credited", 6)  # whole handshakes with both, then their tickets
        self.assertStatus(device, session_group="ML-KEM-768", session_verified="yes", session_resumed="yes", session_open="no", client_failures=0)
        self.held(device, "CA, ML-KEM-768, NEED=1 of 2, PERIOD_S=1, KEEP_OPEN=n, tickets")


if __name__ == "__main__":
    main()
