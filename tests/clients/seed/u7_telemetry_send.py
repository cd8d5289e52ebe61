"""Usage 7: a device sends telemetry with message properties and application properties."""
import uuid

import uamqp

from harness.event_reader import EventReader, body, device_id
from harness.hub import Hub, expect, expect_equal, main
from harness.uamqp_links import device_uri


def send(device):
    operation = "/devices/{device_id}/messages/events".format(device_id=device.id)
    send_client = uamqp.SendClient(device_uri(device, operation), debug=True)

    # Set any of the applicable message properties
    msg_props = uamqp.message.MessageProperties()
    msg_props.message_id = str(uuid.uuid4())
    msg_props.creation_time = None
    msg_props.correlation_id = None
    msg_props.content_type = "application/json;charset=utf-8"
    msg_props.reply_to_group_id = None
    msg_props.subject = None
    msg_props.user_id = None
    msg_props.group_sequence = None
    msg_props.to = None
    msg_props.content_encoding = None
    msg_props.reply_to = None
    msg_props.absolute_expiry_time = None
    msg_props.group_id = None

    # Application properties in the message (if any)
    application_properties = {"app_property_key": "app_property_value"}

    # Create message
    msg_data = b"Your message payload goes here"
    message = uamqp.Message(msg_data, properties=msg_props, application_properties=application_properties)

    send_client.queue_message(message)
    results = send_client.send_all_messages()
    send_client.close()
    for result in results:
        expect(result != uamqp.constants.MessageState.SendFailed, f"not sent: {result}")
    return msg_props.message_id.decode() if isinstance(msg_props.message_id, bytes) else msg_props.message_id


def test():
    with Hub(well_known_ports=True) as hub:
        device = hub.create_device("u7")
        message_id = send(device)
        with EventReader(hub) as reader:
            events = [event for part in reader.read_all().values() for event in part]
        expect_equal(len(events), 1, "events at the event hub")
        event = events[0]
        expect_equal(body(event), b"Your message payload goes here", "body")
        expect_equal(str(event.id), message_id, "message id")
        expect_equal(event.content_type, "application/json;charset=utf-8", "content type")
        expect_equal(event.properties, {"app_property_key": "app_property_value"}, "application properties")
        expect_equal(device_id(event), "u7", "iothub-connection-device-id")
    return "a telemetry message arrives at the event hub as it was sent, stamped with its device"


main(test)
