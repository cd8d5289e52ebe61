"""What the uAMQP scripts share: how the seed writes URIs, and reading what uAMQP hands over on Python 3 (bytes)."""
import json
import urllib.parse

import uamqp

from .hub import until


def uri(hostname, username, sas_token, operation):
    """As the seed builds it; urllib.quote_plus is urllib.parse.quote_plus on Python 3."""
    return f"amqps://{urllib.parse.quote_plus(username)}:{urllib.parse.quote_plus(sas_token)}@{hostname}{operation}"


def service_uri(hub, operation, policy="service"):
    return uri(hub.hostname, hub.policy_username(policy), hub.policy_token(policy), operation)


def device_uri(device, operation):
    return uri(device.hub.hostname, device.username, device.token(), operation)


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def payload(message):
    return b"".join(message.get_data())


def annotation(message, name):
    return (message.annotations or {}).get(name.encode())


def send(target, *messages, auth=None):
    """Sends and returns only when the hub has answered; raises unless every message was accepted."""
    client = uamqp.SendClient(target, auth=auth)
    client.queue_message(*messages)
    results = client.send_all_messages()
    client.close()
    failed = [result for result in results if result != uamqp.constants.MessageState.SendComplete]
    if failed or len(results) != len(messages):
        raise AssertionError(f"of {len(messages)} messages the hub accepted {len(results) - len(failed)}: {results}")


def send_command(hub, device_id, message_id, content, ack="none", auth=None, **properties):
    """A cloud-to-device message, as the seed's second usage sends it."""
    to = f"/devices/{device_id}/messages/devicebound"
    message = uamqp.Message(content, properties=uamqp.message.MessageProperties(message_id=message_id, to=to, **properties),
                            application_properties={"iothub-ack": ack})
    send(service_uri(hub, "/messages/devicebound"), message, auth=auth)


def feedback(hub, count, seconds=60):
    """The first `count` feedback records, {message id: status}; the hub cuts a batch every 15 s."""
    records = {}

    def enough():
        for batch in receive(service_uri(hub, "/messages/serviceBound/feedback"), 1, seconds=20):
            records.update({record["originalMessageId"]: record["statusCode"] for record in json.loads(payload(batch))})
        return len(records) >= count

    until(enough, seconds, f"{count} feedback records")
    return records


def receive(source, count, *, seconds=20, auth=None, settle=None):
    """`count` messages, settled by `settle(message)` or else accepted; fewer when they do not come in time."""
    client = uamqp.ReceiveClient(source, auth=auth, auto_complete=settle is None, timeout=seconds * 1000)
    received = []
    try:
        while len(received) < count:
            batch = client.receive_message_batch(max_batch_size=count - len(received), timeout=seconds * 1000)
            if not batch:
                break
            for message in batch:
                received.append(message)
                if settle:
                    settle(message)
    finally:
        client.close()
    return received
