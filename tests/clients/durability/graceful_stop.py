"""SIGTERM under load: no acceptance is lost, links and connections end with amqp:connection:forced, the hub leaves with status 0."""
import concurrent.futures
import socket
import time

from harness.event_reader import EventReader, body, sequence_number
from harness.hub import Hub, expect, expect_equal, main, until
from harness.raw_amqp import ACCEPTED, CLOSE, DETACH, DISPOSITION, SENDER, RawClient, condition, message
from harness.raw_websocket import WebSocketClient

NORMAL = 1000  # of a WebSocket's close

ENOUGH = 200
LIMIT = 5  # seconds; shorter than a stopping hub waits for those that do not answer its CLOSE


def serve_until_closed(client, accepted, on_enough):
    """Keeps sending one message after the other until the hub closes; what came of its link, and the condition of its CLOSE."""
    n, detached = 0, None
    while True:
        client.transfer(1, message(b"%d" % n))
        frame = next_of(client)
        if frame.performative == DETACH:
            detached = f"closed={frame.argument(1)} {condition(frame.argument(2))}"
            frame = next_of(client)
        if frame.performative == CLOSE:
            return detached, condition(frame.argument(0))
        if int(frame.argument(4).descriptor) == ACCEPTED:
            accepted.add(b"%d" % n)
        n += 1
        if n == ENOUGH:
            on_enough()


def next_of(client):
    """The next DISPOSITION, DETACH or CLOSE."""
    while True:
        frame = client.next_frame()
        if frame.performative in (DISPOSITION, DETACH, CLOSE):
            return frame


def answer_close(client):
    """Waits for the hub's CLOSE and answers it; its condition, and the code of the WebSocket's close behind it."""
    said = condition(next_of(client).argument(0))
    client.perform(CLOSE)
    expect(client.closed_by_peer(), "the WebSocket stays open")
    return said, client.socket.close_code


def refuses_connections(port):
    with socket.socket() as probe:
        probe.settimeout(LIMIT)
        try:
            probe.connect(("127.0.0.1", port))
        except ConnectionRefusedError:
            return True
    return False


def takes_nobody_more(hub, process):
    """While it stops, and waits for clients that have not answered its CLOSE."""
    for name, port in (("AMQPS", hub.amqps_port), ("AMQP", hub.amqp_port), ("HTTPS", hub.https_port)):
        until(lambda at=port: refuses_connections(at) or time.sleep(0.05), LIMIT, f"a stopping hub to refuse connections by {name}")
    expect(process.poll() is None, "the hub had ended before it was seen to refuse connections")


def test():
    hub = Hub().start()
    device = hub.create_device("stopped")
    client = RawClient(hub).connect_as(device.username, device.token())
    client.attach(SENDER, 1, device.address("messages/events"))
    idle = RawClient(hub).connect_as(device.username, device.token())
    distant = WebSocketClient(hub).connect_as(device.username, device.token())
    accepted, stopping, process = set(), [], hub.process
    expect(not refuses_connections(hub.amqps_port), "it takes connections before it stops")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answered = pool.submit(answer_close, distant)
        detached, said = serve_until_closed(client, accepted, lambda: stopping.append(pool.submit(hub.stop)))
        takes_nobody_more(hub, process)
        stopping[0].result()
        expect_equal(answered.result(), ("amqp:connection:forced", NORMAL), "CLOSE over the WebSocket, and its own close")
    expect_equal(detached, "closed=True amqp:connection:forced", "DETACH before the CLOSE of the busy client")
    expect_equal([said, condition(next_of(idle).argument(0))], ["amqp:connection:forced"] * 2, "conditions of the CLOSE frames")

    with hub as again, EventReader(again) as reader:
        events = [event for part in reader.read_all().values() for event in part]
        expect(accepted <= {body(event) for event in events}, "an accepted message is lost")
        expect_equal([sequence_number(event) for event in events], list(range(len(events))), "sequence numbers")
    return f"SIGTERM after {len(accepted)} accepted messages: " \
           f"DETACH and CLOSE amqp:connection:forced to busy, idle and WebSocket clients, nobody more taken, status 0"


main(test)
