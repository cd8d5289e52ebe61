"""Part 2, links: attach and detach, credit and drain, transfers and their settlement, on the addresses of the hub."""
import re

from harness.hub import Hub, main
from wire.conversation import Conversation, Verdicts, said

EVENTS, COMMANDS = "/devices/known/messages/events", "/devices/known/messages/devicebound"
NOT_FOUND, WRONG = "attach detach(amqp:not-found)", "close(amqp:*) eof"


def sender(name="s", handle=0, modes="~, ~", target=f'target["{EVENTS}"]', source="source[]", more="~, ~, 0"):
    return f'attach["{name}", {handle}, false, {modes}, {source}, {target}, {more}]'


def receiver(name="r", handle=1, modes="~, ~", source=f'source["{COMMANDS}"]', target='target["t"]', more="~"):
    return f'attach["{name}", {handle}, true, {modes}, {source}, {target}, {more}]'


TERMINUS_FIELDS = [  # behind what both begin with
    ("an address that is a number", "uint:5"), ("a durable that is text", '"a", "0"'), ("a durable of 3", '"a", 3'),
    ("an expiry-policy that is text", '"a", 0, "never"'), ("an unknown expiry-policy", "\"a\", 0, 'sometimes'"),
    ("a timeout that is text", "\"a\", 0, 'never', \"5\""), ("a dynamic that is a number", '"a", 0, ~, ~, 1'),
    ("dynamic-node-properties that are a list", "\"a\", 0, ~, ~, false, ['p']"),
]
SOURCE_FIELDS = [
    ("a distribution-mode that is text", '"move"'), ("a filter that is text", '~, "f"'), ("a filter that is a list", "~, ['f']"),
    ("a default-outcome that is text", '~, ~, "accepted"'), ("outcomes that are text", '~, ~, ~, "o"'),
    ("capabilities that are text", '~, ~, ~, ~, "c"'), ("capabilities that are a list", "~, ~, ~, ~, ['c']"),
]
STATES = ['"accepted"', "5", '[]', 'rejected["x"]', 'rejected[error["x"]]', 'modified["x"]', 'modified[~, ~, "x"]', "received[]",
          'received["x", 0]']
