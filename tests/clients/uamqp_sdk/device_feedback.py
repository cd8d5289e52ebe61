"""A device reports the outcome of a message it holds on its sender link /messages/serviceBound/feedback (the seed's device table)."""
import uamqp

from harness.hub import Hub, expect, expect_equal, main
from harness.uamqp_links import device_uri, feedback, receive, send, send_command, text

REPORTS = {"done": "complete", "refused": "reject"}


def report(device, message_id, outcome):
    properties = uamqp.message.MessageProperties(correlation_id=message_id)
    message = uamqp.Message(b"", properties=properties, application_properties={"iothub-outcome": outcome})
    send(device_uri(device, "/messages/serviceBound/feedback"), message)


def hold(device):
    """Receives the commands and reports each on the other link while this one still holds it unsettled."""
    held = []

    def keep(message):
        held.append(message)
        name = text(message.properties.message_id)
        report(device, name, REPORTS[name])

    receive(device_uri(device, device.address("messages/devicebound")), len(REPORTS), settle=keep)
    return held


def test():
    with Hub(well_known_ports=True) as hub:
        device = hub.create_device("reporter")
        for name in REPORTS:
            send_command(hub, device.id, name, name.encode(), ack="full")
        expect_equal(len(hold(device)), len(REPORTS), "messages held")
        expect_equal(feedback(hub, len(REPORTS)), {"done": "Success", "refused": "Rejected"}, "feedback")
        again = receive(device_uri(device, device.address("messages/devicebound")), 1, seconds=1)
        expect(not again, "a message whose outcome was reported came again")
        for message_id, outcome in (("unknown", "complete"), ("done", "complete"), ("done", "no such outcome")):
            try:
                report(device, message_id, outcome)
            except AssertionError:
                continue  # not accepted
            expect(False, f"the hub accepted {outcome!r} for {message_id!r}, which the device does not hold")
    return "a device that reports complete and reject settles the messages it holds; the service hears Success and Rejected"


main(test)
