"""kill -9 keeps commands too: what the hub accepted for a device waits for it, what the device completed does not come again."""
import proton

from harness.hub import Hub, expect, expect_equal, main
from harness.proton_links import LIMIT, connect, drain

COUNT = 20


def send_commands(hub):
    service = connect(hub, hub.policy_username("service"), hub.policy_token("service"))
    sender = service.create_sender("/messages/devicebound")
    for n in range(COUNT):
        sender.send(proton.Message(b"%d" % n, id=str(n), address="/devices/kept/messages/devicebound"))


def receive(hub, device, count):
    """Completes `count` commands; the hub has seen that once it accepts the telemetry message behind them."""
    connection = connect(hub, device.username, device.token())
    receiver = connection.create_receiver(device.address("messages/devicebound"), credit=count)
    bodies = []
    for _ in range(count):
        bodies.append(int(bytes(receiver.receive(timeout=LIMIT).body)))
        receiver.accept()
    connection.create_sender(device.address("messages/events")).send(proton.Message(b"behind the outcomes"))
    return connection, receiver, bodies


def test():
    hub = Hub().start()
    device = hub.create_device("kept")
    send_commands(hub)
    hub.kill()

    hub.start()
    _, _, first = receive(hub, device, COUNT // 2)
    hub.stop()  # an orderly stop: what was completed is finished with
    hub.start()
    connection, receiver, second = receive(hub, device, COUNT - COUNT // 2)
    expect_equal(first + second, list(range(COUNT)), "commands over two restarts")
    expect(drain(receiver), "a completed command came again")
    connection.close()
    hub.stop()
    return f"{COUNT} accepted commands outlive kill -9 in order, and completed ones do not return after a restart"


main(test)