ATTACHES = [
    ("a sender", sender(), "attach flow"),
    ("a receiver", receiver(), "attach"),
    ("a symbolic descriptor, full encodings", f"'amqp:attach:list'[\"s\", #<7000000000>, #<5600>, ~, ~, 'amqp:source:list'[], "
                                              f"'amqp:target:list'[\"{EVENTS}\"], ~, ~, #<7000000000>]", "attach flow"),
    ("fields that are unknown", sender(more="~, ~, 0, ~, ~, ~, ~, 1, 'x', {}"), "attach flow"),
    ("every field of the termini", sender(source="source[\"x\", 2, 'never', 5, false, {}, 'move', {}, accepted[], 'o', 'queue']",
                                          target=f"target[\"{EVENTS}\", 0, 'session-end', 0, false, {{}}, 'queue']"), "attach flow"),
    ("an unknown address", sender(target='target["/nope"]'), NOT_FOUND),
    ("an unknown address to receive from", receiver(source='source["/nope"]'), NOT_FOUND),
    ("a sender without target", sender(target="~"), "attach detach(amqp:*)"),
    ("a receiver without source", receiver(source="~"), "attach detach(amqp:*)"),
    ("a target without address", sender(target="target[]"), "attach detach(amqp:*)"),
    ("a dynamic target", sender(target="target[~, ~, ~, ~, true]"), "attach detach(amqp:*)"),
    ("a dynamic source", receiver(source="source[~, ~, ~, ~, true]"), "attach detach(amqp:*)"),
    ("a transaction coordinator", sender(target="coordinator[]"), "attach detach(amqp:not-implemented)"),
    ("a terminus that is unknown", sender(target=f'0x99["{EVENTS}"]'), f"attach detach(amqp:*) | {WRONG}"),
    ("a source where the target stands", sender(target=f'source["{EVENTS}"]'), f"attach detach(amqp:*) | {WRONG}"),
    ("a terminus with an array without a constructor", sender(target=f'target["{EVENTS}", ~, ~, ~, ~, ~, #<e00100>]'), "attach flow"),
    ("a terminus that is text", sender(target=f'"{EVENTS}"'), WRONG),
    ("another device", sender(target='target["/devices/other/messages/events"]'), "attach detach(amqp:unauthorized-access)"),
    ("a service's address", sender(target='target["/messages/devicebound"]'), "attach detach(amqp:unauthorized-access)"),
    ("a handle in use", f"{sender()}; {sender('t')}", "attach flow end(amqp:session:handle-in-use)"),
    ("a name in use", f"{sender()}; {sender(handle=1)}", "attach flow detach(amqp:link:stolen) attach flow"),
    ("a name in use the other way round", f"{sender()}; {receiver('s')}", "attach flow attach"),
    ("a name in use on another session", f"{sender()}; 5: begin[~, 0, 1, 1]; 5: {sender()}", "attach flow begin attach flow"),
    ("the last handle", sender(handle=262143), "attach flow"),
    ("a handle above handle-max", sender(handle=262144), "close(amqp:connection:framing-error) eof"),
    ("handles in any order", f"{sender(handle=7)}; {receiver(handle=3)}", "attach flow attach"),
    ("no role", 'attach["s", 0]', WRONG),
    ("a name that is a symbol", "attach['s', 0, false]", WRONG),
    ("a snd-settle-mode of 3", sender(modes="3, 0"), WRONG),
    ("a rcv-settle-mode of 2", sender(modes="0, 2"), WRONG),
    ("every snd-settle-mode and rcv-settle-mode", "; ".join(sender(f"{s}{r}", 2 * s + r, f"{s}, {r}") for s in (0, 1, 2) for r in (0, 1)),
     " ".join(["attach flow"] * 6)),
    ("a sender without initial-delivery-count", sender(more="~"), "attach flow"),
    ("an unsettled map", sender(more="{<74>=received[0, 0]}, ~, 0"), "attach flow"),
    ("an unsettled that is no map", sender(more='"u", ~, 0'), WRONG),
    ("properties that are no map", sender(more="~, ~, 0, ~, ~, ~, \"p\""), WRONG),
    ("a detach that keeps the link", f"{sender()}; detach[0, false]; {sender()}; detach[0, true]; {sender(handle=3)}",
     "attach flow detach attach flow detach attach flow"),
    ("a detach with an error", f"{sender()}; detach[0, true, error['amqp:internal-error']]", "attach flow detach"),
    ("a detach of nothing", "detach[9, true]", "end(amqp:session:unattached-handle)"),
    ("a flow for nothing", "flow[0, 1, 0, 1, 9, 0, 1]", "end(amqp:session:unattached-handle)"),
    ("a transfer for nothing", "transfer[9, 0, <74>, 0]", "end(amqp:session:unattached-handle)"),
    ("what comes for a link that was refused", receiver(source='source["/nope"]') + "; flow[0, 1, 0, 1, 1, 0, 9]; detach[1, true]; " +
     receiver(), NOT_FOUND + " attach"),
    *((f"{what} in a source", receiver(source=f"source[{fields}]"), WRONG) for what, fields in TERMINUS_FIELDS),
    *((f"{what} in a target", sender(target=f"target[{fields}]"), WRONG) for what, fields in TERMINUS_FIELDS),
    *((what, receiver(source=f'source["a", ~, ~, ~, ~, ~, {fields}]'), WRONG) for what, fields in SOURCE_FIELDS),
    ("an address that is a symbol", sender(target=f"target['{EVENTS}']"), "attach flow"),
    *((f"a detach with the error {error}", f"{sender()}; detach[0, true, {error}]", f"attach flow {WRONG}")
      for error in ('"boom"', "accepted[]", 'error["x"]', "error[]")),
    ("an end where a link was refused", receiver(source='source["/nope"]') + "; end[]", NOT_FOUND + " end"),
]
TRANSFERS = [  # to a telemetry link at handle 0, with another at handle 1; what the disk has to say comes later
    ("pre-settled", "transfer[0, 0, <74>, 0, true] + data<78>", ""),
    ("aborted", "transfer[0, 0, <74>, 0, ~, true] + data<78>; transfer[0, ~, ~, ~, ~, ~, ~, ~, ~, true]", "flow"),
    ("aborted in its first frame", "transfer[0, 0, <74>, 0, ~, ~, ~, ~, ~, true] + data<78>", "flow"),
    ("without delivery-id", "transfer[0, ~, <74>, 0]", "detach(amqp:*)"),
    ("without delivery-tag", "transfer[0, 0, ~, 0]", "detach(amqp:*)"),
    ("a delivery-tag of 33 octets", f"transfer[0, 0, <{'74' * 33}>, 0]", "detach(amqp:*)"),
    ("a delivery-tag that is text", 'transfer[0, 0, "t", 0]', WRONG),
    ("a rcv-settle-mode of 2", "transfer[0, 0, <74>, 0, ~, ~, 2]", WRONG),
    ("a rcv-settle-mode of second, on a link of first", "transfer[0, 0, <74>, 0, ~, ~, 1]", "detach(amqp:invalid-field)"),
    ("another delivery within one", "transfer[0, 0, <74>, 0, ~, true]; transfer[0, 1, <75>, 0]", "detach(amqp:*)"),
    ("another delivery-tag within one", "transfer[0, 0, <74>, 0, ~, true]; transfer[0, 0, <75>, 0]", "detach(amqp:*)"),
    ("a message that is too large", f"2: begin[~, 0, 9, 9]; 2: {sender('m', more='~, ~, 0, 100')}; "
                                    f"2: transfer[0, 0, <74>, 0, ~, true] + data<{'78' * 90}>; 2: transfer[0] + data<{'78' * 90}>",
     "begin attach flow detach(amqp:link:message-size-exceeded)"),
    ("on a link to receive from", f"{receiver(handle=2)}; transfer[2, 0, <74>, 0]", "attach detach(amqp:*)"),
    ("a disposition of nothing", "disposition[true, 7, 2000000000, true, accepted[]]", ""),
    ("a disposition by the sender of nothing", "disposition[false, 7, ~, true]", ""),
    ("a disposition without first", "disposition[true]", WRONG),
    ("a state that is text", 'disposition[true, 0, ~, true, "accepted"]', WRONG),
    *((f"a disposition of {state}", f"disposition[true, 0, ~, true, {state}]", WRONG) for state in STATES),
    *((f"a transfer in the state {state}", f"transfer[0, 0, <74>, 0, ~, ~, ~, {state}]", WRONG) for state in STATES),
    ("a transactional state", "disposition[true, 0, ~, true, 0x34[<74>, accepted[]]]", ""),
    ("a flow with properties that are no map", 'flow[~, 1, 0, 1, ~, ~, ~, ~, ~, ~, "p"]', WRONG),
    ("a flow without its mandatory fields", "flow[~, 1, 0]", WRONG),
    ("credit on a link that we send on", "flow[0, 1, 0, 1, 0, 0, 4294967295]", ""),
    ("credit for no link", "flow[0, 1, 0, 1, ~, 1, 9]", ""),
]
DISPOSED = [  # to the same links: what is disposed of, in the end
    ("one", "transfer[0, 0, <74>, 0] + data<78>", "0 accepted"),
    ("in three frames", "transfer[0, 0, <74>, 0, ~, true] + #<0053>; transfer[0, ~, ~, ~, ~, true] + #<75a0>; transfer[0] + #<0178>",
     "0 accepted"),
    ("repeating id and tag", "transfer[0, 0, <74>, 0, ~, true] + #<0053>; transfer[0, 0, <74>, 0] + #<75a00178>", "0 accepted"),
    ("with empty frames", "transfer[0, 0, <74>, 0, ~, true]; transfer[0, ~, ~, ~, ~, true]; transfer[0] + data<78>", "0 accepted"),
    ("on two links in turn", "transfer[0, 0, <74>, 0, ~, true] + #<0053>; transfer[1, 1, <74>, 0, ~, true] + #<0053>; "
                             "transfer[0] + #<75a00178>; transfer[1] + #<75a00178>", "0 accepted, 1 accepted"),
    ("after an aborted one", "transfer[0, 0, <74>, 0, ~, ~, ~, ~, ~, true]; transfer[0, 1, <75>, 0] + data<78>", "1 accepted"),
    ("a delivery-id that wraps", "transfer[0, 4294967295, <74>, 0] + data<78>; transfer[0, 0, <75>, 0] + data<78>",
     "0 accepted, 4294967295 accepted"),
    ("a delivery-tag of 32 octets, and an empty one", f"transfer[0, 0, <{'74' * 32}>, 0] + data<78>; transfer[0, 1, <>, 0] + data<78>",
     "0 accepted, 1 accepted"),
    ("settled by its last frame", "transfer[0, 0, <74>, 0, false, true] + #<0053>; transfer[0, ~, ~, ~, true] + #<75a00178>; "
                                  "transfer[0, 1, <75>, 0] + data<78>", "1 accepted"),
    ("a rcv-settle-mode of first", "transfer[0, 0, <74>, 0, ~, ~, 0] + data<78>", "0 accepted"),
    ("all booleans in two octets", "transfer[#<7000000000>, 0, <74>, ~, #<5600>, #<5600>, ~, ~, #<5600>, #<5600>, #<5601>] + data<78>",
     "0 accepted"),
    ("a resumed one that the hub does not know (2.7.5)", "transfer[0, 0, <74>, 0, ~, ~, ~, ~, true] + data<78>; "
                                                         "transfer[0, 1, <75>, 0] + data<78>", "1 accepted"),
]


