"""Parts 2 and 5 of the standard, up to the session: headers, SASL, open, frames, begin and end, each in all its ways to be written."""
from harness.hub import Hub, main
from wire.conversation import Conversation, Verdicts, said
from wire.notation import frame, octets, values

HEADERS = [
    ("AMQP", 'amqp; open["c"]; close[]', "amqp open close eof"),
    ("everything at once", 'amqp; open["c"]; begin[~, 0, 9, 9]; attach["l", 0, false, ~, ~, source[], target["$cbs"], ~, ~, 0]; close[]',
     "amqp open begin attach flow close eof"),
    ("SASL and everything at once", "sasl; init['ANONYMOUS']; amqp; open[\"c\"]; begin[~, 0, 9, 9]; end[]; close[]",
     "sasl mechanisms outcome amqp open begin end close eof"),
    ("TLS", b"AMQP\2\1\0\0", "amqp eof"),
    ("major 2", b"AMQP\0\2\0\0", "amqp eof"),
    ("minor 1", b"AMQP\0\1\1\0", "amqp eof"),
    ("revision 1", b"AMQP\0\1\0\1", "amqp eof"),
    ("AMQP 0-9-1", b"AMQP\0\0\x09\1", "amqp eof"),
    ("HTTP", b"GET / HTTP/1.1\r\n\r\n", "amqp eof"),
    ("a wrong one with 100 kB behind", b"AMQP\0\2\0\0" + b"\xa5" * 100000, "amqp eof"),
    ("SASL again after SASL", "sasl; init['ANONYMOUS']; sasl", "sasl mechanisms outcome amqp eof"),
]
SASL = [  # after the header and the mechanisms; what follows the outcome 0 is a header and an open
    ("ANONYMOUS", "init['ANONYMOUS']", "0"),
    ("ANONYMOUS with a trace", "init['ANONYMOUS', <6d65>]", "0"),
    ("MSSBCBS", "init['MSSBCBS']", "0"),
    ("a symbolic descriptor", "'amqp:sasl-init:list'['ANONYMOUS']", "0"),
    ("a channel, an extended header", frame(values("init['ANONYMOUS']"), 7, 1, 3, b"more"), "0"),
    ("fields that are unknown", "init['ANONYMOUS', ~, ~, 1, \"x\"]", "0"),
    ("EXTERNAL without a certificate", "init['EXTERNAL']", "1"),
    ("an unknown mechanism", "init['SCRAM-SHA-256', <6e>]", "1"),
    ("a mechanism in lower case", "init['anonymous']", "1"),
    ("PLAIN without a response", "init['PLAIN']", "1"),
    ("PLAIN, empty", "init['PLAIN', <>]", "1"),
    ("PLAIN with one part", "init['PLAIN', <616263>]", "1"),
    ("PLAIN with four parts", "init['PLAIN', <00610062 0063>]", "1"),
    ("PLAIN that is no UTF-8", "init['PLAIN', <00ff00fe>]", "1"),
    ("PLAIN of 60000 octets", "init['PLAIN', <%s>]" % ("75" * 60000), "1"),
    ("no mechanism", "init[~]", "eof"),
    ("a mechanism that is a string", 'init["ANONYMOUS"]', "eof"),
    ("a response without a challenge", "response[<78>]", "eof"),
    ("a server's frame", "outcome[0]", "eof"),
    ("an AMQP frame", 'open["c"]', "eof"),
    ("a frame of 2 GB", frame(b"", kind=1, size=0x7FFFFFFF), "eof"),
]
OPENS = [  # followed by a close
    ("a container only", 'open["c"]', "open close"),
    ("an empty container", 'open[""]', "open close"),
    ("list32, str32, ulong", frame(bytes.fromhex("0080 0000000000000010 d0 0000000a 00000001 b1 00000001 63")), "open close"),
    ("a symbolic descriptor", "'amqp:open:list'[\"c\"]", "open close"),
    ("every field", 'open["c", "h", 512, 0, 60000, \'en\', #<e00701a30464652d44>, \'x\', ~, {\'p\'=1}]', "open close"),
    ("fields that are unknown", 'open["c", ~, ~, ~, ~, ~, ~, ~, ~, ~, 3, {1=2}, [[]]]', "open close"),
    ("an empty frame before", 'empty; open["c"]', "open close"),
    ("no fields", "open[]", "open close(amqp:*)"),
    ("a container that is a symbol", "open['c']", "open close(amqp:*)"),
    ("a container that is no UTF-8", "open[#<a102fffe>]", "open close(amqp:*)"),
    ("max-frame-size 511", 'open["c", ~, 511]', "open close(amqp:*)"),
    ("channel-max of a wrong type", 'open["c", ~, ~, uint:9]', "open close(amqp:*)"),
    ("properties that are no map", 'open["c", ~, ~, ~, ~, ~, ~, ~, ~, "p"]', "open close(amqp:*)"),
    ("properties that are an array without a constructor", 'open["c", ~, ~, ~, ~, ~, ~, ~, ~, #<e00100>]', "open close(amqp:*)"),
    ("capabilities that are a list", 'open["c", ~, ~, ~, ~, ~, ~, [\'x\']]', "open close(amqp:*)"),
    ("capabilities that are an array of text", 'open["c", ~, ~, ~, ~, ~, ~, ~, #<e00401a10163>]', "open close(amqp:*)"),
    ("capabilities as Azure's Python clients write none", 'open["c", ~, ~, ~, ~, ~, ~, #<e00100>, #<e00100>]', "open close"),
    ("an octet behind the last field", frame(bytes.fromhex("005310 c005 01 a10163 40")), "open close(amqp:*)"),
    ("a map for a list", "#<005310>{\"c\"=1}", "open close(amqp:*)"),
    ("a count too large", frame(bytes.fromhex("005310 c004 09 a10163")), "open close(amqp:*)"),
    ("a size too large", frame(bytes.fromhex("005310 c009 01 a10163")), "open close(amqp:*)"),
    ("channel 1", '1: open["c"]', "open close(amqp:*)"),
    ("twice", 'open["c"]; open["c"]', "open close(amqp:*)"),
    ("begin instead", "begin[~, 0, 1, 1]", "open close(amqp:*)"),
]
FRAMES = [  # on an opened connection with a session on channel 0
    ("an extended header", frame(values("end[]"), offset=3, extended=b"more"), "end"),
    ("the largest extended header", frame(values("end[]"), offset=255, extended=bytes(1012)), "end"),
    ("a data offset of 1", frame(values("end[]"), offset=1), "close(amqp:connection:framing-error) eof"),
    ("a data offset behind the frame", frame(values("end[]"), offset=9), "close(amqp:connection:framing-error) eof"),
    ("a size below 8", frame(b"", size=7), "close(amqp:connection:framing-error) eof"),
    ("the largest frame", frame(values("end[]") + bytes(65536 - 12)), "end"),
    ("a frame one octet larger", frame(values("end[]") + bytes(65537 - 12)), "close(amqp:connection:framing-error) eof"),
    ("an unknown type", frame(values("end[]"), kind=2), "close(amqp:connection:framing-error) eof"),
    ("a SASL frame", "init['PLAIN']", "close(amqp:connection:framing-error) eof"),
    ("empty frames, on any channel, with an extended header", octets("empty; 5: empty") + frame(b"", offset=3, extended=b"more"), ""),
    ("a body that is not described", frame(b"\x43"), "close(amqp:*) eof"),
    ("half a body", frame(b"\0\x53"), "close(amqp:*) eof"),
    ("an unknown performative", "0x19[]", "close(amqp:*) eof"),
    ("a descriptor of another type", "#<00520a45>", "close(amqp:*) eof"),
    ("256 different octets", frame(bytes(range(256))), "close(amqp:*) eof"),
    ("a channel above channel-max", "8192: begin[~, 0, 1, 1]", "close(amqp:connection:framing-error) eof"),
    ("the last channel", "8191: begin[~, 0, 1, 1]", "begin"),
    ("close on another channel", "3: close[]", "close eof"),
    ("close with an error", "close[error['amqp:internal-error', \"bye\"]]", "close eof"),
    *((f"close with {error}", f"close[{error}]", "close(amqp:*) eof") for error in ('"boom"', "accepted[]", 'error["x"]', "error[]")),
    ("an end with a number for its error", "end[5]", "close(amqp:*) eof"),
    ("frames behind a close", "close[]; begin[~, 0, 1, 1]; #<ff>", "close eof"),
    ("a channel in use", "begin[~, 0, 1, 1]", "close(amqp:*) eof"),
    ("a begin that answers none", "1: begin[0, 0, 1, 1]", "close(amqp:*) eof"),
    ("a begin without windows", "1: begin[~, 0]", "close(amqp:*) eof"),
    ("end with an error", "end[error['amqp:internal-error']]", "end"),
    ("a channel that is used again", "end[]; begin[~, 7, 1, 1]; end[]", "end begin end"),
    *((f"{name} on a channel that never began", f"7: {text}", wanted) for name, text, wanted in (
        ("attach", 'attach["a", 0, true]', "close(amqp:*) eof"), ("flow", "flow[~, 1, 0, 1]", "close(amqp:*) eof"),
        ("transfer", "transfer[0, 0, <74>, 0]", "close(amqp:*) eof"), ("disposition", "disposition[true, 0]", "close(amqp:*) eof"),
        ("detach", "detach[0, true]", ""), ("end", "end[]", ""))),
    ("frames behind an end", "end[]; detach[0, true]; flow[~, 1, 0, 1]; transfer[0, 0, <74>, 0]", "end"),
    ("channels in any order", "9: begin[~, 0, 1, 1]; 4: begin[~, 0, 1, 1]; 6: begin[~, 0, 1, 1]", "begin begin begin"),
]


