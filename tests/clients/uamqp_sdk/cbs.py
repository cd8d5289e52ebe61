"""uAMQP with claims-based security: SASTokenAuth (SASL MSSBCBS, put-token) for a device, a service and the event hub."""
import uamqp
from uamqp import authentication

from harness import sas
from harness.hub import Hub, expect, expect_equal, main
from harness.uamqp_links import payload, receive, send


FAR = 4102444800  # the year 2100: uAMQP is not to renew the token itself


def token_auth(hub, resource, token):
    """A token made beforehand, as a device gets it from elsewhere: signed with the decoded key."""
    return authentication.SASTokenAuth(resource, f"amqps://{resource}", token, expires_at=FAR, port=hub.amqps_port, verify=hub.ca)


def through_cbs(device):
    return token_auth(device.hub, device.resource, device.token())


def test():
    with Hub() as hub:
        device = hub.create_device("cbs")
        base = f"amqps://{hub.hostname}"
        send(base + device.address("messages/events"), uamqp.Message(b"over cbs"), auth=through_cbs(device))

        properties = uamqp.message.MessageProperties(message_id="c", to=device.address("messages/devicebound"))
        command = uamqp.Message(b"command", properties=properties)
        send(base + "/messages/devicebound", command, auth=token_auth(hub, hub.hostname, hub.policy_token("service")))
        received = receive(base + device.address("messages/devicebound"), 1, auth=through_cbs(device))
        expect_equal([payload(message) for message in received], [b"command"], "the command")

        wrong = sas.token(device.resource, hub.policy_key("service"))
        try:
            send(base + device.address("messages/events"), uamqp.Message(b"forged"), auth=token_auth(hub, device.resource, wrong))
            expect(False, "put-token took a token with a wrong signature")
        except uamqp.errors.AMQPError as error:
            refused = error
    return f"put-token opens a device's and a service's links; a wrong signature gets {type(refused).__name__}"


main(test)
