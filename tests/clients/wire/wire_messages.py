"""Part 3 of the standard: what is a message, what is none and has to be rejected, and what a reader of the event hub gets of it."""
from harness.hub import Hub, main
from wire.conversation import Verdicts
from wire.notation import sections, values
from wire.telemetry import Telemetry, check_events, event

GOOD = [
    "data<78>", "data<>", "data<78> data<79> data<7a>", "value~", 'value{"a"=1}', 'sequence[1, "a"] sequence[]',
    'header[true, 4, 1000] delivery-annotations{\'a\'=1} message-annotations{\'b\'=1} properties["id"] application-properties{"k"="v"} '
    "data<78> footer{'f'=1}",
    'properties["id", <75>, "to", "subject", "reply", "other", \'type\', \'encoding\', timestamp:1, timestamp:2, "group", 3, "reply"] '
    "data<78>",
    "properties[ulong:5, ~, ~, ~, ~, ulong:18446744073709551615] data<78>",
    "properties[#<98000102030405060708090a0b0c0d0e0f>, ~, ~, ~, ~, <0001>] data<78>",
    "properties[] application-properties{} #<005375b00000000178>",
]
NO_MESSAGES = [
    ("two values", "value~ value~"),
    ("data and a value", "data<78> value~"),
    ("properties twice", "properties[] properties[] data<78>"),
    ("a section within the body", "data<78> footer{} data<78>"),
    ("an unknown section", "0x79[] data<78>"),
    ("an octet behind the last section", "data<78> #<00>"),
    ("a section that is cut", "#<005375a00278>"),
    ("no section", '"text"'),
    ("data that is text", 'data"x"'),
    ("properties that are a map", "properties{} data<78>"),
    ("application-properties that are a list", "application-properties[] data<78>"),
    ("half a pair", "#<005374c10401a10161> data<78>"),
    ("text that is no UTF-8", "properties[#<a102fffe>] data<78>"),
]
MIXED_UP = [  # strings and symbols, and what a reader gets of them: the standard's types
    ('properties[~, ~, ~, ~, ~, ~, "type"] data<78>', "properties[~, ~, ~, ~, ~, ~, 'type'] data<78>"),
    ("properties[~, ~, 'to'] data<78>", 'properties[~, ~, "to"] data<78>'),
    ("properties[\"id\", \"u\", ~, 'subject', 'reply', \"other\", \"type\", \"encoding\", ~, ~, 'group', 3, 'reply'] data<78>",
     "properties[\"id\", <75>, ~, \"subject\", \"reply\", \"other\", 'type', 'encoding', ~, ~, \"group\", 3, \"reply\"] data<78>"),
]
WRONG_TYPES = [  # Azure's reader for Node stops at some of these for good, uAMQP detaches: a device must not do that to a partition
    ("a message-id that is a list", "properties[[]] data<78>"),
    ("a message-id that is an int", "properties[int:5] data<78>"),
    ("an address that is a number", "properties[~, ~, 5] data<78>"),
    ("a content-type that is a number", "properties[~, ~, ~, ~, ~, ~, 3] data<78>"),
    ("a content-type that is no ASCII", "properties[~, ~, ~, ~, ~, ~, #<a102c3a9>] data<78>"),
    ("an absolute-expiry-time that is text", 'properties[~, ~, ~, ~, ~, ~, ~, ~, "soon"] data<78>'),
    ("a creation-time that is a ulong", "properties[~, ~, ~, ~, ~, ~, ~, ~, ~, ulong:5] data<78>"),
    ("a group-sequence that is text", 'properties[~, ~, ~, ~, ~, ~, ~, ~, ~, ~, ~, "x"] data<78>'),
    ("an application property without a name", "application-properties{~=1} data<78>"),
    ("an application property named by a number", "application-properties{1=1} data<78>"),
    ("an application property that is a list", 'application-properties{"k"=[]} data<78>'),
    ("an application property that is a map", 'application-properties{"k"={}} data<78>'),
    ("an application property that is an array", 'application-properties{"k"=#<e004025000ff>} data<78>'),
    ("an application property that is described", 'application-properties{"k"=#<00a30161a10162>} data<78>'),
    ("more properties than there are", "properties[~, ~, ~, ~, ~, ~, ~, ~, ~, ~, ~, ~, ~, ~] data<78>"),
    ("an array without a constructor", 'application-properties{"k"=#<e00100>} data<78>'),
    ("an array without a constructor as an annotation", "message-annotations{'dt-subject'=#<e00100>} data<78>"),
    ("an array without a constructor as a body", "value#<e00100>"),
]


def check_small_frames(verdicts, hub, telemetry, before):
    """To a peer with a max-frame-size of 512 no frame is larger, and what is larger comes in several (2.3, 2.6.14)."""
    telemetry.outcome(values(f"data<{'78' * 3000}>"))
    message, largest = event(hub, before, opened='open["peer", ~, 512]')
    verdicts.judge("an event in frames of 512", f"{largest <= 512} {sections(message)[-1][1].count('78')}", "True 3000")


def check_symbolic_sections(verdicts, hub, telemetry, before):
    """Azure's Python client reads only sections whose descriptor is a small ulong (contract/event-hubs.md, 2.5)."""
    for number, what in enumerate(("'amqp:properties:list'[\"id\"] data<78>", "#<0080 0000000000000073 45> data<78>"), before):
        telemetry.outcome(values(what))
        message, _ = event(hub, number)
        verdicts.answer(f"the sections of {what}", lambda: " ".join(name for name, _, _ in sections(message)),
                        "message-annotations properties data")


def test():
    verdicts, accepted = Verdicts(), []
    with Hub() as hub, Telemetry(hub, hub.create_device("known")) as telemetry:
        for what in GOOD:
            verdicts.judge(what, telemetry.outcome(values(what)), "disposition(accepted)")
            accepted.append(values(what))
        for what, mended in MIXED_UP:
            verdicts.judge(what, telemetry.outcome(values(what)), "disposition(accepted)")
            accepted.append(values(mended))
        for what, text in NO_MESSAGES + WRONG_TYPES:
            if not verdicts.judge(what, telemetry.outcome(values(text)), "disposition(rejected *)"):
                accepted.append(values(text))
        check_events(verdicts, hub, accepted)
        check_small_frames(verdicts, hub, telemetry, len(accepted))
        check_symbolic_sections(verdicts, hub, telemetry, len(accepted) + 1)
    verdicts.check()
    return f"{len(GOOD)} messages come as they were sent, {len(NO_MESSAGES + WRONG_TYPES)} are rejected; frames of 512 octets are kept to"


main(test)