def raw_answer(hub, what, step=None):
    """All that comes after `what` as the first octets of a connection."""
    with Conversation(hub) as peer:
        peer.send(what, step)
        found = peer.until("close")
        if found[-1] is not None:
            found += peer.send("close[]").until()
        return said(found)


def sasl_answer(hub, what):
    """The code of the outcome, when it is none and the hub goes on or ends as it says; or "eof"."""
    with Conversation(hub) as peer:
        peer.send("sasl").send(what)
        _, mechanisms, outcome = (peer.next() for _ in range(3))
        if outcome is None:
            return "eof"
        rest = said(peer.answers('amqp; open["c"]; close[]'))
        wanted = "amqp open close eof" if outcome["code"] == "0" else "eof"
        return outcome["code"] if rest == wanted and mechanisms.name == "mechanisms" else f"{outcome['code']} {rest}"


def open_answer(hub, what):
    with Conversation(hub) as peer:
        found = peer.send("amqp").send(what).send("close[]").until("close")
        return said(found[1:])


def frame_answer(hub, device, what):
    with Conversation(hub).device(device) as peer:
        return said(peer.answers(what))


def check_octet_by_octet(verdicts, hub):
    whole = "sasl; init['ANONYMOUS']; amqp; open[\"c\"]; begin[~, 0, 9, 9]; end[]; close[]"
    for step in (1, 3, 7):
        verdicts.answer(f"records of {step} octets", lambda: raw_answer(hub, whole, step),
                        "sasl mechanisms outcome amqp open begin end close eof")
    with Conversation(hub).anonymous() as peer:
        peer.send(octets("empty") * 2000, 8)
        verdicts.answer("2000 empty frames in a record each", lambda: said(peer.answers()), "")


