"""Bad credentials by SASL PLAIN and put-token: refused with the contract's status and text, nobody else notices, no secret leaks."""
import base64
import time

from harness import sas
from harness.hub import Hub, expect, expect_equal, main
from harness.raw_amqp import ACCEPTED, DETACH, SENDER, RawClient, message, refusal

WRONG_KEY = base64.b64encode(bytes(32)).decode()
LONG_AGO = time.time() - 3600
SASL_AUTH = 1


def plain_refused(hub, username, password, what):
    with RawClient(hub) as client:
        expect_equal(client.plain(username, password), SASL_AUTH, f"SASL outcome for {what}")
        expect(client.closed_by_peer(), f"the hub left the connection open after {what}")


def put_token(hub, token, name):
    with RawClient(hub) as client:
        expect_equal(client.sasl("MSSBCBS"), 0, "outcome of MSSBCBS")
        client.open()
        client.begin()
        return client.put_token(token, name)


def check_plain(hub, device, other):
    stranger = f"{hub.hostname}/devices/stranger"
    service = hub.policy_username("service")
    cases = {
        "an unknown device": ("stranger@sas.localhost", sas.token(stranger, WRONG_KEY)),
        "a wrong key": (device.username, sas.token(device.resource, WRONG_KEY)),
        "an expired token": (device.username, device.token(expiry=LONG_AGO)),
        "another device's token": (device.username, other.token()),
        "a token for another resource": (device.username, sas.token(other.resource, device.key)),
        "no token": (device.username, ""),
        "binary rubbish": (device.username, "\0\xff\0"),
        "a user name without a hub": (device.id, device.token()),
        "an unknown policy": (hub.policy_username("nobody"), sas.token(hub.hostname, hub.policy_key("service"), "nobody")),
        "a policy with a wrong key": (service, sas.token(hub.hostname, WRONG_KEY, "service")),
        "a policy's expired token": (service, hub.policy_token("service", expiry=LONG_AGO)),
        "a token of another policy": (service, hub.policy_token("device")),
        "a device's token for a policy": (service, device.token()),
    }
    for what, (username, password) in cases.items():
        plain_refused(hub, username, password, what)
    return len(cases)


def check_cbs(hub, device):
    stranger = f"{hub.hostname}/devices/stranger"
    invalid = "The specified SAS token has an invalid signature. It does not match either the primary or secondary key."
    cases = {
        "a wrong key": (sas.token(device.resource, WRONG_KEY), 401, invalid),
        "an expired token": (device.token(expiry=LONG_AGO), 401, "The specified SAS token is expired"),
        "an unknown device": (sas.token(stranger, WRONG_KEY), 404, "Device stranger at IotHub localhost not registered."),
        "no token": ("rubbish", 400, None),
        "a token without a signature": ("SharedAccessSignature sr=a&se=1", 400, None),
    }
    for what, (token, status, text) in cases.items():
        got_status, got_text = put_token(hub, token, device.resource)
        expect_equal(got_status, status, f"status of {what} ({got_text})")
        expect(text is None or got_text == text, f"text of {what}: {got_text!r}")
        expect(device.key not in got_text and token not in got_text, f"the answer to {what} repeats a secret")
    return len(cases)


def check_links_of_others(hub, device, other):
    """A good identity does not open what belongs to somebody else."""
    with RawClient(hub).connect_as(device.username, device.token()) as client:
        addresses = [other.address("messages/events"), "/messages/devicebound"]
        for handle, address in enumerate(addresses):
            answer = client.attach(SENDER, handle, address)
            expect_equal(answer.performative, DETACH, f"answer to an attach to {address}")
            expect_equal(refusal(answer.argument(2)), ("amqp:unauthorized-access", 401002), f"refusal for {address}")
    return len(addresses)


def test():
    with Hub() as hub:
        device, other = hub.create_device("known"), hub.create_device("other")
        bystander = RawClient(hub).connect_as(other.username, other.token())
        bystander.attach(SENDER, 1, other.address("messages/events"))
        counts = check_plain(hub, device, other), check_cbs(hub, device), check_links_of_others(hub, device, other)
        bystander.transfer(1, message(b"unharmed"))
        expect_equal(bystander.outcome()[0], ACCEPTED, "outcome on a connection opened before")
        # What `serve` prints for people when it has started has the connection strings on purpose.
        banner = ("  IoT hub ", "  Event Hubs ")
        log = "\n".join(line for line in hub.log.read_text(errors="replace").splitlines() if not line.startswith(banner))
        for secret in (device.key, other.key, hub.policy_key("service"), device.token(expiry=LONG_AGO)):
            expect(secret not in log, "the hub's log holds a secret")
    return "{} sign-ins, {} put-tokens and {} foreign links refused; a bystander's messages go on; no key in the log".format(*counts)


main(test)
