"""Usage 5: a device client connects and authenticates with SASL PLAIN, for each of its links."""
import uamqp

from harness.hub import Hub, expect, main
from harness.uamqp_links import device_uri, receive, send, uri


def connect(client):
    client.open()
    while not client.client_ready():
        pass
    client.close()


def refused(attempt):
    try:
        attempt()
    except (uamqp.errors.AMQPError, AssertionError) as error:
        return error
    return None


def test():
    with Hub(well_known_ports=True) as hub:
        device, other = hub.create_device("u5"), hub.create_device("other")
        connect(uamqp.ReceiveClient(device_uri(device, device.address("messages/devicebound")), debug=True))
        connect(uamqp.SendClient(device_uri(device, device.address("messages/events")), debug=True))
        connect(uamqp.SendClient(device_uri(device, "/messages/serviceBound/feedback"), debug=True))

        forged = uri(hub.hostname, device.username, other.token(), device.address("messages/events"))
        expect(refused(lambda: send(forged, uamqp.Message(b"forged"))), "another device's token was accepted")
        foreign = device_uri(device, other.address("messages/devicebound"))
        expect(refused(lambda: receive(foreign, 1, seconds=2)), "the hub let a device attach to another device's commands")
    return "a device opens its three links; another device's token and another device's link are refused"


main(test)
