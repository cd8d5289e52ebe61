"""The C++ clients through a network that breaks: nothing is lost, nothing goes unsaid, and everything comes back by itself."""
import os
import pathlib
import random
import subprocess
import threading
import time

from harness.faulty_proxy import FaultyProxy
from harness.hub import CAPSTAN, Hub, expect, expect_equal, main, until

PROGRAM = pathlib.Path(CAPSTAN).parent / "tests/client_program"
COUNT = 1500
COMMANDS = 40
LIMIT = 100  # seconds


class Program:
    def __init__(self, hub, mode, count, **environment):
        self.lines = []
        self.process = subprocess.Popen([PROGRAM, mode, str(count)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        env={"PATH": os.environ["PATH"], "CAPSTAN_CA": str(hub.ca), **environment})
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.strip())

    def finish(self, what):
        try:
            status = self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"{what} did not end: {self.lines[-5:]}") from None
        self.reader.join()
        expect_equal(status, 0, f"{what}: status, after {self.lines[-3:]}")
        return self

    def all(self, word):
        return [line.split(" ", 1)[1] for line in self.lines if line.startswith(word + " ")]


def break_things(proxy, programs, chance):
    """Another fault every few tenths of a second, until all programs have ended or a dozen faults have hit."""
    faults = [proxy.reset, proxy.close, proxy.stall, proxy.half_open]
    hits = 0
    for turn in range(400):
        if all(each.process.poll() is not None for each in programs):
            break
        time.sleep(chance.uniform(0.05, 0.5))
        if hits < 12:
            hits += faults[turn % len(faults)]() > 0
            proxy.delay(chance.choice([0, 0, 0.02]))
    proxy.delay(0)
    return hits


def body_of(line):
    return line.split(" ", 1)[1]


def led_through(proxy, hub, connection_string):
    return connection_string.replace(f"HostName={hub.hostname};", f"HostName={hub.hostname}:{proxy.port};")


def test():
    chance = random.Random(20151029)
    # What was handed to a connection that is dead without the hub's knowing comes again when its lock has run out.
    short_locks = {**os.environ, "CAPSTAN_COMMANDS__LOCK": "5s", "CAPSTAN_FEEDBACK__LOCK": "5s"}
    with Hub(environment=short_locks) as hub, FaultyProxy(hub.amqps_port) as proxy:
        # Two devices, for each has one connection only.
        talker, listener = hub.create_device("talker"), hub.create_device("listener")
        around = {"DEVICE": led_through(proxy, hub, listener.connection_string), "DEVICE_ID": listener.id, "TOKEN_LIFE": "3",
                  "SERVICE": led_through(proxy, hub, hub.connection_string("service"))}
        events = hub.event_hub_connection_string().replace(f":{hub.amqps_port}/", f":{proxy.port}/")

        reader = Program(hub, "read", 1_000_000, **{**around, "SERVICE": events})
        sender = Program(hub, "send", COUNT, **{**around, "DEVICE": led_through(proxy, hub, talker.connection_string)})
        receiver = Program(hub, "receive", 1_000_000, **around)
        confirmer = Program(hub, "confirm", COMMANDS, **around)
        hits = break_things(proxy, [sender, confirmer], chance)
        sender.finish("send")
        confirmer.finish("confirm")
        receiver.process.kill()

        expect_equal(sorted(map(int, sender.all("accepted"))), list(range(COUNT)), "messages accepted, each once")
        expect_equal(sender.all("failed"), [], "messages that failed")
        expect_equal(sorted(map(int, confirmer.all("Success"))), list(range(COMMANDS)), "commands confirmed")
        # When a connection is lost before the hub's answer is there, the device cannot know whether its outcome counted.
        seen = receiver.all("completed") + [line.split(":")[0] for line in receiver.all("unsettled")]
        expect_equal({int(each) for each in seen}, set(range(COMMANDS)), "commands that the device has seen")
        for each, what in ((sender, "send"), (confirmer, "confirm"), (reader, "read")):
            expect(any("waiting" in state for state in each.all("state")), f"no fault hit {what}")

        until(lambda: time.sleep(0.2) or COUNT == len({body_of(line) for line in reader.all("event")}), 30, "all messages to be read")
        reader.process.kill()
        read = [tuple(map(int, line.split(" ")[0].split("/"))) for line in reader.all("event")]
        for partition in {each[0] for each in read}:
            numbers = [number for found, number in read if found == partition]
            expect_equal(numbers, list(range(len(numbers))), f"sequence numbers read from partition {partition}, in order")
    return f"{COUNT} messages and {COMMANDS} confirmed commands through {hits} cuts, stalls and half-open connections, none lost"


main(test)
