# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks as they are: loss, reordering, duplicates, clients that move, and strangers who replay, forge and flood."""
import random

from harness import Case, Roamer, handshakes, main
from relay import Relay, Stranger, has_connection_id, is_protected


class Network(Case):
    workers = 1

    def setUp(self):
        self.server = self.serve({"server": {"workers": self.workers}, "coaps": {"handshake_timeout_seconds": 600}})

    def roam(self, relay):
        """A client whose session is settled: the ticket has come and was acknowledged before the second request."""
        client = Roamer(self, relay.port, self.server.ca)
        client.get()
        client.get()
        return client

    def served_bits(self):
        return sum(source["ledger"]["served_bits"] for source in self.server.sources()["sources"])


class Loss(Network):
    def test_fifty_handshakes_over_a_bad_network(self):
        relay = Relay(self, self.server.port, seed=10, loss=0.10, duplicate=0.10, reorder=0.20)
        completed, failure = handshakes(relay.port, self.server.ca, 50, threads=16, timeout=600)
        self.assertEqual(completed, 50, failure)
        for what in ("lost", "doubled", "held"):
            self.assertGreater(relay.counts[what], 50, relay.counts)

    def test_handshakes_over_a_good_network_repeat_nothing(self):
        relay = Relay(self, self.server.port)
        completed, failure = handshakes(relay.port, self.server.ca, 5, threads=1)
        self.assertEqual(completed, 5, failure)
        # Two hellos, the finished message and the request of each client, and some acknowledgements.
        self.assertLess(len(relay.to_server()), 5 * 12)


class TwoWorkersLoss(Loss):
    workers = 2


class Roaming(Network):
    def test_a_client_whose_port_changes_keeps_its_session(self):
        relay = Relay(self, self.server.port)
        client = self.roam(relay)
        seen = {client.get()}
        ports = set()
        for _ in range(10):
            ports.update(relay.rebind())
            before = len(relay.to_server())
            seen.add(client.get())
            sent = relay.to_server()[before:]
            self.assertTrue(all(map(has_connection_id, sent)), "no new handshake: records with the connection ID only")
            self.assertEqual(len(sent), 1, f"{list(map(len, sent))}: the first answer already went to the new port")
        self.assertEqual((len(seen), len(ports)), (11, 10))

    def test_several_clients_move_at_once(self):
        relay = Relay(self, self.server.port)
        clients = [self.roam(relay) for _ in range(6)]
        for _ in range(4):
            relay.rebind()
            self.assertEqual(len({client.get() for client in clients}), len(clients))
        self.assertEqual([data for data in relay.to_server() if not is_protected(data)][12:], [], "two hellos each and no more")

    def test_a_block_transfer_survives_a_move(self):
        relay = Relay(self, self.server.port, seed=3)
        client = self.roam(relay)
        answers, moved = [], []

        def move(seen):
            answers.extend([] if seen.to_server else [seen])
            if not seen.to_server and len(answers) % 10 == 0:
                moved.append(relay.rebind())
            return False

        relay.withhold = move
        self.assertEqual(len(client.get(30000, "drbg")), 30000)
        self.assertGreaterEqual(len(moved), 2)


class TwoWorkersRoaming(Roaming):
    workers = 2