def answers(hub, device, what, before=""):
    with Conversation(hub).device(device) as peer:
        if before:
            peer.answers(before)
        return said(peer.answers(what))


def outcomes(hub, device, what):
    """Sends `what` and reads dispositions until the last delivery is settled: "id outcome", in the order of ids."""
    with Conversation(hub).device(device) as peer:
        peer.answers(f"{sender()}; {sender('t', 1)}")
        peer.send(what)
        last = re.findall(r"transfer\[\w+, (\d+)", what.replace("#<7000000000>", "0"))[-1]
        found = {}
        while last not in found:
            frame = peer.next()
            if frame.name in ("detach", "end", "close"):
                return str(frame)
            if frame.name == "disposition":
                first, last_of = int(frame["first"]), int(frame["first"] if frame["last"] == "~" else frame["last"])
                settled = range(first, last_of + 1) or (4294967295, 0)  # the one range here that wraps
                found.update({str(number): frame["state"].split("[")[0] for number in settled})
        return ", ".join(f"{number} {outcome}" for number, outcome in sorted(found.items()))


def drains(hub, device):
    """Whoever we receive from answers a drain, with nothing to send (2.6.7): by flow, with all credit used up."""
    partition = f"{hub.event_hub()['EntityPath']}/ConsumerGroups/$Default/Partitions/0"
    by_device, by_service = (lambda: Conversation(hub).device(device)), (lambda: Conversation(hub).service(hub))
    return [(COMMANDS, by_device), ("/devices/known/twin", by_device), ("/devices/known/methods/devicebound", by_device),
            ("/messages/serviceBound/feedback", by_service), ("/messages/serviceBound/filenotifications", by_service),
            (partition, lambda: Conversation(hub).service(hub, "iothubowner")), ("$cbs", lambda: Conversation(hub).anonymous()),
            ("$management", lambda: Conversation(hub).service(hub, "iothubowner"))]


