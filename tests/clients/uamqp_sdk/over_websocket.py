"""uAMQP's AmqpOverWebsocket: its own WebSocket code, and the path /$servicebus/websocket/ that it takes by itself."""
import uamqp

from harness.event_reader import EventReader, body
from harness.hub import Hub, expect_equal, main
from harness.uamqp_links import send

LARGE = 250_000


def over_websocket(device):
    return uamqp.authentication.SASLPlain(device.hub.hostname, device.username, device.token(), port=device.hub.https_port,
                                          verify=device.hub.ca, transport_type=uamqp.TransportType.AmqpOverWebsocket)


def test():
    with Hub() as hub:
        device = hub.create_device("websocket")
        target = f"amqps://{hub.hostname}{device.address('messages/events')}"
        large = bytes(n * 7 % 256 for n in range(LARGE))
        send(target, uamqp.Message(b"small"), uamqp.Message(large), auth=over_websocket(device))
        with EventReader(hub) as reader:
            events = [event for part in reader.read_all().values() for event in part]
    expect_equal([body(event) == wanted for event, wanted in zip(events, [b"small", large], strict=True)], [True, True], "unchanged")
    return f"telemetry over a WebSocket to /$servicebus/websocket/, also {LARGE} bytes"


main(test)