class Attackers(Network):
    def setUp(self):
        super().setUp()
        self.relay = Relay(self, self.server.port)
        self.client = self.roam(self.relay)

    def assert_undisturbed(self, *strangers):
        """The honest client is served where it was, and no stranger has got a byte."""
        before = len(self.relay.to_server())
        self.assertEqual(len(self.client.get()), 32)
        self.assertEqual(len(self.relay.to_server()) - before, 1, "answered at once, at its own address")
        for stranger in strangers:
            self.assertEqual(stranger.answers(), [])

    def test_recorded_records_replayed_from_elsewhere(self):
        for _ in range(5):
            self.client.get()
        stranger = Stranger(self, self.server.port)
        served = self.served_bits()
        for data in filter(is_protected, self.relay.to_server()):
            stranger.send(data)
        self.assertEqual(self.served_bits(), served, "no draw was made for a replayed request")
        self.assert_undisturbed(stranger)

    def test_recorded_hellos_replayed_from_elsewhere_open_nothing(self):
        stranger = Stranger(self, self.server.port)
        hellos = [data for data in self.relay.to_server() if not is_protected(data)]
        self.assertGreaterEqual(len(hellos), 2)
        for data in hellos * 20:
            stranger.send(data)
        self.assert_undisturbed()
        answers = stranger.answers(at_least=20)
        self.assertGreaterEqual(len(answers), 20)
        for answer in answers:
            # A new cookie for the first hello; illegal_parameter for the cookie of another address (RFC 9147 5.1). No session.
            self.assertIn((answer[0], answer[13]), ((22, 2), (21, 2)), "HelloRetryRequest is a ServerHello")
            self.assertLess(len(answer), 200)

    def test_forged_records_with_a_known_connection_id(self):
        stranger = Stranger(self, self.server.port)
        chance = random.Random(4)
        genuine = [data for data in self.relay.to_server() if has_connection_id(data)][-1]
        for _ in range(200):
            forged = bytearray(genuine)
            for at in chance.sample(range(9, len(forged)), 3):
                forged[at] ^= chance.randrange(1, 256)
            stranger.send(bytes(forged))
        for size in range(1, len(genuine)):
            stranger.send(genuine[:size])
        stranger.send(genuine + bytes(40))
        self.assert_undisturbed(stranger)

    def test_an_old_authentic_record_from_elsewhere_moves_nothing(self):
        withheld = []

        def withhold_first(seen):
            if seen.to_server and not withheld:
                withheld.append(seen.data)
                return True
            return False

        self.relay.withhold = withhold_first
        self.assertEqual(len(self.client.get()), 32, "the client asked again")
        self.relay.withhold = None
        self.client.get()
        stranger = Stranger(self, self.server.port)
        stranger.send(withheld[0])
        self.assert_undisturbed(stranger)
        self.assert_undisturbed(stranger)

    def test_noise(self):
        stranger = Stranger(self, self.server.port)
        chance = random.Random(5)
        hello = next(data for data in self.relay.to_server() if not is_protected(data))
        for _ in range(300):
            stranger.send(chance.randbytes(chance.randrange(0, 1500)))
            stranger.send(bytes([chance.choice((0x16, 0x17, 0x19, 0x2f, 0x3f))]) + chance.randbytes(chance.randrange(0, 200)))
            stranger.send(hello[:chance.randrange(len(hello))])
            broken = bytearray(hello)
            broken[chance.randrange(13, len(broken))] ^= 1 << chance.randrange(8)
            stranger.send(bytes(broken))
        for size in (0, 1, 1281, 9000, 65000):
            stranger.send(chance.randbytes(size))
            stranger.send((hello + bytes(65000))[:size])
        self.assert_undisturbed()
        # A hello whose damage does not matter is answered, by a cookie or an alert; whoever asks from elsewhere is served.
        for answer in stranger.answers():
            self.assertIn(answer[0], (21, 22))
            self.assertLessEqual(len(answer), len(hello))
        self.assertDone(self.server.get("32"))

    def test_a_flood_of_spoofed_hellos_locks_nobody_out(self):
        hello = next(data for data in self.relay.to_server() if not is_protected(data))
        for _ in range(40):
            stranger = Stranger(self, self.server.port)
            for _ in range(25):
                stranger.send(hello)
        self.assert_undisturbed()
        completed, failure = handshakes(self.server.port, self.server.ca, 5, threads=1)
        self.assertEqual(completed, 5, failure)


class TwoWorkersAttackers(Attackers):
    workers = 2


if __name__ == "__main__":
    main()
