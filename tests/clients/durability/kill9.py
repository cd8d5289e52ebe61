"""kill -9 under load, several rounds: what was accepted is there exactly once after the restart, numbered as before and without a gap."""
import random
import threading

import proton
from proton.handlers import MessagingHandler
from proton.reactor import Container

from harness.event_reader import EventReader, body, sequence_number
from harness.hub import Hub, expect, expect_equal, main

ROUNDS = 6
DEVICES = 3
UNSETTLED = 300  # messages a device keeps in flight: enough that a kill always meets some
SEED = 20  # the number of acceptances before a kill is random, but the same in each run


class Load(MessagingHandler):
    """Sends numbered messages as all devices; after `enough` acceptances it calls `strike` and then only listens."""

    def __init__(self, hub, devices, round_number, enough, strike):
        super().__init__(prefetch=0)
        self.hub, self.devices, self.round, self.enough, self.strike = hub, devices, round_number, enough, strike
        self.accepted, self.sent, self.names = set(), 0, {}
        self.struck = False

    def on_start(self, event):
        domain = proton.SSLDomain(proton.SSLDomain.MODE_CLIENT)
        domain.set_trusted_ca_db(self.hub.ca)
        domain.set_peer_authentication(proton.SSLDomain.VERIFY_PEER_NAME)
        for device in self.devices:
            connection = event.container.connect(
                f"amqps://{self.hub.hostname}:{self.hub.amqps_port}", user=device.username, password=device.token(),
                ssl_domain=domain, allowed_mechs="PLAIN", reconnect=False)
            event.container.create_sender(connection, device.address("messages/events"))

    def on_sendable(self, event):
        self.fill(event.sender)

    def fill(self, sender):
        while not self.struck and sender.credit and sender.unsettled < UNSETTLED:
            name = f"{self.round}/{self.sent}".encode()
            self.names[sender.name, sender.send(proton.Message(name)).tag] = name
            self.sent += 1

    def on_accepted(self, event):
        self.accepted.add(self.names.pop((event.sender.name, event.delivery.tag)))
        if len(self.accepted) >= self.enough and not self.struck:
            self.struck = True
            self.strike()
        self.fill(event.sender)

    def on_disconnected(self, event):
        event.connection.close()

    def on_transport_error(self, event):
        """The hub dies in the middle: that is the test."""


def load_and_kill(hub, devices, round_number, enough):
    """Every name that was accepted before the hub died."""
    load = Load(hub, devices, round_number, enough, hub.kill)
    container = Container(load)
    worker = threading.Thread(target=container.run, daemon=True)
    worker.start()
    worker.join(60)
    expect(load.struck, f"round {round_number}: only {len(load.accepted)} of {enough} messages accepted within 60 s")
    return load.accepted


def check(hub, accepted, before):
    """What is stored now, {(partition, number): body}: it holds all of `before` unchanged and all that was accepted, once."""
    with EventReader(hub) as reader:
        partitions = reader.read_all()
    for partition, events in partitions.items():
        expect_equal([sequence_number(event) for event in events], list(range(len(events))), f"sequence numbers of {partition}")
    now = {(partition, sequence_number(event)): body(event) for partition, events in partitions.items() for event in events}
    changed = [key for key, value in before.items() if now.get(key) != value]
    expect(not changed, f"{len(changed)} events are gone or renumbered, the first {changed[:3]}")
    bodies = list(now.values())
    expect_equal(len(bodies) - len(set(bodies)), 0, "events that are there twice")
    missing = accepted - set(bodies)
    expect(not missing, f"{len(missing)} accepted messages are lost, such as {sorted(missing)[:3]}")
    return now


def test():
    chance = random.Random(SEED)
    hub = Hub().start()
    devices = [hub.create_device(f"loaded-{n}") for n in range(DEVICES)]
    accepted, stored = set(), {}
    for round_number in range(ROUNDS):
        accepted |= load_and_kill(hub, devices, round_number, chance.randint(500, 3000))
        hub.start()
        stored = check(hub, accepted, stored)
    hub.stop()
    return f"{ROUNDS} kills under load: all {len(accepted)} accepted messages among {len(stored)} stored, once each, no gap, no renumbering"


main(test)
