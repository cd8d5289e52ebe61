"""Bad addresses, bad commands and oversized messages: a clear condition each, and the link or connection beside it goes on."""
import time

from harness.event_reader import EventReader, body
from harness.hub import Hub, expect, expect_equal, main
from harness.raw_amqp import (ACCEPTED, BATCH_FORMAT, DATA, DETACH, RECEIVER, REJECTED, SELECTOR_FILTER, SENDER, Described, RawClient,
                              Symbol, Timestamp, encode, message, refusal)

KIB = 1024
TOO_LARGE = ("amqp:link:message-size-exceeded", 413001)
MALFORMED = ("amqp:decode-error", 400006)
INVALID = ("com.microsoft:argument-error", 400004)


def check_addresses(hub, client):
    addresses = ["/no/such/address", "/devices/known/nothing", "/devices//messages/events", "", "/messages/devicebound/more", "x" * 5000]
    for handle, address in enumerate(addresses, 10):
        answer = client.attach(SENDER, handle, address)
        expect_equal(answer.performative, DETACH, f"answer to an attach to {address[:40]!r}")
        expect_equal(refusal(answer.argument(2)), ("amqp:not-found", 404006), f"{address[:40]!r}")
    return len(addresses)


def check_sizes(client):
    """255 KiB pass, 257 are rejected, more than the link's limit ends the link with message-size-exceeded."""
    client.transfer(1, message(b"f" * 60000))  # one frame; the others are sent in pieces
    expect_equal(client.outcome()[0], ACCEPTED, "60000 bytes")
    send_in_frames(client, message(b"p" * (255 * KIB)))
    expect_equal(client.outcome()[0], ACCEPTED, "255 KiB")
    send_in_frames(client, message(b"r" * (257 * KIB)))
    code, fields = client.outcome()
    expect_equal((code, refusal(fields[0])), (REJECTED, TOO_LARGE), "257 KiB")


def send_in_frames(client, octets, size=60000):
    pieces = [octets[at:at + size] for at in range(0, len(octets), size)]
    for n, piece in enumerate(pieces):
        client.transfer(1, piece, more=n < len(pieces) - 1)


