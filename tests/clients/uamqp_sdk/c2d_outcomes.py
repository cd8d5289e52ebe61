"""Cloud-to-device messages by uAMQP alone: accepted, rejected and released at the device, and what the feedback says of each."""
from harness.hub import Hub, expect_equal, main
from harness.uamqp_links import annotation, device_uri, feedback, receive, send_command, text

WANTED = {"take": "Success", "refuse": "Rejected", "later": "Success"}


class Outcomes:
    """Accepts, rejects, or releases once and accepts the second time."""

    def __init__(self):
        self.counts = []

    def __call__(self, message):
        name = text(message.properties.message_id)
        if name == "refuse":
            message.reject()
        elif name == "later":
            self.counts.append(annotation(message, "iothub-deliverycount"))
            message.release() if len(self.counts) == 1 else message.accept()
        else:
            message.accept()


def test():
    with Hub(well_known_ports=True) as hub:
        device = hub.create_device("outcomes")
        for name in WANTED:
            send_command(hub, device.id, name, name.encode(), ack="full")
        outcomes = Outcomes()
        received = receive(device_uri(device, device.address("messages/devicebound")), len(WANTED) + 1, settle=outcomes)
        expect_equal(sorted(text(message.properties.message_id) for message in received), sorted([*WANTED, "later"]), "deliveries")
        expect_equal(outcomes.counts, [0, 1], "iothub-deliverycount of the released message")
        expect_equal(feedback(hub, len(WANTED)), WANTED, "feedback")
    return "accepted, rejected and released-then-accepted give Success, Rejected and Success; a release brings the message back"


main(test)
