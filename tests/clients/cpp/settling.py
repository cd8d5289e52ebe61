"""Outcomes that nobody answers: they end at their time, or when they are taken back, and the message comes again."""
import os
import pathlib
import subprocess

from harness.faulty_proxy import FaultyProxy
from harness.hub import CAPSTAN, Hub, expect, expect_equal, main, running
from harness.uamqp_links import send_command

PROGRAM = pathlib.Path(CAPSTAN).parent / "tests/client_program"
LIMIT = 30  # seconds


def test():
    short_locks = {**os.environ, "CAPSTAN_COMMANDS__LOCK": "5s"}
    with Hub(environment=short_locks, well_known_ports=True) as hub, FaultyProxy(hub.amqps_port) as proxy:
        device = hub.create_device("dev1")
        for n in range(2):
            send_command(hub, device.id, f"c{n}", b"%d" % n)
        led = device.connection_string.replace("HostName=localhost;", f"HostName=localhost:{proxy.port};")
        settings = {"DEVICE": led, "CAPSTAN_CA": str(hub.ca), "PATH": os.environ["PATH"]}
        with running([PROGRAM, "hold", "2"], env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
            expect_equal(program.stdout.readline(), "holding two\n", "both commands have come")
            proxy.stall()
            said, _ = program.communicate("go\n", timeout=LIMIT)
        taken_back, late = said.splitlines()
        expect(taken_back.startswith("taken-back ") and "cancel" in taken_back, f"an outcome that was taken back: {taken_back}")
        expect(late.startswith("late ") and "no answer to the outcome" in late, f"an outcome without an answer: {late}")
        again = subprocess.run([PROGRAM, "receive", "2"], env={**settings, "DEVICE": device.connection_string}, capture_output=True,
                               text=True, timeout=LIMIT)
        expect_equal(sorted(line for line in again.stdout.splitlines() if line.startswith("completed")), ["completed 0", "completed 1"],
                     "both come again")
    return "an outcome ends with its time or its caller's patience, and its message comes again"


main(test)
