"""Usage 2: a service client sends a cloud-to-device message."""
import uuid

import uamqp

from harness.hub import Hub, expect, main
from harness.uamqp_links import service_uri


def send(hub, device_id):
    send_client = uamqp.SendClient(service_uri(hub, "/messages/devicebound"), debug=True)

    # Create a message and set message property 'To' to the device-bound link on device
    msg_id = str(uuid.uuid4())
    msg_content = b"Message content goes here!"
    to = "/devices/{device_id}/messages/devicebound".format(device_id=device_id)
    ack = "full"  # Alternative values are 'positive', 'negative', and 'none'
    app_props = {"iothub-ack": ack}
    msg_props = uamqp.message.MessageProperties(message_id=msg_id, to=to)
    msg = uamqp.Message(msg_content, properties=msg_props, application_properties=app_props)

    # Send the message by using the send client that you created and connected to the IoT hub earlier
    send_client.queue_message(msg)
    results = send_client.send_all_messages()

    # Close the client if it's not needed
    send_client.close()
    return results


def test():
    with Hub(well_known_ports=True) as hub:
        hub.create_device("u2")
        results = send(hub, "u2")
        expect(results == [uamqp.constants.MessageState.SendComplete], f"the hub did not accept the message: {results}")
        results = send(hub, "nobody")
        expect(results == [uamqp.constants.MessageState.SendFailed], f"a message for an unknown device ended as {results}")
    return "a cloud-to-device message is accepted, one for an unknown device is rejected"


main(test)