def drained(peer, count, credit):
    """delivery-count and credit after a drain."""
    peer.send(f"flow[1, 5000, 0, 5000, 1, {count}, {credit}, ~, true]")
    flow = peer.until("flow", "detach", "end", "close")[-1]
    return f"{flow['delivery-count']} {flow['link-credit']} {flow['drain']}"


def check_drains(verdicts, hub, device):
    for address, connected in drains(hub, device):
        with connected() as peer:
            peer.answers(receiver(source=f'source["{address}"]'))
            if not verdicts.answer(f"drain of {address}", lambda: drained(peer, 0, 5), "5 0 true"):
                continue
            verdicts.answer(f"drain of {address} by 4294967295", lambda: drained(peer, 5, 4294967295), "4 0 true")
            echo = peer.exchange("flow[1, 5000, 0, 5000, 1, 4, 3, ~, false, true]", 1)[0]
            verdicts.judge(f"echo of {address}", f"{echo['delivery-count']} {echo['link-credit']}", "4 3")


def check_counts(verdicts, hub, device):
    with Conversation(hub).device(device) as peer:
        flow = peer.answers(sender(more="~, ~, 4294967290"))[1]
        verdicts.judge("initial-delivery-count", flow["delivery-count"], "4294967290")
        flow = peer.exchange("flow[1, 9, 0, 9, 0, 4294967290, 1000, 0, false, true]", 1)[0]
        verdicts.judge("echo to a sender", f"{flow['delivery-count']} {flow['link-credit']}", "4294967290 1000")
        flow = peer.exchange("flow[1, 9, 0, 9, 0, 4, 990, 0, false, true]", 1)[0]
        verdicts.judge("the delivery-count is the sender's (2.6.7)", flow["delivery-count"], "4")
    with Conversation(hub).device(device) as peer:
        attach = peer.answers(receiver(more="~, ~, ~, 70000, ~, ~, {'k'=\"v\"}"))[0]
        verdicts.judge("the answer to a receiver of commands", ", ".join(attach[field] for field in (
            "role", "snd-settle-mode", "rcv-settle-mode", "initial-delivery-count", "max-message-size", "properties")),
            "false, ~, 1, 0, 70000, {'k'=\"v\"}")
        verdicts.judge("termini are echoed", f"{attach['source']} {attach['target']}", f'source[[]"{COMMANDS}"] target[[]"t"]')