def check_too_large_for_the_link(hub, device):
    with RawClient(hub).connect_as(device.username, device.token()) as client:
        limit = client.attach(SENDER, 1, device.address("messages/events")).argument(10)
        expect(limit and limit >= 256 * KIB, f"max-message-size {limit}")
        for _ in range(limit // 60000 + 2):
            client.transfer(1, b"\0" * 60000, more=True)
        answer = client.outcome(DETACH)
        error = answer.argument(2) if not isinstance(answer, tuple) else answer[1][0]
        expect_equal(str(error.value[0]), TOO_LARGE[0], "more than the link's max-message-size")


def check_malformed(client):
    """What is no message is rejected; what merely holds an unknown section or no body is the device's business."""
    rubbish = [b"\xff" * 20, b"\0", encode("a bare string"), encode(Described(DATA, b"x"))[:-1]]
    for octets in rubbish:
        client.transfer(1, octets)
        code, fields = client.outcome()
        expect_equal((code, refusal(fields[0])), (REJECTED, MALFORMED), f"outcome of {octets[:10]!r}")
    client.transfer(1, encode(Described(DATA, b"\xff" * 20)), message_format=BATCH_FORMAT)
    code, fields = client.outcome()
    expect_equal((code, refusal(fields[0])), (REJECTED, MALFORMED), "a batch whose entry is no message")
    return len(rubbish) + 1


def command(to, body_=b"x", **fields):
    properties = ["id", None, to, None, None, None, None, None, fields.get("expiry")]
    return message(body_, properties=properties, application={"iothub-ack": "full"})


def check_commands(hub, device):
    with RawClient(hub).connect_as(hub.policy_username("service"), hub.policy_token("service")) as service:
        service.attach(SENDER, 1, "/messages/devicebound")
        good = device.address("messages/devicebound")
        cases = [
            ("an unknown device", command("/devices/stranger/messages/devicebound"), ("amqp:not-found", 404001)),
            ("no 'to'", message(b"x", properties=["id"]), INVALID),
            ("a 'to' that names no device", command("/messages/devicebound"), ("amqp:not-found", 404001)),
            ("no message", b"\xff" * 20, MALFORMED),
            ("an unknown acknowledgement", message(b"x", properties=["id", None, good], application={"iothub-ack": "maybe"}), INVALID),
            ("an expiry in the past", command(good, expiry=Timestamp((time.time() - 60) * 1000)), ("com.microsoft:argument-error", 403009)),
            ("an expiry far ahead", command(good, expiry=Timestamp((time.time() + 30 * 86400) * 1000)),
             ("com.microsoft:argument-error", 403009)),
        ]
        for what, octets, wanted in cases:
            service.transfer(1, octets)
            code, fields = service.outcome()
            expect_equal((code, refusal(fields[0])), (REJECTED, wanted), what)
        send_in_frames(service, command(good, b"c" * (65 * KIB)))
        expect_equal(refusal(service.outcome()[1][0]), TOO_LARGE, "a command of 65 KiB")
        for n in range(50):
            service.transfer(1, command(good))
            expect_equal(service.outcome()[0], ACCEPTED, f"command {n}")
        service.transfer(1, command(good))
        expect_equal(refusal(service.outcome()[1][0]), ("amqp:resource-limit-exceeded", 403004), "the 51st command")
    return len(cases) + 2


LONGEST_ID = "i" * 128
PROPERTIES = [  # what, message id, application properties; all of them argument errors
    ("a long message id", LONGEST_ID + "i", {}),
    ("a message id of two words", "two words", {}),
    ("a message id with a slash", "a/b", {}),
    ("a property name that is empty", "id", {"": "v"}),
    ("a creation time with an offset", "id", {"iothub-creation-time-utc": "2026-01-31T23:59:59+01:00"}),
    ("a creation time that is none", "id", {"iothub-creation-time-utc": "noon"}),
    ("an unknown kind of acknowledgement", "id", {"iothub-ack": "loud"}),
]


def check_properties(hub, device):
    """Each is rejected with 400004, and the link takes the next message all the same."""
    good = device.address("messages/devicebound")
    with RawClient(hub).connect_as(hub.policy_username("service"), hub.policy_token("service")) as service:
        service.attach(SENDER, 1, "/messages/devicebound")
        for what, message_id, application in PROPERTIES:
            service.transfer(1, message(b"x", properties=[message_id, None, good], application=application))
            code, fields = service.outcome()
            expect_equal((code, refusal(fields[0])), (REJECTED, INVALID), what)
        best = {"!#$%&'*+-.^_`|~": "!#$%&'*+-.^_`|~", "iothub-creation-time-utc": "2026-01-31T23:59:59.1234567Z", "empty": "",
                "two words": "light blue: 7/8, caf\u00e9"}
        service.transfer(1, message(b"x", properties=[LONGEST_ID, None, good], application=best))
        expect_equal(service.outcome()[0], ACCEPTED, "all that may be, on the same link")
    return len(PROPERTIES)


def check_filters(hub):
    endpoint = hub.event_hub()
    address = f"{endpoint['EntityPath']}/ConsumerGroups/$Default/Partitions/"
    with RawClient(hub).connect_as(endpoint["SharedAccessKeyName"], endpoint["SharedAccessKey"]) as reader:
        expressions = ["nonsense", "amqp.annotation.unknown > 1", "amqp.annotation.x-opt-sequence-number > 'abc'",
                       "amqp.annotation.x-opt-offset < 3", "amqp.annotation.x-opt-sequence-number > 99999999999999999999999"]
        for handle, expression in enumerate(expressions):
            filters = {Symbol(SELECTOR_FILTER): Described(Symbol(SELECTOR_FILTER), expression)}
            answer = reader.attach(RECEIVER, handle, address + "0", filters=filters)
            expect_equal(answer.performative, DETACH, f"answer to the filter {expression!r}")
            expect_equal(refusal(answer.argument(2)), ("amqp:invalid-field", None), expression)
        for handle, partition in enumerate(["4", "-1", "x", ""], 20):
            answer = reader.attach(RECEIVER, handle, address + partition)
            expect_equal(answer.performative, DETACH, f"partition {partition!r}")
            expect_equal(refusal(answer.argument(2)), ("amqp:not-found", None if partition else 404006), f"partition {partition!r}")
    return len(expressions)


def test():
    with Hub() as hub:
        device = hub.create_device("known")
        with RawClient(hub).connect_as(device.username, device.token()) as client:
            client.attach(SENDER, 1, device.address("messages/events"))
            addresses = check_addresses(hub, client)
            check_sizes(client)
            malformed = check_malformed(client)
            filters, commands = check_filters(hub), check_commands(hub, device)
            properties = check_properties(hub, hub.create_device("careful"))
            client.transfer(1, message(b"still here"))
            expect_equal(client.outcome()[0], ACCEPTED, "a good message after all that")
        check_too_large_for_the_link(hub, device)
        with EventReader(hub) as reader:
            stored = [len(body(event)) for part in reader.read_all().values() for event in part]
        expect_equal(stored, [60000, 255 * KIB, 10], "what was stored")
    return (f"{addresses} addresses, {filters} filters, {commands} commands, {properties} properties, {malformed} malformed "
            "and 3 oversized messages refused")


main(test)
