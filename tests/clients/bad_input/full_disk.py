"""A full disk: the hub stops accepting and says so, keeps what it accepted, and goes on when there is room again."""
import os
import time

from harness import isolate, small_disk
from harness.event_reader import EventReader, body, sequence_number
from harness.hub import Hub, expect, expect_equal, main, until
from harness.raw_amqp import ACCEPTED, CLOSE, DETACH, END, SENDER, RawClient, message

MIB = 1024 * 1024
ROOM, MORE_ROOM = 96 * MIB, 256 * MIB
PIECE = 50_000
SAYS_SO = "the store takes no writes"  # src/server/store_watch.cpp, which looks once a second


def fill(hub, device):
    """Sends until the hub will not take more; (the accepted bodies, how it refused)."""
    accepted = []
    with RawClient(hub, limit=30).connect_as(device.username, device.token()) as client:
        client.attach(SENDER, 1, device.address("messages/events"))
        for n in range(2 * ROOM // PIECE):
            name = b"%08d" % n
            client.transfer(1, message(name + os.urandom(PIECE)))
            try:
                answer = client.outcome(DETACH, END, CLOSE)
            except (TimeoutError, EOFError) as error:
                raise AssertionError(f"after {n} messages the hub answered no more: {type(error).__name__}") from None
            if not isinstance(answer, tuple) or answer[0] != ACCEPTED:
                return accepted, answer
            accepted.append(name)
    raise AssertionError("the disk did not fill")


def stored(hub):
    with EventReader(hub) as reader:
        events = [event for part in reader.read_all().values() for event in part]
    expect_equal([sequence_number(event) for event in events], list(range(len(events))), "sequence numbers")
    return [body(event)[:8] for event in events]


def accepts_again(hub, device):
    try:
        with RawClient(hub).connect_as(device.username, device.token()) as client:
            client.attach(SENDER, 1, device.address("messages/events"))
            client.transfer(1, message(b"room again"))
            answer = client.outcome(DETACH, END, CLOSE)
            return isinstance(answer, tuple) and answer[0] == ACCEPTED
    except (AssertionError, EOFError, TimeoutError):
        return False


def test():
    disk = small_disk.Mounted(ROOM) if isolate.enter("mount") else small_disk.Played(ROOM)
    hub = Hub(data=disk.folder / "data", environment=disk.environment).start()
    device = hub.create_device("full")
    accepted, answer = fill(hub, device)
    expect(hub.process.poll() is None, f"the hub died of a full disk with status {hub.process.returncode}")
    until(lambda: time.sleep(0.1) or SAYS_SO in hub.log.read_text(errors="replace"), 30, f"the log says {SAYS_SO!r}")
    expect(len(accepted) > 100, f"only {len(accepted)} messages fitted in {ROOM} bytes")
    hub.kill()

    disk.grow(MORE_ROOM)
    hub = Hub(data=hub.data, environment=disk.environment).start()
    device.hub = hub
    kept = stored(hub)
    missing = set(accepted) - set(kept)
    expect(not missing and len(kept) == len(set(kept)), f"{len(missing)} of {len(accepted)} accepted messages are lost")
    until(lambda: accepts_again(hub, device), 30, "a message is accepted once there is room")
    hub.stop()
    return (f"{len(accepted)} messages until the {disk.kind} disk was full, the next one refused ({kind(answer)}), none lost, "
            "more after there was room")


def kind(answer):
    return f"outcome {answer[0]:#x}" if isinstance(answer, tuple) else f"frame {answer.performative:#x}"


main(test)
