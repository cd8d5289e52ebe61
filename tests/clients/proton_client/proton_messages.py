"""Qpid Proton: every body kind and property unchanged, large messages, credit, drain, and each outcome at the device."""
import uuid

import proton
from proton.reactor import ReceiverOption
from proton.utils import SendException

from harness.event_reader import EventReader, body
from harness.hub import Hub, expect, expect_equal, main
from harness.proton_links import LIMIT, connect, drain

LARGE = 250_000


class Unsettled(ReceiverOption):
    def apply(self, receiver):
        receiver.rcv_settle_mode = proton.Link.RCV_FIRST


def described_message():
    return proton.Message(b"\x00\xff body", id=uuid.uuid4(), correlation_id="correlation", content_type="application/json",
                          content_encoding="utf-8", subject="subject", group_id="group", reply_to="reply", user_id=b"user",
                          properties={"text": "blue", "number": 7, "yes": True})


def telemetry(hub, device):
    sender = device.create_sender("/devices/proton/messages/events")
    sent = described_message()
    sender.send(sent)
    sender.send(proton.Message(b"L" * LARGE))
    try:
        sender.send(proton.Message(b"X" * 300_000))
        expect(False, "the hub accepted 300000 bytes")
    except SendException as error:
        expect_equal(error.state, proton.Delivery.REJECTED, "outcome of an oversized message")
    sender.send(proton.Message(b"after"))
    with EventReader(hub) as reader:
        events = [event for part in reader.read_all().values() for event in part]
    expect_equal([len(body(event)) for event in events], [7, LARGE, 5], "sizes at the event hub")
    for field in ("id", "correlation_id", "content_type", "content_encoding", "subject", "group_id", "reply_to", "user_id", "properties"):
        expect_equal(getattr(events[0], field), getattr(sent, field), field)
    expect_equal(body(events[0]), b"\x00\xff body", "body")


def commands(hub, device):
    service = connect(hub, hub.policy_username("service"), hub.policy_token("service"))
    sender = service.create_sender("/messages/devicebound")
    for name in ("accept", "reject", "release", "modify"):
        sender.send(proton.Message(name.encode(), id=name, address="/devices/proton/messages/devicebound"))
    receiver = device.create_receiver("/devices/proton/messages/devicebound", credit=0, options=Unsettled())
    seen = {}
    states = {"accept": proton.Delivery.ACCEPTED, "reject": proton.Delivery.REJECTED,
              "release": proton.Delivery.RELEASED, "modify": proton.Delivery.MODIFIED}
    for _ in range(6):
        receiver.flow(1)
        name = receiver.receive(timeout=LIMIT).id
        seen[name] = seen.get(name, 0) + 1
        receiver.settle(states[name] if seen[name] == 1 else proton.Delivery.ACCEPTED)
    expect_equal(seen, {"accept": 1, "reject": 1, "release": 2, "modify": 2}, "deliveries")
    expect(drain(receiver), "the drain brought a message although the queue is empty")
    expect_equal(receiver.link.credit, 0, "credit after the drain")
    service.close()


def test():
    with Hub() as hub:
        identity = hub.create_device("proton")
        device = connect(hub, identity.username, identity.token())
        telemetry(hub, device)
        commands(hub, device)
        device.close()
    return f"properties of every type and {LARGE} bytes unchanged, an oversized message rejected, four outcomes at the device, drain"


main(test)
