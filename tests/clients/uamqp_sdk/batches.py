"""uAMQP's BatchMessage (message format 0x80013700), and a message far larger than one frame."""
import uamqp

from harness.event_reader import EventReader, body, sequence_number
from harness.hub import Hub, expect_equal, main
from harness.uamqp_links import device_uri, send

COUNT = 50
LARGE = 250_000


def test():
    with Hub(well_known_ports=True) as hub:
        device = hub.create_device("batches")
        target = device_uri(device, device.address("messages/events"))
        send(target, uamqp.BatchMessage(b"entry %d" % n for n in range(COUNT)))
        large = bytes(n * 7 % 256 for n in range(LARGE))
        send(target, uamqp.Message(large))
        with EventReader(hub) as reader:
            events = [event for part in reader.read_all().values() for event in part]
    expect_equal([body(event) for event in events[:-1]], [b"entry %d" % n for n in range(COUNT)], "the batch's entries")
    expect_equal(body(events[-1]) == large, True, "the large message is unchanged")
    expect_equal([sequence_number(event) for event in events], list(range(COUNT + 1)), "sequence numbers")
    return f"a batch of {COUNT} becomes {COUNT} events in order, a message of {LARGE} bytes arrives unchanged"


main(test)
