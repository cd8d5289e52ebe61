"""A device that sends any octets as messages, and a reader of what the event-hub-compatible endpoint makes of them."""
from .conversation import Conversation
from .notation import frame, sections, values

SENDER = 'attach["s", 0, false, ~, ~, source[], target["/devices/known/messages/events"], ~, ~, 0]'
PARTITIONS = 4


class Telemetry:
    """One message after the other on a link of the device's."""

    def __init__(self, hub, device):
        self._peer, self._number = Conversation(hub).device(device), 0
        self._peer.answers(SENDER)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._peer.__exit__()

    def outcome(self, message):
        """The disposition of this message, or what comes in its place."""
        transfer = values(f"transfer[0, {self._number}, <{self._number:08x}>, 0]")
        self._number += 1
        self._peer.send(frame(transfer + message))
        return str(self._peer.until("disposition", "detach", "end", "close")[-1])


class Reader:
    """All events, from the first: one device's, so of one partition and in their order."""

    def __init__(self, hub, opened='open["peer"]'):
        self._peer = Conversation(hub).service(hub, "iothubowner", opened=opened)
        address = f"{hub.event_hub()['EntityPath']}/ConsumerGroups/$Default/Partitions"
        for partition in range(PARTITIONS):
            self._peer.answers(f'attach["{partition}", {partition}, true, ~, ~, source["{address}/{partition}"], target["t"]]')
        self._peer.send("; ".join(f"flow[1, 1000000, 0, 1, {partition}, 0, 1000000]" for partition in range(PARTITIONS)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._peer.__exit__()

    def next(self):
        """One event, and the size of the largest frame that it came in."""
        payload, largest = b"", 0
        while True:
            found = self._peer.until("transfer")[-1]
            payload, largest = payload + found.payload, max(largest, found.size)
            if found["more"] != "true":
                return payload, largest


def event(hub, number, **options):
    """The event that has so many before it, and the size of its largest frame."""
    with Reader(hub, **options) as reader:
        for _ in range(number):
            reader.next()
        return reader.next()


def check_events(verdicts, hub, sent):
    """A reader gets the sender's sections octet by octet and in the standard's order, behind the hub's annotations (part 3, 3.2)."""
    with Reader(hub) as reader:
        events = [reader.next()[0] for _ in sent]
    for number, (message, received) in enumerate(zip(sent, events)):
        annotations, *found = sections(received)
        verdicts.judge(f"annotations of {message.hex()}", f"{annotations[0]} {annotations[1]}",
                       f"message-annotations *'x-opt-sequence-number'={number},*")
        kept = [octets for name, _, octets in sections(message) if name not in ("header", "delivery-annotations", "message-annotations")]
        verdicts.judge(f"event of {message.hex()}", b"".join(octets for _, _, octets in found).hex(), b"".join(kept).hex())
