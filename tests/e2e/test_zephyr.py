#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices against a real qeaasd: the sample of zephyr/ on native_sim and on a Cortex-M3 in QEMU fetches over ML-KEM-512 and ML-DSA-44,
mixes and draws; and what they do when the network, the certificate or the answer is bad. Other keys and groups are in test_zephyr_keys.py.
Skipped, visibly, without ZEPHYR_BASE."""
import datetime
import subprocess

import coap
from device import (MPS2, N, NATIVE, OUT, SAMPLE, SEEDED, TOOL, TOP, Device, DeviceCase, Front, Liar, TimeServer, over_dtls, over_plain_coap, reply, state_copy,
                    skip, until_a_new_hello)
from harness import PATIENCE, main
from relay import Relay, has_connection_id, is_application_data, is_protected

PQ = {"session.group": "ML-KEM-512", "session.signature": "ML-DSA-44", "session.verified": "yes", "session.dtls": "yes", "session.cid": "yes"}


class Zephyr(DeviceCase):
    # --- the good case -------------------------------------------------------------------------------------------------

    def fetch_inject_extract(self, board):
        server = self.server()
        device = self.device(server.port, board)
        before = device.status()
        self.assertEqual(before["pool.injected"], "0")
        self.assertEqual(device.fetch(), f"fetched {N} bytes")
        after = self.assertStatus(device, client_mixed=N, client_credited=8 * N, pool_injected=N, client_sessions=1)
        self.assertEqual({key: after[key] for key in PQ}, PQ)
        self.assertGreater(int(after["pool.reseeds"]), int(before["pool.reseeds"]))
        self.assertEqual(device.draw(64), "drew 64 bytes")
        device.log.wait(r"entropy from outside has been mixed in: \d+ bytes; drew 32 bytes: yes")
        print(f"{board}: sent {after['datagrams.sent']} datagrams, received {after['datagrams.received']}", flush=True)
        return device

    def test_native_sim_fetches_injects_and_extracts(self):
        self.fetch_inject_extract(NATIVE)

    def test_a_cortex_m3_fetches_injects_and_extracts(self):
        self.fetch_inject_extract(MPS2)

    def test_the_pool_refills_itself_over_one_session(self):
        # Its own source is read once in an hour: the first draw may be made good by that one, the others only by the server.
        device = self.device(self.server().port, out=over_dtls(NATIVE, "alone", "-DCONFIG_QEAAS_ENTROPY_REFILL_INTERVAL_MS=3600000"))
        self.assertEqual(device.fetch(), f"fetched {N} bytes")
        device.draw(250)
        for _ in range(3):
            mark = device.log.mark()
            device.draw(250)
            device.log.wait(rf"mixed {N} bytes, credited {8 * N} bits", mark)
        self.assertGreaterEqual(int(self.assertStatus(device, client_sessions=1, client_failures=0)["client.fetches"]), 4)

    # --- a network as networks are -------------------------------------------------------------------------------------

    def lossy(self, board, rounds):
        server = self.server()
        relay = Relay(self, server.port, seed=7, loss=0.10)
        device = self.device(relay.port, board)
        for _ in range(rounds):
            device.servers(relay.port)  # forgets session and ticket: a full handshake each time
            self.assertEqual(device.fetch(), f"fetched {N} bytes", device.log.text())
        status = self.assertStatus(device, client_sessions=rounds)
        self.assertGreaterEqual(int(status["pool.injected"]), rounds * N)
        self.assertGreater(relay.counts["lost"], 0)
        print(f"{board}: {rounds} handshakes, {relay.counts['lost']} of {len(relay.seen)} datagrams lost, "
              f"peak heap {status['heap.peak']} bytes", flush=True)

    def test_native_sim_survives_ten_percent_loss(self):
        self.lossy(NATIVE, 5)

    def test_a_cortex_m3_survives_ten_percent_loss(self):
        self.lossy(MPS2, 2)

    def test_a_server_that_restarts(self):
        server = self.server()
        device = self.device(server.port)
        self.assertEqual(device.fetch(), f"fetched {N} bytes")
        server.kill()
        self.refused(device, "no answer in time|network does not carry|closed the session")
        again = self.serve({"server": {"workers": 1}, "coaps": {"listen": [f"127.0.0.1:{server.port}"]}}, state=server.state)
        self.assertEqual(again.port, server.port)
        self.assertEqual(device.fetch(), f"fetched {N} bytes", device.log.text())
        self.assertGreaterEqual(int(self.assertStatus(device, client_sessions=2)["client.fetches"]), 2)  # it may have retried by itself, too

    def test_a_server_that_restarts_unnoticed_is_found_again(self):
        server = self.server()
        device = self.device(server.port)
        self.assertEqual(device.fetch(), f"fetched {N} bytes")
        server.kill()
        self.serve({"server": {"workers": 1}, "coaps": {"listen": [f"127.0.0.1:{server.port}"]}}, state=server.state)
        self.assertEqual(device.fetch(), f"fetched {N} bytes", device.log.text())
        self.assertStatus(device, client_sessions=2, client_failures=0)

    def test_a_change_of_address_keeps_the_session(self):
        server = self.server()
        relay = Relay(self, server.port)
        device = self.device(relay.port)
        self.assertEqual(device.fetch(), f"fetched {N} bytes")
        relay.rebind()
        self.assertEqual(device.fetch(), f"fetched {N} bytes")
        self.assertStatus(device, client_sessions=1, client_failures=0)
        records = [data for data in relay.to_server() if is_protected(data)]
        self.assertTrue(has_connection_id(records[-1]))

    def test_a_lost_session_is_resumed_by_its_ticket(self):
        server = self.server()
        relay = Relay(self, server.port)
        device = self.device(relay.port)
        self.assertEqual(device.fetch(), f"fetched {N} bytes")
        relay.withhold = until_a_new_hello()
        self.assertEqual(device.fetch(), f"fetched {N} bytes", device.log.text())
        self.assertStatus(device, client_sessions=2, client_failures=0, session_resumed="yes", session_verified="yes")

    def test_a_resumed_session_that_stays_silent_costs_its_ticket(self):
        relay = Relay(self, self.server().port)
        device = self.device(relay.port)
        self.assertEqual(device.fetch(), f"fetched {N} bytes")
        relay.withhold = lambda seen: seen.to_server and is_application_data(seen.data)
        self.refused(device, "no answer in time")
        self.assertStatus(device, client_sessions=2, session_resumed="yes")
        relay.withhold = None
        self.assertEqual(device.fetch(), f"fetched {N} bytes", device.log.text())
        self.assertStatus(device, client_sessions=3, session_resumed="no", session_verified="yes")

    def test_the_next_server_is_asked_when_the_first_fails(self):
        server = self.server()
        device = Device(self, over_dtls(NATIVE))
        refusing = Liar(self, lambda request: None)  # silent: whatever is sent there is no answer
        refusing.close()
        device.servers(refusing.port, server.port)
        self.assertEqual(device.fetch(), f"fetched {N} bytes", device.log.text())
        self.assertStatus(device, client_failures=1, client_sessions=1)

    def test_offline_it_boots_and_waits(self):
        device = Device(self, over_dtls(NATIVE))
        started = device.log.wait(r"started at (\d+) ms")
        self.assertLess(int(started.group(1)), 100)
        self.assertRegex(device.fetch(), "fetch failed: no server is configured")
        self.assertEqual(device.draw(), "drew 32 bytes")

    def test_a_pool_that_would_come_after_its_own_start_is_not_built(self):
        out = OUT / "e2e" / "refused-order"
        done = subprocess.run([TOOL, "build", SAMPLE, NATIVE, out, "-DCONFIG_QEAAS_CLIENT=n", "-DCONFIG_QEAAS_ENTROPY_POOL_POST_KERNEL=y",
                               "-DCONFIG_QEAAS_ENTROPY_POOL_INIT_PRIORITY=70"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex((out / "build.log").read_text(encoding="utf-8", errors="replace"),
                         "static assertion failed: .*init priority must be smaller than their start priority")

    # --- servers that must not be believed -----------------------------------------------------------------------------

    def test_a_wrong_ca(self):
        stranger = self.serve()  # keys of its own
        self.refused(self.device(stranger.port), "not signed by the configured CA")

    def test_an_expired_certificate(self):
        server = self.server()
        device = self.device(server.port)
        later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=800)  # a leaf lasts 397 days, its CA 3650
        device.say(f"date set {later:%Y-%m-%d} 12:00:00", rf"{later:%Y-%m-%d}")
        self.refused(device, "certificate or its CA has expired")

    def test_the_time_by_sntp(self):
        # The image also has the sample's reader of a radio's noise, which must not take this board's Ethernet for a radio.
        try:
            clock = TimeServer(self)
        except OSError as error:
            skip(f"port {TimeServer.PORT} is taken: {error}")
        out = over_dtls(MPS2, "sntp", *(f"-DCONFIG_{name}=y" for name in ("SNTP", "NET_CONFIG_CLOCK_SNTP_INIT", "NET_CONFIG_SNTP_INIT_RESYNC")),
                        "-DCONFIG_SYSTEM_WORKQUEUE_STACK_SIZE=4096", "-DCONFIG_HEAP_MEM_POOL_SIZE=4096",
                        f'-DCONFIG_NET_CONFIG_SNTP_INIT_SERVER="10.0.2.2:{TimeServer.PORT}"',
                        f"-DEXTRA_DTC_OVERLAY_FILE={TOP / 'tests/e2e/zephyr_radio.overlay'}")
        device = self.device(self.server().port, MPS2, out)
        self.assertTrue(clock.answered.wait(PATIENCE))
        years = (device.say("date get", r"\b(\d{4})-\d\d-\d\d ").group(1) for _ in range(1000))
        self.assertTrue(any(year > "2020" for year in years), "the answer was sent; the clock follows")
        self.assertEqual(device.fetch(), f"fetched {N} bytes", device.log.text())
        self.assertStatus(device, session_dates="clock", session_verified="yes")
        self.assertNotIn("radio's noise", device.log.text())

    def test_a_heap_that_is_too_small_is_told_as_such(self):
        self.refused(self.device(self.server().port, MPS2, over_dtls(MPS2, "small-heap", "-DCONFIG_QEAAS_DTLS_HEAP_BYTES=20480")), "wolfSSL's heap is full")

    def test_a_certificate_for_another_name(self):
        server = self.server()
        device = Device(self, over_dtls(NATIVE))
        device.say(f"qeaas servers elsewhere.example@127.0.0.1:{server.port}", r"qeaas servers ")
        self.refused(device, "does not carry its name")

    LIES = {
        "too few bytes": (lambda request: reply(request, bytes(N - 1)), "fewer bytes"),
        "too many bytes": (lambda request: reply(request, bytes(N + 1)), "not the answer to this request"),
        "nothing": (lambda request: reply(request, b""), "fewer bytes"),
        "another format": (lambda request: reply(request, bytes(N), format_=coap.JSON), "another content format"),
        "no format": (lambda request: reply(request, bytes(N), format_=None), "another content format"),
        "rubbish": (lambda request: b"\xffrubbish, and no CoAP at all", "no CoAP message"),
        "another token": (lambda request: coap.Message(coap.ACK, 0x45, request.id, b"stranger", [(coap.CONTENT_FORMAT, b"\x2a")], bytes(N)),
                          "no CoAP message, or not the answer"),
        "a block": (lambda request: reply(request, bytes(N), options=[(coap.BLOCK2, b"\x09")]), "not the answer to this request"),
        "another code": (lambda request: reply(request, bytes(N), code=0x44), "not the answer to this request"),
        "a refusal": (lambda request: reply(request, b"", code=0x83, format_=None), "denied the request"),
    }

    def lies(self, device, port_of):
        for name, (answer, expected) in self.LIES.items():
            with self.subTest(name):
                liar = Liar(self, answer)
                device.servers(port_of(liar))
                self.refused(device, expected)
                self.assertTrue(liar.requests)
        honest = Liar(self, lambda request: reply(request, bytes(range(N))))
        device.servers(port_of(honest))
        self.assertEqual(device.fetch(), f"fetched {N} bytes")  # so that the lies were refused, not everything

    def test_lies_over_plain_coap(self):
        self.lies(Device(self, over_plain_coap()), lambda liar: liar.port)

    def test_lies_over_dtls(self):
        self.lies(Device(self, over_dtls(NATIVE)), lambda liar: Front(self, state_copy(self), liar.port).port)

    def test_a_cortex_m3_is_not_lied_to(self):
        device = Device(self, over_dtls(MPS2), MPS2)
        liar = Liar(self, lambda request: reply(request, bytes(N - 1)))
        device.servers(Front(self, state_copy(self), liar.port).port)
        self.refused(device, "fewer bytes")

    def test_a_server_says_when_to_return(self):
        unready = Liar(self, lambda request: reply(request, b"", code=0xa3, format_=None, options=[(coap.MAX_AGE, b"\x05")]))
        device = Device(self, over_plain_coap())
        device.servers(unready.port)
        self.refused(device, "no entropy at the moment")
        self.assertRegex(device.fetch(), "rests")  # it is not asked again, however often a person does
        self.assertEqual(len(unready.requests), 1)
        unready.answer = lambda request: reply(request, bytes(N))
        device.log.wait(rf"mixed {N} bytes")  # by itself, once the five seconds are over
        self.assertEqual(len(unready.requests), 2)

    def test_servers_combined_are_credited_as_one_and_only_together(self):
        honest = [Liar(self, lambda request: reply(request, bytes(N))) for _ in range(2)]
        device = Device(self, over_plain_coap("combine", "-DCONFIG_QEAAS_CLIENT_COMBINE=y"))
        device.servers(*(one.port for one in honest))
        self.assertEqual(device.fetch(), f"fetched {2 * N} bytes")
        self.assertStatus(device, client_mixed=2 * N, client_credited=8 * N, client_fetches=2)
        honest[1].answer = lambda request: reply(request, bytes(N - 1))
        self.assertRegex(device.fetch(), "fetch failed: .*fewer bytes")
        device.log.wait("1 of 2 servers answered, 2 are needed: nothing is credited")
        self.assertEqual(int(device.status()["client.credited"]), 8 * N)

    def test_who_draws_without_end_does_not_drive_the_servers(self):
        # No source of its own, so that only servers can fill the pool; and what a fetch itself draws leaves the pool low when one of two suffices.
        out = over_plain_coap("untrusted", "-DCONFIG_QEAAS_CLIENT_COMBINE=y", "-DCONFIG_QEAAS_CLIENT_NEED=1", "-DCONFIG_QEAAS_CLIENT_INTERVAL_S=3600",
                              f"-DEXTRA_DTC_OVERLAY_FILE={TOP / 'tests/e2e/zephyr_untrusted.overlay'}")
        both = [Liar(self, lambda request: reply(request, bytes(range(N)))) for _ in range(2)]
        device = Device(self, out, seeded=False)
        self.assertRegex(device.draw(), "draw failed: .*not been seeded")
        device.servers(*(one.port for one in both))
        device.log.wait(SEEDED)  # the first round waits for nothing
        for _ in range(40):
            self.assertEqual(device.draw(200), "drew 200 bytes")
        self.assertStatus(device, client_fetches=2, client_credited=8 * N, client_failures=0, pool_wants_refill="yes")
        self.assertEqual([len(one.requests) for one in both], [1, 1])
        self.assertGreater(int(device.say("qeaas status", r"next attempt: in (\d+) s").group(1)), 3000)
        self.assertEqual(device.fetch(), f"fetched {2 * N} bytes")  # a person may

    def test_plain_coap_against_the_real_server(self):
        server = self.serve({"coap": {"enabled": True, "listen": ["127.0.0.1:0"]}})
        device = Device(self, over_plain_coap())
        device.servers(server.plain_port)
        self.assertEqual(device.fetch(), f"fetched {N} bytes")
        self.assertStatus(device, session_dtls="no", pool_injected=N)
        device.log.wait("neither secret nor authentic")


if __name__ == "__main__":
    main()
