"""What the hub sends: commands and their outcomes (part 3, section 3.4), windows that are kept to, and the answers of $cbs."""
from harness.hub import Hub, main
from wire.conversation import Conversation, Verdicts, said
from wire.notation import frame, sections, values

TO = "/devices/known/messages/devicebound"
RECEIVER = f'attach["r", 0, true, ~, ~, source["{TO}"], target["t"]]'
TAKEN_BACK = [  # outcomes after which the command comes again, under another delivery-id
    ("released", "settled", "released[]"),
    ("released", "unsettled", "released[]"),
    ("modified", "settled", "modified[true, false]"),
    ("modified, undeliverable here", "unsettled", "modified[true, true]"),
    ("no state", "settled", "~"),
]
NO_OUTCOMES = [
    ("received", "disposition[true, {id}, ~, false, received[0, 0]]"),
    ("no state, unsettled", "disposition[true, {id}, ~, false]"),
    ("a state that is unknown", "disposition[true, {id}, ~, false, 0x99[]]"),
    ("the wrong role", "disposition[false, {id}, ~, true, accepted[]]"),
    ("another delivery", "disposition[true, 77, ~, true, accepted[]]"),
]
BODIES = [  # of a command, and what its device gets; the clients of Azure read data, and what is not data stays what it is
    ("data<61> data<62>", "data<6162>"),
    ('value"ab"', "data<6162>"),
    ("value'ab'", "data<6162>"),
    ("value<6162>", "data<6162>"),
    ("", "data<>"),
    ("value~", "data<>"),
    ("value int:7", "value int:7"),
    ("value true", "value true"),
    ('value{"k"=[1, 2]}', 'value{"k"=[1, 2]}'),
    ("sequence[int:1] sequence[]", "sequence[int:1] sequence[]"),
]
MESSAGE_IDS = ['"a"', "ulong:7", "ulong:18446744073709551615", "#<98000102030405060708090a0b0c0d0e0f>", "<0001>"]


class Service:
    """Sends commands to the device, and waits for each to be accepted."""

    def __init__(self, hub):
        self._peer, self._number = Conversation(hub).service(hub), 0
        self._peer.answers('attach["c", 0, false, ~, ~, source[], target["/messages/devicebound"], ~, ~, 0]')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._peer.__exit__()

    def command(self, size=1, more="", body=None):
        body = f'data<{"78" * size}>' if body is None else body
        transfer = values(f'transfer[0, {self._number}, <{self._number:08x}>, 0] + properties["id", ~, "{TO}"] {more} {body}')
        self._number += 1
        return str(self._peer.send(frame(transfer)).until("disposition")[-1])


class Commands:
    """The device's link to receive commands on."""

    def __init__(self, hub, device, **opened):
        self.peer, self._received = Conversation(hub).device(device, **opened), 0
        self.peer.answers(RECEIVER)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.peer.__exit__()

    def fetch(self):
        """The next command: its transfer's first frame, all of its payload, its largest frame."""
        self.peer.send(f"flow[1, 5000, 0, 5000, 0, {self._received}, 1]")
        self._received += 1
        frames = [self.peer.until("transfer")[-1]]
        while frames[-1]["more"] == "true":
            frames.append(self.peer.next())
        return frames[0], b"".join(each.payload for each in frames), max(each.size for each in frames)


def check_outcomes(verdicts, hub, device, service):
    service.command()
    with Commands(hub, device) as commands:
        transfer, payload, _ = commands.fetch()
        verdicts.judge("a command's transfer", f"{transfer['delivery-id']} {len(transfer['delivery-tag'])} {transfer['message-format']} "
                       f"{len(transfer.fields)}", "0 34 0 11")
        verdicts.judge("a command's sections", " ".join(name for name, _, _ in sections(payload)), "message-annotations properties data")
        for what, text in NO_OUTCOMES:
            verdicts.judge(what, said(commands.peer.answers(text.format(id=0))), "")
        for number, (what, settled, state) in enumerate(TAKEN_BACK):
            commands.peer.send(f"disposition[true, {number}, ~, {str(settled == 'settled').lower()}, {state}]")
            if settled == "unsettled":
                verdicts.judge(f"{what} is confirmed", confirmed(commands.peer), f"false {number} true accepted[[]]")
            verdicts.judge(f"{what} comes again", commands.fetch()[0]["delivery-id"], str(number + 1))
        commands.peer.send(f"disposition[true, {len(TAKEN_BACK)}, ~, false, rejected[error['amqp:internal-error', \"no\"]], true]")
        verdicts.judge("rejected is confirmed", confirmed(commands.peer), f"false {len(TAKEN_BACK)} true accepted[[]]")


