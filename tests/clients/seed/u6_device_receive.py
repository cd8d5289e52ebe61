"""Usage 6: a device receives cloud-to-device messages in batches, with their properties and annotations."""
import time

import uamqp

from harness.hub import Hub, expect, expect_equal, main
from harness.uamqp_links import annotation, device_uri, payload, send, service_uri, text

SENT = 7


def command(device_id, n, expiry):
    properties = uamqp.message.MessageProperties(
        message_id=f"command-{n}", to=f"/devices/{device_id}/messages/devicebound", correlation_id=f"correlation-{n}",
        user_id=b"user", content_type="application/json;charset=utf-8", content_encoding="utf-8", absolute_expiry_time=expiry)
    return uamqp.Message(b"command body %d" % n, properties=properties, application_properties={"iothub-ack": "none", "colour": "blue"})


def receive(device):
    received = []
    operation = "/devices/{device_id}/messages/devicebound".format(device_id=device.id)
    receive_client = uamqp.ReceiveClient(device_uri(device, operation), debug=True)
    deadline = time.monotonic() + 20
    while len(received) < SENT and time.monotonic() < deadline:
        batch = receive_client.receive_message_batch(max_batch_size=5, timeout=1000)  # else uAMQP waits for more than it holds
        for msg in batch:
            print("\tto:                     " + str(msg.properties.to))
            print("\tcreation_time:          " + str(msg.properties.creation_time))
            print("\treply_to_group_id:      " + str(msg.properties.reply_to_group_id))
            print("\tsubject:                " + str(msg.properties.subject))
            print("\tgroup_sequence:         " + str(msg.properties.group_sequence))
            print("\treply_to:               " + str(msg.properties.reply_to))
            print("\tgroup_id:               " + str(msg.properties.group_id))
            print("\tx-opt-sequence-number:  " + str(msg.annotations[b"x-opt-sequence-number"]))
            received.append(msg)
    expect(not receive_client.receive_message_batch(max_batch_size=5, timeout=500), "a message came twice")
    receive_client.close()
    return received


def check(device, msg, n, expiry):
    expect_equal(payload(msg), b"command body %d" % n, "body")
    expect_equal(text(msg.properties.message_id), f"command-{n}", "message_id")
    expect_equal(text(msg.properties.to).lower(), f"/devices/{device.id}/messages/devicebound", "to")
    expect_equal(text(msg.properties.correlation_id), f"correlation-{n}", "correlation_id")
    expect_equal(text(msg.properties.user_id), "user", "user_id")
    expect_equal(text(msg.properties.content_type), "application/json;charset=utf-8", "content_type")
    expect_equal(text(msg.properties.content_encoding), "utf-8", "content_encoding")
    expect_equal(msg.properties.absolute_expiry_time, expiry, "absolute_expiry_time")
    expect_equal(msg.application_properties.get(b"colour"), b"blue", "application property")
    expect_equal(annotation(msg, "iothub-deliverycount"), 0, "iothub-deliverycount")
    for name in ("iothub-enqueuedtime", "x-opt-lock-token"):
        expect(annotation(msg, name), f"annotation {name} is missing: {msg.annotations}")


def test():
    with Hub(well_known_ports=True) as hub:
        device = hub.create_device("u6")
        expiry = (int(time.time()) + 600) * 1000
        send(service_uri(hub, "/messages/devicebound"), *(command(device.id, n, expiry) for n in range(SENT)))
        received = receive(device)
        expect_equal(len(received), SENT, "messages received")
        for n, msg in enumerate(received):
            check(device, msg, n, expiry)
        numbers = [annotation(msg, "x-opt-sequence-number") for msg in received]
        expect(numbers == sorted(set(numbers)), f"sequence numbers do not rise: {numbers}")
    return f"{SENT} messages that waited for the device come in order and in batches, with every property and annotation"


main(test)
