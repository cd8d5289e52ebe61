"""The examples of the C++ clients, as a reader of the README runs them: all of the seed's usages, in C++."""
import os
import pathlib
import subprocess
import tempfile

from harness.hub import CAPSTAN, Hub, expect, expect_equal, main

EXAMPLES = pathlib.Path(CAPSTAN).parent / "examples"
LIMIT = 45  # seconds, for one example


def start(name, hub, **environment):
    return subprocess.Popen([EXAMPLES / name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={"PATH": os.environ["PATH"], "CAPSTAN_CA": str(hub.ca), "CAPSTAN_HTTPS_PORT": str(hub.https_port),
                                 **environment})


def finish(process, name):
    out, errors = process.communicate(timeout=LIMIT)
    expect(process.returncode == 0, f"{name}: status {process.returncode}: {errors.strip()} {out.strip()}")
    return out.splitlines()


def run(name, hub, **environment):
    return finish(start(name, hub, **environment), name)


def with_port(hub, connection_string):
    """The hub's port is not 5671 here; Capstan's own clients read it from the host name."""
    return connection_string.replace(f"HostName={hub.hostname};", f"HostName={hub.hostname}:{hub.amqps_port};")


def test():
    with Hub() as hub:
        device = with_port(hub, hub.create_device("dev1").connection_string)
        other = with_port(hub, hub.create_device("dev2").connection_string)
        service = with_port(hub, hub.connection_string("service"))

        expect_equal(run("1_send_telemetry", hub, DEVICE=device), ["sent one", "sent three"], "1_send_telemetry")
        lines = run("5_read_telemetry", hub, SERVICE=service, COUNT="4")
        sent = ['{"celsius":21.4}', "21.5", "21.7", "22.0"]
        expect_equal([line.split(": ")[-1] for line in lines if "dev1" in line], sent, "5_read_telemetry")
        directly = run("5_read_telemetry", hub, SERVICE=hub.event_hub_connection_string(), COUNT="4")
        expect_equal(directly, lines, "5_read_telemetry at the event hub itself")

        receiving = start("2_receive_commands", hub, DEVICE=device)
        lines = run("4_receive_feedback", hub, SERVICE=service, DEVICE_ID="dev1")
        expect(lines[-1].startswith("dev1: ") and lines[-1].endswith(" Rejected"), f"4_receive_feedback: {lines}")
        lines = run("3_send_commands", hub, SERVICE=service, DEVICE_ID="dev1")
        expect_equal(lines[-1], "stop: Success", "3_send_commands")
        got = [line.removeprefix("got: ") for line in finish(receiving, "2_receive_commands")]
        expect_equal(got, ["fly", "open the window", "open the window", "stop"], "2_receive_commands")

        with tempfile.TemporaryDirectory() as folder:
            shared = {"SERVICE": service, "CHECKPOINTS": folder}
            first = run("6_share_the_reading", hub, COUNT="2", **shared)
            second = run("6_share_the_reading", hub, COUNT="2", **shared)
            expect_equal([line.split(" ", 1)[1] for line in first + second], sent, "6_share_the_reading")

        wrong = other.replace("dev2", "nobody")
        lines = run("7_many_devices", hub, DEVICES=" ".join([device, wrong, other]))
        expect_equal([line.split(": ")[0] for line in lines], ["dev1", "nobody", "dev2"], "7_many_devices")
        expect(lines[0].endswith("sent") and "not registered" in lines[1] and lines[2].endswith("sent"), f"7_many_devices: {lines}")

        lines = run("8_errors", hub, DEVICE=device)
        expect_equal(lines, ["connected", "refused: amqp:link:message-size-exceeded", "this message is to blame, the connection is well",
                             "accepted", "no command within 200 ms", "over: closed"], "8_errors")

        lines = run("9_registry", hub, SERVICE=hub.connection_string("iothubowner"))
        expect_equal(lines, ["pump-1 has a key", "pump-1 is disabled: in repair", "not changed: PreconditionFailed", "- dev1", "- dev2",
                             "- pump-1", 'disabled: {"deviceId":"pump-1"}', "- pump-1/valve", "3 devices, 1 of them disabled",
                             "0 commands thrown away", "gone: DeviceNotFound"], "9_registry")
    return "9 examples in C++: telemetry, commands, feedback, redirect, shared reading, many devices on one connection, errors, registry"


main(test)