def check_bodies(verdicts, hub, device, service):
    with Commands(hub, device) as commands:
        for number, (sent, wanted) in enumerate(BODIES):
            verdicts.judge(f"a command of {sent}", service.command(body=sent), "disposition(accepted)")
            found = b"".join(octets for name, _, octets in sections(commands.fetch()[1])[2:])
            verdicts.judge(f"what a device gets of {sent}", found.hex(), values(wanted).hex())
            commands.peer.send(f"disposition[true, {number}, ~, true, accepted[]]")


def confirmed(peer):
    found = peer.until("disposition")[-1]
    return f"{found['role']} {found['first']} {found['settled']} {found['state']}"


def check_ranges(verdicts, hub, device, service):
    for _ in range(4):
        service.command()
    with Commands(hub, device) as commands:
        verdicts.judge("delivery-ids", " ".join(commands.fetch()[0]["delivery-id"] for _ in range(4)), "0 1 2 3")
        commands.peer.send("disposition[true, 0, 2, false, accepted[], true]")
        settled = set()
        while len(settled) < 3:
            found = commands.peer.until("disposition")[-1]
            settled |= set(range(int(found["first"]), 1 + int(found["first"] if found["last"] == "~" else found["last"])))
        verdicts.judge("a range", f"{sorted(settled)}", "[[]0, 1, 2]")
        beyond = commands.peer.answers("disposition[true, 3, 2000000000, true, accepted[]]")
        verdicts.judge("a range beyond what there is", said(beyond), "")


def check_sizes(verdicts, hub, device, service):
    service.command(3000)
    with Commands(hub, device, opened='open["peer", ~, 512]') as commands:
        _, payload, largest = commands.fetch()
        verdicts.judge("a command in frames of 512", f"{largest <= 512} {sections(payload)[-1][1].count('78')}", "True 3000")
        commands.peer.answers("disposition[true, 0, ~, true, accepted[]]")


def check_windows(verdicts, hub, device, service):
    """The receiver's incoming-window counts frames, and is not overrun (2.5.6)."""
    service.command(2000)
    with Conversation(hub).device(device, opened='open["peer", ~, 512]', begun="begin[~, 0, 0, 0]") as peer:
        peer.answers(RECEIVER)
        verdicts.judge("a window of 0", said(peer.answers("flow[1, 0, 0, 0, 0, 0, 1]")), "")
        verdicts.judge("a window of 1", said(peer.exchange("flow[1, 1, 0, 0]", 1) + peer.answers()), "transfer")
        verdicts.judge("a window of 2 that one frame was not yet counted for", said(peer.exchange("flow[1, 2, 0, 0]", 1) + peer.answers()),
                       "transfer")
        peer.send("flow[3, 100, 0, 0]")
        found = [peer.next()]
        while found[-1]["more"] == "true":
            found.append(peer.next())
        verdicts.judge("the rest", said(found), "transfer*transfer")
        peer.answers("disposition[true, 0, ~, true, accepted[]]")