def check_redirect(verdicts, hub):
    with Conversation(hub).service(hub) as peer:
        peer.send(receiver(source='source["/messages/events/ConsumerGroups/$Default/Partitions/0"]') + "; flow[0, 1, 0, 1, 1, 0, 9]")
        attach, detach = peer.next(), peer.next()
        verdicts.judge("a redirect", said([attach, detach]), "attach detach(amqp:link:redirect)")
        verdicts.judge("a redirect names no termini", f"{attach['source']} {attach['target']} {attach['initial-delivery-count']}", "~ ~ 0")
        keys = re.findall(r"'([a-z-]+)'=", detach["error"])
        verdicts.judge("where to", " ".join(keys), "hostname network-host port address")
        verdicts.judge("after it", said(peer.answers("detach[1, true]")), "")


def test():
    verdicts = Verdicts()
    with Hub() as hub:
        device = hub.create_device("known")
        hub.create_device("other")
        for what, text, wanted in ATTACHES:
            verdicts.answer(f"attach: {what}", lambda: answers(hub, device, text), wanted)
        for what, text, wanted in TRANSFERS:
            verdicts.answer(f"transfer: {what}", lambda: answers(hub, device, text, f"{sender()}; {sender('t', 1)}"), wanted)
        for what, text, wanted in DISPOSED:
            verdicts.answer(f"delivery: {what}", lambda: outcomes(hub, device, text), wanted)
        check_drains(verdicts, hub, device)
        check_counts(verdicts, hub, device)
        check_redirect(verdicts, hub)
    verdicts.check()
    return f"{verdicts.count} attaches, flows, transfers and dispositions are answered as the standard says"


main(test)
