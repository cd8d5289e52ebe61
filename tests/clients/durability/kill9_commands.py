"""kill -9 keeps commands too: what the hub accepted for a device waits for it, what the device completed does not come again."""
import proton

from harness.hub import Hub, expect, expect_equal, main
from harness.proton_links import connect, drain
from harness.raw_amqp import ACCEPTED, DATA, DISPOSITION, RECEIVER, TRANSFER, Described, RawClient, UInt, sections

COUNT = 20
FIRST = 7  # completed before the second kill
HELD = 2  # that the device has received by then, and said nothing of


def send_commands(hub):
    service = connect(hub, hub.policy_username("service"), hub.policy_token("service"))
    sender = service.create_sender("/messages/devicebound")
    for n in range(COUNT):
        sender.send(proton.Message(b"%d" % n, id=str(n), address="/devices/kept/messages/devicebound"))


class Receiver:
    """One command after the other, and word of the hub's that the outcome of each is on its disk."""

    def __init__(self, hub, device):
        self.client = RawClient(hub).connect_as(device.username, device.token())
        self.client.attach(RECEIVER, 1, device.address("messages/devicebound"))
        self.received = 0

    def receive(self):
        """(delivery id, the command's number)"""
        self.client.credit(1, 1, delivery_count=self.received)
        self.received += 1
        frame = self.client.expect(TRANSFER)
        return frame.argument(1), int(sections(frame.payload)[DATA])

    def complete(self):
        """The command's number. Its outcome is sent unsettled: so the hub answers, and does that when it is durable (locked_out.cpp)."""
        delivery, number = self.receive()
        self.client.perform(DISPOSITION, RECEIVER, UInt(delivery), None, False, Described(ACCEPTED, []))
        answer = self.client.expect(DISPOSITION)
        told = answer.argument(1), answer.argument(3), int(answer.argument(4).descriptor)
        expect_equal(told, (delivery, True, ACCEPTED), f"the hub's confirmation of command {number}")
        return number


def nothing_waits(hub, device):
    connection = connect(hub, device.username, device.token())
    nothing = drain(connection.create_receiver(device.address("messages/devicebound"), credit=0))
    connection.close()  # the hub's stop would wait for that
    return nothing


def restart(hub):
    hub.kill()
    hub.start()


def test():
    hub = Hub().start()
    device = hub.create_device("kept")
    send_commands(hub)
    restart(hub)

    device_of_old = Receiver(hub, device)
    completed = [device_of_old.complete() for _ in range(FIRST)]
    held = [device_of_old.receive()[1] for _ in range(HELD)]
    restart(hub)
    again = Receiver(hub, device)
    completed += [again.complete() for _ in range(COUNT - FIRST)]
    expect_equal(completed, list(range(COUNT)), "commands over two kills, each completed once")
    expect(set(held) <= set(completed[FIRST:]), f"what was held, and not completed, came again: {held}")
    restart(hub)
    expect(nothing_waits(hub, device), "a completed command came again after the third kill")
    hub.stop()
    return f"{COUNT} accepted commands outlive kill -9 in order; what was completed, {FIRST} and then the rest, does not return after " \
           f"another, and {HELD} that were only received do"


main(test)
