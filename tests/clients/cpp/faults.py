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
SOAK = int(os.environ.get("SOAK", "0"))  # seconds of faults: `make soak`; otherwise until two dozen have hit
COUNT = max(1500, 150 * SOAK)
COMMANDS = max(40, SOAK)
LIMIT = 100 + 2 * SOAK  # seconds


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


def break_things(proxies, programs, chance):
    """Another fault every few tenths of a second, until all programs have ended or enough faults have hit. The connections that are
    made after it are now and then refused, or overtaken by later ones; and what comes is now and then late, some of it by a lot."""
    turn, hits, until = 0, 0, time.monotonic() + (SOAK or 160)
    while time.monotonic() < until and any(each.process.poll() is None for each in programs):
        turn += 1
        time.sleep(chance.uniform(0.05, 0.5) * (10 if SOAK else 1))
        if hits >= 24 and not SOAK:
            continue
        proxy = proxies[turn % 3 == 0]  # the second one has one connection only
        proxy.attempts(*chance.choice([[], ["refuse"], ["hold"], ["refuse", "hold", "refuse"]]))
        hits += [proxy.reset, proxy.close, proxy.stall, proxy.half_open][turn % 4]() > 0
        proxy.delay(chance.choice([0, 0, 0.02, 0.2]))
    for proxy in proxies:
        proxy.delay(0)
        proxy.attempts()
    return hits


def body_of(line):
    return line.split(" ", 1)[1]


def led_through(proxy, hub, connection_string):
    return connection_string.replace(f"HostName={hub.hostname};", f"HostName={hub.hostname}:{proxy.port};")


def test():
    chance = random.Random(20151029)
    # What was handed to a connection that is dead without the hub's knowing comes again when its lock has run out.
    short_locks = {**os.environ, "CAPSTAN_COMMANDS__LOCK": "5s", "CAPSTAN_FEEDBACK__LOCK": "5s"}
    with Hub(environment=short_locks) as hub, FaultyProxy(hub.amqps_port) as proxy, FaultyProxy(hub.https_port) as web:
        # A device for each program, for each has one connection only.
        talker, listener, surfer = hub.create_device("talker"), hub.create_device("listener"), hub.create_device("surfer")
        around = {"DEVICE": led_through(proxy, hub, listener.connection_string), "DEVICE_ID": listener.id, "TOKEN_LIFE": "3",
                  "SERVICE": led_through(proxy, hub, hub.connection_string("service"))}
        events = hub.event_hub_connection_string().replace(f":{hub.amqps_port}/", f":{proxy.port}/")

        reader = Program(hub, "read", 10 * COUNT, **{**around, "SERVICE": events})  # until it is killed
        sender = Program(hub, "send", COUNT, **{**around, "DEVICE": led_through(proxy, hub, talker.connection_string)})
        over_web = Program(hub, "send", COUNT, **{**around, "DEVICE": surfer.connection_string, "WEBSOCKETS": "1", "PORT": str(web.port),
                                                  "FROM": str(COUNT)})
        receiver = Program(hub, "receive", 10 * COUNT, **around)  # likewise
        confirmer = Program(hub, "confirm", COMMANDS, **around)
        hits = break_things([proxy, web], [sender, over_web, confirmer], chance)
        sender.finish("send")
        over_web.finish("send over WebSockets")
        confirmer.finish("confirm")
        receiver.process.kill()

        done = proxy.done + web.done
        expect(all(done[kind] for kind in ("reset", "close", "stall", "half_open", "refuse", "hold")), f"not all faults have hit: {done}")
        expect_equal(sorted(map(int, sender.all("accepted"))), list(range(COUNT)), "messages accepted, each once")
        expect_equal(sorted(map(int, over_web.all("accepted"))), list(range(COUNT, 2 * COUNT)), "messages over WebSockets, each once")
        expect_equal(sender.all("failed") + over_web.all("failed"), [], "messages that failed")
        expect_equal(sorted(map(int, confirmer.all("Success"))), list(range(COMMANDS)), "commands confirmed")
        # When a connection is lost before the hub's answer is there, the device cannot know whether its outcome counted.
        seen = receiver.all("completed") + [line.split(":")[0] for line in receiver.all("unsettled")]
        expect_equal({int(each) for each in seen}, set(range(COMMANDS)), "commands that the device has seen")
        for each, what in ((sender, "send"), (over_web, "send over WebSockets"), (confirmer, "confirm"), (reader, "read"),
                           (receiver, "receive")):
            expect(any("waiting" in state for state in each.all("state")), f"no fault hit {what}")

        until(lambda: time.sleep(0.2) or 2 * COUNT == len({body_of(line) for line in reader.all("event")}), 30 + SOAK / 20,
              "all messages to be read")
        reader.process.kill()
        read = [tuple(map(int, line.split("/")[:2])) for line in reader.all("event")]
        for partition in {each[0] for each in read}:
            numbers = [number for found, number in read if found == partition]
            expect_equal(numbers, list(range(len(numbers))), f"sequence numbers read from partition {partition}, in order")
    return (f"{2 * COUNT} messages and {COMMANDS} confirmed commands through {hits} cuts, stalls and half-open connections, "
            "also of WebSockets, none lost")


main(test)
