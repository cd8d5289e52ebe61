"""A device with a receiver and senders, each on a connection of its own as uAMQP has them: they do not end each other."""
import uamqp

from harness.hub import Hub, expect_equal, main, until
from harness.uamqp_links import device_uri, payload, send, send_command

ROUNDS = 3


def take_one(client):
    """The next command's body, or none within half a second."""
    found = client.receive_message_batch(max_batch_size=1, timeout=500)
    for message in found:
        message.accept()
    return payload(found[0]) if found else None


def open_receiver(device):
    client = uamqp.ReceiveClient(device_uri(device, device.address("messages/devicebound")), auto_complete=False, timeout=20_000)
    client.open()
    until(client.client_ready, 20, "the receiver is open")
    return client


def is_ended(client):
    """Whether the hub has ended the client's link, or the client has noticed that by itself and failed."""
    try:
        client.receive_message_batch(max_batch_size=1, timeout=500)
    except Exception as error:
        return "stolen" in str(error).lower()
    return False


def test():
    with Hub(well_known_ports=True) as hub:
        device = hub.create_device("side-by-side")
        receiver = open_receiver(device)
        for number in range(ROUNDS):
            send(device_uri(device, device.address("messages/events")), uamqp.Message(b"telemetry %d" % number))
            send_command(hub, device.id, f"command-{number}", b"command %d" % number)
            expect_equal(until(lambda: take_one(receiver), 20, "a command"), b"command %d" % number, "command after telemetry")
        second = open_receiver(device)
        until(lambda: is_ended(receiver), 20, "the first receiver is ended by the second")
        send_command(hub, device.id, "last", b"last")
        expect_equal(until(lambda: take_one(second), 20, "a command"), b"last", "command to the second receiver")
        second.close()
    return f"{ROUNDS} times telemetry from other connections leaves the command receiver be; a second receiver ends the first"


main(test)