def check_replies(verdicts, hub, device):
    """What the hub says of itself, and that it keeps to what the peer says."""
    with Conversation(hub).sign_in(device.username, device.token(), opened='open["c", ~, ~, 0]', begun=None) as peer:
        begin = peer.exchange("50: begin[~, 4294967294, 1, 1]", 1)[0]
        verdicts.judge("begin for channel-max 0", f"{begin.channel} {begin['remote-channel']}", "0 50")
        peer.send('50: attach["l", 0, false, ~, ~, source[], target["%s"], ~, ~, 0]' % device.address("messages/events")).until("flow")
        peer.send("50: transfer[0, 0, <74>, 0, true] + data<78>; 50: transfer[0, 1, <75>, 0, true] + data<78>")
        flow = peer.exchange("50: flow[1, 1, 0, 1, ~, ~, ~, ~, ~, true]", 1)[0]
        verdicts.judge("next-incoming-id that wraps", flow["next-incoming-id"], "0")
        verdicts.judge("a session's flow", f"{flow['handle']} {flow['delivery-count']} {flow['link-credit']}", "~ ~ ~")
    with Conversation(hub).sign_in(device.username, device.token(), begun=None) as peer:
        begun = [peer.exchange("; ".join(f"{channel}: begin[~, 0, 1, 1]" for channel in range(first, first + 1024)), 1024)
                 for first in range(0, 8192, 1024)]
        count = sum(each.name == "begin" for part in begun for each in part)
        verdicts.judge("sessions on all channels to channel-max", f"{count}", "8192")


def test():
    verdicts = Verdicts()
    with Hub() as hub:
        device = hub.create_device("known")
        for what, octets_, wanted in HEADERS:
            verdicts.answer(f"header: {what}", lambda: raw_answer(hub, octets_), wanted)
        for what, octets_, wanted in SASL:
            verdicts.answer(f"SASL: {what}", lambda: sasl_answer(hub, octets_), wanted)
        for what, octets_, wanted in OPENS:
            verdicts.answer(f"open: {what}", lambda: open_answer(hub, octets_), wanted)
        for what, octets_, wanted in FRAMES:
            verdicts.answer(f"frame: {what}", lambda: frame_answer(hub, device, octets_), wanted)
        check_octet_by_octet(verdicts, hub)
        check_replies(verdicts, hub, device)
    verdicts.check()
    return f"{verdicts.count} headers, SASL frames, opens, frames and sessions are answered as the standard says"


main(test)
