"""Usage 3: a service client receives the feedback for its cloud-to-device messages."""
import json

import uamqp

from harness.hub import Hub, expect, expect_equal, main, until
from harness.uamqp_links import device_uri, receive, send_command, service_uri, text


def receive_feedback(hub):
    records = []
    receive_client = uamqp.ReceiveClient(service_uri(hub, "/messages/serviceBound/feedback"), debug=True)
    batch = receive_client.receive_message_batch(max_batch_size=10)
    for msg in batch:
        # Check content_type in message property to identify feedback messages coming from device
        content_type = text(msg.properties.content_type)
        expect_equal(content_type, "application/vnd.microsoft.iothub.feedback.json", "content type")
        msg_body_raw = msg.get_data()
        msg_body_str = b"".join(msg_body_raw)
        msg_body = json.loads(msg_body_str)
        for feedback in msg_body:
            print("\tstatusCode: " + str(feedback["statusCode"]))
            print("\toriginalMessageId: " + str(feedback["originalMessageId"]))
            print("\tdeviceId: " + str(feedback["deviceId"]))
            records.append(feedback)
    receive_client.close()
    return records


def test():
    with Hub(well_known_ports=True) as hub:
        device = hub.create_device("u3")
        send_command(hub, device.id, "wanted", b"do it", ack="full")
        send_command(hub, device.id, "silent", b"do it too", ack="none")
        source = device_uri(device, device.address("messages/devicebound"))
        expect_equal(len(receive(source, 2)), 2, "messages at the device")
        records = until(lambda: receive_feedback(hub), 60, "a feedback batch")
    expect_equal([(r["originalMessageId"], r["statusCode"], r["deviceId"]) for r in records], [("wanted", "Success", "u3")], "feedback")
    for field in ("description", "enqueuedTimeUtc", "deviceGenerationId"):
        expect(records[0].get(field), f"the record lacks {field}: {records[0]}")
    return "one Success record for the message that asked for it, none for the one that did not"


main(test)
