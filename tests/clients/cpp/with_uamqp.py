"""The C++ clients with uAMQP at the other end, in the seed's own words: commands and their outcomes each way round."""
import os
import pathlib
import subprocess
import threading

from harness.hub import CAPSTAN, Hub, expect_equal, main
from harness.uamqp_links import device_uri, feedback, payload, receive, send_command

PROGRAM = pathlib.Path(CAPSTAN).parent / "tests/client_program"
COUNT = 5
LIMIT = 50  # seconds: feedback is cut every 15 s


def run(hub, device, mode, count):
    """What the program says, as (word, rest) pairs."""
    settings = {"DEVICE": device.connection_string, "DEVICE_ID": device.id, "SERVICE": hub.connection_string("service"),
                "CAPSTAN_CA": str(hub.ca), "PATH": os.environ["PATH"]}
    done = subprocess.run([PROGRAM, mode, str(count)], env=settings, capture_output=True, text=True, timeout=LIMIT)
    expect_equal(done.returncode, 0, f"client_program {mode}: {done.stderr.strip()}")
    return [line.split(" ", 1) for line in done.stdout.splitlines()]


def their_service(hub, device):
    for n in range(COUNT):
        send_command(hub, device.id, f"theirs-{n}", b"do %d" % n, ack="full")
    got = [rest for word, rest in run(hub, device, "receive", COUNT) if word == "completed"]
    expect_equal(got, [f"do {n}" for n in range(COUNT)], "commands of uAMQP at our device")
    expect_equal(feedback(hub, COUNT), {f"theirs-{n}": "Success" for n in range(COUNT)}, "uAMQP's feedback")


def their_device(hub, device):
    commands = []
    listening = threading.Thread(target=lambda: commands.extend(
        receive(device_uri(device, f"/devices/{device.id}/messages/devicebound"), COUNT, seconds=LIMIT)))
    listening.start()
    outcomes = sorted(rest for word, rest in run(hub, device, "confirm", COUNT) if word == "Success")
    listening.join()
    expect_equal(outcomes, [str(n) for n in range(COUNT)], "outcomes at our service of commands that uAMQP completed")
    expect_equal(sorted(map(payload, commands)), [b"%d" % n for n in range(COUNT)], "our commands at uAMQP's device")


def test():
    with Hub(well_known_ports=True) as hub:
        device = hub.create_device("dev1")
        their_service(hub, device)
        their_device(hub, device)
    return f"{COUNT} commands from uAMQP to a C++ device and back, and {COUNT} from a C++ service to uAMQP, each with its feedback"


main(test)