def check_drains(verdicts, hub, device, service):
    """A drain is answered by flow also when it used all credit up, and when there was none (2.6.7)."""
    service.command()
    with Conversation(hub).device(device) as peer:
        peer.answers(RECEIVER)
        verdicts.judge("a drain of all there is", said(peer.exchange("flow[1, 5000, 0, 5000, 0, 0, 1, ~, true]", 2)), "transfer flow")
        peer.answers("disposition[true, 0, ~, true, accepted[]]")
    for _ in range(3):
        service.command()
    with Conversation(hub).device(device, begun="begin[~, 0, 2, 0]") as peer:
        peer.answers(RECEIVER)
        verdicts.judge("a drain at a window of 2", said(peer.exchange("flow[1, 2, 0, 0, 0, 0, 10, ~, true]", 2) + peer.answers()),
                       "transfer transfer")
        verdicts.judge("the rest of it", said(peer.exchange("flow[3, 2, 0, 0]", 2)), "transfer flow")
        peer.answers("disposition[true, 0, 2, true, accepted[]]")
    with Conversation(hub).device(device) as peer:
        peer.answers('attach["t", 0, false, ~, ~, source[], target["/devices/known/messages/events"], ~, ~, 0]')
        peer.send("transfer[0, 0, <74>, 0] + data<78>").until("disposition")
    for partition in range(4):
        address = f"{hub.event_hub()['EntityPath']}/ConsumerGroups/$Default/Partitions/{partition}"
        with Conversation(hub).service(hub, "iothubowner") as peer:
            peer.answers(f'attach["r", 0, true, ~, ~, source["{address}"], target["t"]]')
            found = peer.send("flow[1, 5000, 0, 5000, 0, 0, 1, ~, true]").until("transfer", "flow")[-1]
            if found.name == "flow":
                continue  # an empty partition
            if verdicts.answer("a drain of all events", lambda: said(peer.until("flow")), "flow"):
                peer.send("flow[2, 5000, 0, 5000, 0, 1, 0, ~, true]")
                verdicts.answer("a drain of events without credit", lambda: said(peer.until("flow")), "flow")


def check_cbs(verdicts, hub, device):
    """An answer's correlation-id is the request's message-id, of the same type, and comes after the request's settlement."""
    token = f'application-properties{{"operation"="put-token", "type"="servicebus.windows.net:sastoken", "name"="{device.resource}"}} ' \
            f'value"{device.token()}"'
    for asked, mode, settled in (("~", "0", "false"), ("0", "0", "false"), ("1", "1", "true"), ("2", "2", "false")):
        with Conversation(hub).anonymous() as peer:
            attach = peer.answers(f'attach["r", 1, true, {asked}, ~, source["$cbs"], target[]]')[0]
            peer.answers('attach["s", 0, false, ~, ~, source[], target["$cbs"], ~, ~, 0]; flow[1, 9, 0, 9, 1, 0, 9]')
            found = peer.send(f'transfer[0, 0, <74>, 0] + properties["id"] {token}').until("transfer")[-1]
            verdicts.judge(f"snd-settle-mode {asked} of a link of answers", f"{attach['snd-settle-mode']} {found['settled']}",
                           f"{mode} {settled}")
    for message_id in MESSAGE_IDS:
        with Conversation(hub).anonymous() as peer:
            peer.answers('attach["s", 0, false, ~, ~, source[], target["$cbs"], ~, ~, 0]; '
                         'attach["r", 1, true, ~, ~, source["$cbs"], target[]]; flow[1, 9, 0, 9, 1, 0, 9]')
            found = peer.send(f"transfer[0, 0, <74>, 0] + properties[{message_id}] {token}").until("transfer")
            verdicts.judge(f"put-token {message_id}", said(found), "disposition(accepted) transfer")
            properties, application = sections(found[-1].payload)[:2]
            verdicts.judge(f"correlation-id {message_id}", properties[2].hex(), f"*40404040 40{values(message_id).hex()}*".replace(" ", ""))
            verdicts.judge(f"status for {message_id}", application[1], '{"status-code"=200, *')


def test():
    verdicts = Verdicts()
    with Hub() as hub:
        device = hub.create_device("known")
        with Service(hub) as service:
            check_outcomes(verdicts, hub, device, service)
            check_bodies(verdicts, hub, device, service)
            check_ranges(verdicts, hub, device, service)
            check_sizes(verdicts, hub, device, service)
            check_windows(verdicts, hub, device, service)
            check_drains(verdicts, hub, device, service)
            verdicts.judge("a command with an array without a constructor",
                           service.command(more='application-properties{"k"=#<e00100>}'), "disposition(rejected *)")
        check_cbs(verdicts, hub, device)
    verdicts.check()
    return f"{verdicts.count} times commands, events and answers are sent, settled and held back as the standard says"


main(test)
