"""Several processes share the partitions of an event hub by way of a folder: one comes, one is killed, and nothing is left out."""
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import time

from harness.hub import CAPSTAN, Hub, expect, expect_equal, main, until

PROGRAM = pathlib.Path(CAPSTAN).parent / "tests/client_program"
PARTITIONS = {"0", "1", "2", "3"}
DEVICES = 8  # enough for telemetry in every partition
IN_A_ROUND = 40  # messages of each device
LIMIT = 60  # seconds


class Reader:
    """A process that reads, and the lines that it has said."""

    def __init__(self, hub, mode="share", **environment):
        self.lines = []
        self.process = subprocess.Popen([PROGRAM, mode, "1000000"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        env={"PATH": os.environ["PATH"], "CAPSTAN_CA": str(hub.ca), **environment})
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.strip())

    def read(self):
        return {line.split()[1] for line in list(self.lines) if line.startswith("read ")}

    def partitions(self):
        return {line.split()[1].split("/")[0] for line in list(self.lines) if line.startswith("done ")}


class Checkpoints:
    """Looks at the files as they change: a checkpoint that goes back is noted."""

    def __init__(self, folder):
        self.folder, self.last, self.backwards, self.over = pathlib.Path(folder), {}, [], threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self):
        try:
            while not self.over.wait(0.01):
                self._look()
        except Exception as failure:  # would end this thread only, and nobody would look any more
            self.failure = failure

    def _look(self):
        for file in self.folder.glob("*.json"):
            number = json.loads(file.read_text())["sequenceNumber"]  # renamed when whole
            if number < self.last.get(file.stem, -1):
                self.backwards.append((file.stem, self.last[file.stem], number))
            self.last[file.stem] = number

    def check(self):
        """That there were some, of every partition and with something read, and that none went back."""
        self.over.set()
        self.thread.join()
        if self.failure:
            raise self.failure
        expect_equal({partition for partition, number in self.last.items() if number > 0}, PARTITIONS, "partitions with a checkpoint")
        expect_equal(self.backwards, [], "checkpoints that went back")


def send(hub, devices):
    for device in devices:
        hub.cli("device", "send-d2c-message", device.id, "--msg-count", str(IN_A_ROUND))


def all_read(readers):
    return set().union(*(each.read() for each in readers))


def test():
    with Hub() as hub, tempfile.TemporaryDirectory() as folder:
        devices = [hub.create_device(f"dev{number}") for number in range(DEVICES)]
        events = hub.event_hub_connection_string()
        around = {"SERVICE": events, "CHECKPOINTS": folder}
        checkpoints = Checkpoints(folder)
        readers = [Reader(hub, **around), Reader(hub, **around)]

        def send_and_wait(rounds, what):
            send(hub, devices)
            wanted = rounds * DEVICES * IN_A_ROUND
            until(lambda: time.sleep(0.1) or len(all_read(readers)) >= wanted, LIMIT, f"all to be read {what}: {len(all_read(readers))}")

        send_and_wait(1, "by two")
        readers.append(Reader(hub, **around))
        send_and_wait(2, "by three")
        until(lambda: time.sleep(0.1) or send_one(hub, devices) or readers[2].partitions(), LIMIT, "the third to get a partition")
        readers[0].process.kill()  # without a word: its claims run out
        readers[0].process.wait()
        before = len(all_read(readers))
        send(hub, devices)
        until(lambda: time.sleep(0.1) or len(all_read(readers)) >= before + DEVICES * IN_A_ROUND, LIMIT, "all to be read by the other two")
        checkpoints.check()
        check_numbers(all_read(readers))
        for each in readers[1:]:
            expect(each.process.poll() is None, f"a reader ended: {each.lines[-3:]}")
            each.process.kill()

        displaced = Reader(hub, "read", SERVICE=events, OWNER_LEVEL="1")
        until(lambda: time.sleep(0.1) or displaced.lines, LIMIT, "the reader of owner level 1 to read")
        above = Reader(hub, "read", SERVICE=events, OWNER_LEVEL="2")
        expect_equal(displaced.process.wait(LIMIT), 1, "the status of a displaced reader")
        until(lambda: time.sleep(0.1) or any("displaced" in line for line in displaced.lines), LIMIT, "it to say why")
        expect(above.process.poll() is None, "the reader of owner level 2 goes on")
        above.process.kill()
    return "two, then three processes share four partitions, one is killed: all read, no checkpoint goes back; owner levels displace"


def check_numbers(read):
    """No event of any partition was left out."""
    expect_equal({each.split("/")[0] for each in read}, PARTITIONS, "partitions that were read")
    for partition in PARTITIONS:
        numbers = sorted(int(each.split("/")[1]) for each in read if each.split("/")[0] == partition)
        expect_equal(numbers, list(range(len(numbers))), f"events of partition {partition} that were read")


def send_one(hub, devices):
    for device in devices:
        hub.cli("device", "send-d2c-message", device.id)


main(test)
