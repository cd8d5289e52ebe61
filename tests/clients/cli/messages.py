"""The command line as device and as service: telemetry and its monitor, commands and their outcomes, feedback, tokens."""
import json
import os
import pathlib
import signal
import subprocess
import time

from harness.hub import CAPSTAN, Hub, expect, expect_equal, main, running, until

PROGRAM = pathlib.Path(CAPSTAN).parent / "tests/client_program"
LIMIT = 60  # seconds: feedback is cut every 15 s


def capstan(hub, *arguments, status=0):
    """(stdout, stderr) of one command on this hub."""
    done = subprocess.run([CAPSTAN, *arguments, "--hub", hub.data], capture_output=True, text=True, timeout=LIMIT)
    expect_equal(done.returncode, status, f"capstan {' '.join(arguments)}: {done.stderr.strip()}; its status")
    return done.stdout, done.stderr


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def telemetry(hub):
    capstan(hub, "device", "send-d2c-message", "-d", "dev1", "--data", '{"celsius": 21.4}', "--content-type", "application/json",
            "--properties", "room=cellar;$.mid=first")
    capstan(hub, "device", "send-d2c-message", "-d", "dev1", "--data", "plain", "--msg-count", "3", "--websockets")
    out, _ = capstan(hub, "monitor-events", "--from-start", "--message-count", "4", "--properties", "all", "-o", "jsonl")
    first, *others = [each["event"] for each in lines(out)]
    expect_equal((first["origin"], first["payload"]), ("dev1", {"celsius": 21.4}), "the first event")
    expect_equal(first["properties"]["application"], {"room": "cellar"}, "its properties")
    expect_equal(first["properties"]["system"]["message_id"], "first", "its id")
    expect_equal(first["annotations"]["iothub-connection-device-id"], "dev1", "an annotation")
    expect_equal([each["payload"] for each in others], ["plain"] * 3, "the others")
    people, _ = capstan(hub, "monitor-events", "--from-start", "--message-count", "1", "-d", "d?v*")
    expect('  dev1  ' in people and '{"celsius":' in people, f"a line for people: {people!r}")
    nothing, _ = capstan(hub, "monitor-events", "--from-start", "--timeout", "1", "-d", "other", "-o", "tsv")
    expect_equal(nothing, "", "events of another device")


def groups(hub):
    """A consumer group of their own for some readers, until it is removed under them."""
    expect_equal(capstan(hub, "consumer-group", "create", "alarms", "-o", "tsv")[0], "alarms\n", "the new group")
    hub.stop()
    hub.start()
    expect_equal(capstan(hub, "consumer-group", "list", "-o", "tsv")[0], "$Default\nalarms\n", "the groups after a restart")
    out, _ = capstan(hub, "monitor-events", "--cg", "alarms", "--from-start", "--message-count", "4", "-o", "jsonl")
    expect_equal(len(lines(out)), 4, "events by the group")
    with running([CAPSTAN, "monitor-events", "--cg", "alarms", "--from-start", "--hub", hub.data], stdout=subprocess.PIPE,
                 stderr=subprocess.PIPE, text=True) as reading:
        reading.stdout.readline()
        capstan(hub, "consumer-group", "delete", "alarms")
        _, said = reading.communicate(timeout=LIMIT)
        expect_equal(reading.returncode, 2, f"a reader whose group has gone: {said}")
    _, refused = capstan(hub, "monitor-events", "--cg", "alarms", status=2)
    expect("could not be found" in refused, f"a group that is not there: {refused}")


def commands(hub):
    """Each outcome by its lock, which outlasts the command that received the message."""
    queued, _ = capstan(hub, "device", "c2d-message", "send", "-d", "dev1", "--data", "open", "--ack", "full", "--mid", "c1",
                        "--properties", "by=noon")
    expect_equal(queued, "c1\n", "the id of the queued message")
    got = json.loads(capstan(hub, "device", "c2d-message", "receive", "-d", "dev1", "-o", "json")[0])
    expect_equal((got["data"], got["messageId"], got["deliveryCount"], got["properties"]["by"]), ("open", "c1", "0", "noon"), "the command")
    capstan(hub, "device", "c2d-message", "abandon", "-d", "dev1", "--etag", got["etag"])
    again = json.loads(capstan(hub, "device", "c2d-message", "receive", "-d", "dev1", "-o", "json")[0])
    expect_equal(again["deliveryCount"], "1", "the delivery count after an abandon")
    _, late = capstan(hub, "device", "c2d-message", "complete", "-d", "dev1", "--etag", got["etag"], status=2)
    expect("DeviceMessageLockLost" in late, f"an old lock: {late}")
    capstan(hub, "device", "c2d-message", "complete", "-d", "dev1", "--etag", again["etag"])
    feedback, _ = capstan(hub, "monitor-feedback", "--wait-on-msg", "c1", "-o", "jsonl")
    expect_equal([(each["originalMessageId"], each["statusCode"]) for each in lines(feedback)], [("c1", "Success")], "the feedback")
    capstan(hub, "device", "c2d-message", "send", "-d", "dev1", "--data", "no", "--ack", "negative", "--mid", "c2")
    refused = json.loads(capstan(hub, "device", "c2d-message", "receive", "-d", "dev1", "-o", "json")[0])
    capstan(hub, "device", "c2d-message", "reject", "-d", "dev1", "--etag", refused["etag"])
    feedback, _ = capstan(hub, "monitor-feedback", "--wait-on-msg", "c2", "-o", "jsonl")
    expect_equal([each["statusCode"] for each in lines(feedback)], ["Rejected"], "the feedback of a rejected one")
    for n in range(3):
        capstan(hub, "device", "c2d-message", "send", "-d", "dev1", "--data", f"later {n}")
    purged, _ = capstan(hub, "device", "c2d-message", "purge", "-d", "dev1", "-o", "tsv")
    expect_equal(purged, "dev1\t3\n", "what was purged")
    _, none = capstan(hub, "device", "c2d-message", "receive", "-d", "dev1")
    expect("no message is waiting" in none, f"an empty queue: {none}")


def connection_state(hub, device_id):
    return json.loads(capstan(hub, "device", "show", "-d", device_id, "-o", "json")[0])["connectionState"]


def keys(hub):
    """A renewed key ends the links that were opened by the old one; the other key stays. A module's two are swapped. A query finds."""
    device = hub.create_device("renewed")
    at = {"DEVICE": device.connection_string, "CAPSTAN_CA": str(hub.ca), "PORT": str(hub.amqps_port)}
    with running([PROGRAM, "receive", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **at}):
        until(lambda: connection_state(hub, "renewed") == "Connected", LIMIT, "the device to be connected")
        before = json.loads(capstan(hub, "device", "show", "-d", "renewed", "-o", "json")[0])["authentication"]["symmetricKey"]
        out, _ = capstan(hub, "device", "renew-key", "-d", "renewed", "--kt", "primary", "-o", "json")
        after = json.loads(out)["authentication"]["symmetricKey"]
        until(lambda: connection_state(hub, "renewed") == "Disconnected", LIMIT, "its links to end")
    expect((after["primaryKey"] != before["primaryKey"], after["secondaryKey"]) == (True, before["secondaryKey"]), "one key is new")
    of_it = ["-d", "renewed", "-m", "pump", "-o", "json"]
    made = json.loads(capstan(hub, "module-identity", "create", *of_it)[0])
    capstan(hub, "module-identity", "update", *of_it, "--set", "managedBy=plant")
    swapped = json.loads(capstan(hub, "module-identity", "renew-key", *of_it, "--kt", "swap")[0])
    kept = json.loads(capstan(hub, "module-identity", "show", *of_it)[0])
    expect_equal((kept["managedBy"], kept["authentication"]), ("plant", swapped["authentication"]), "what the hub has of the module")
    expect_equal(kept["authentication"]["symmetricKey"]["primaryKey"], made["authentication"]["symmetricKey"]["secondaryKey"], "its key")
    found = json.loads(capstan(hub, "query", "SELECT * FROM devices WHERE deviceId = 'renewed'", "-o", "json")[0])
    expect_equal([each["deviceId"] for each in found], ["renewed"], "what a query finds")


def waiting(hub):
    """send --wait ends with the device's word."""
    sending = subprocess.Popen([CAPSTAN, "device", "c2d-message", "send", "-d", "dev1", "--data", "fly", "--wait", "--hub", hub.data],
                               stdout=subprocess.PIPE, text=True)
    received = ""
    while not received:
        received, _ = capstan(hub, "device", "c2d-message", "receive", "-d", "dev1", "--reject", "-o", "tsv")
        time.sleep(0.1)
    out, _ = sending.communicate(timeout=LIMIT)
    expect_equal((out, sending.returncode), ("Rejected\n", 2), "what became of the message")


def dead(hub):
    """What was rejected is kept over a restart, and can be sent again."""
    in_json = ["-d", "dev1", "-o", "json"]
    letters = json.loads(hub.cli("device", "c2d-message", "deadletter", "list", *in_json))
    expect_equal([(each["reason"], each["body"]) for each in letters][-1], ("Rejected", "Zmx5"), "the last dead letter")
    hub.kill()
    hub.start()
    expect_equal(json.loads(hub.cli("device", "c2d-message", "deadletter", "list", *in_json)), letters, "the dead letters after a kill")
    number = str(letters[-1]["sequenceNumber"])
    said = hub.cli("device", "c2d-message", "deadletter", "requeue", "-d", "dev1", "-n", number)
    expect("waits for dev1 again" in said, "it is sent again")
    waits = json.loads(hub.cli("device", "c2d-message", "peek", *in_json))
    expect_equal([(each["state"], each["body"], each["deliveryCount"]) for each in waits], [("enqueued", "Zmx5", 0)], "what waits now")
    received, _ = capstan(hub, "device", "c2d-message", "receive", "-d", "dev1", "--complete")
    expect("fly" in received, f"what the device gets: {received}")
    out, err = capstan(hub, "device", "c2d-message", "deadletter", "requeue", "-d", "dev1", "-n", number, status=2)
    expect("no such dead letter" in err, f"once only: {out}{err}")
    count = len(letters) - 1
    expect_equal(hub.cli("device", "c2d-message", "deadletter", "delete", "-d", "dev1", "--all"), f"deleted {count}\n", "the rest of them")


def thrown_away(hub):
    """One dead letter by its number, or all; and by az's word for the device."""
    letters_of = ["device-identity", "c2d-message", "deadletter"]
    for n in range(3):
        capstan(hub, "device", "c2d-message", "send", "-d", "dev1", "--data", f"refuse {n}", "--mid", f"r{n}")
        capstan(hub, "device", "c2d-message", "receive", "-d", "dev1", "--reject")
    letters = json.loads(capstan(hub, *letters_of, "list", "-d", "dev1", "-o", "json")[0])
    expect_equal([(each["messageId"], each["reason"]) for each in letters], [(f"r{n}", "Rejected") for n in range(3)], "the dead letters")
    _, which = capstan(hub, *letters_of, "delete", "-d", "dev1", status=1)
    expect("--number N, or --all" in which, f"delete, and not what: {which}")
    number = str(letters[1]["sequenceNumber"])
    expect_equal(capstan(hub, *letters_of, "delete", "-d", "dev1", "-n", number)[0], "deleted 1\n", "one of them")
    _, gone = capstan(hub, *letters_of, "delete", "-d", "dev1", "-n", number, status=2)
    expect("no such dead letter" in gone, f"the same again: {gone}")
    left, _ = capstan(hub, *letters_of, "list", "-d", "dev1", "-o", "tsv")
    expect_equal([line.split("\t")[1] for line in left.splitlines()], ["r0", "r2"], "what is left")
    expect_equal(capstan(hub, *letters_of, "delete", "-d", "dev1", "--all")[0], "deleted 2\n", "the others")


def elsewhere(hub):
    """--login and CAPSTAN_LOGIN: as with a hub that is not on this machine."""
    ports = ["--ca", hub.ca, "--https-port", str(hub.https_port), "--amqps-port", str(hub.amqps_port)]
    device = json.loads(hub.cli("device", "show", "dev1"))
    key = device["authentication"]["symmetricKey"]["primaryKey"]
    environment = {**os.environ, "CAPSTAN_LOGIN": f"HostName=localhost;DeviceId=dev1;SharedAccessKey={key}"}
    done = subprocess.run([CAPSTAN, "device", "send-d2c-message", *ports], env=environment, capture_output=True, text=True, timeout=LIMIT)
    expect_equal((done.returncode, done.stdout), (0, "sent 1 message\n"), f"as the device itself: {done.stderr}")
    login = ["--login", hub.connection_string("service")]
    done = subprocess.run([CAPSTAN, "device", "list", *login, *ports[:4]], capture_output=True, text=True, timeout=LIMIT)
    expect_equal(done.returncode, 2, "the registry with a policy that may not")
    expect("Unauthorized" in done.stderr, f"the hub's words: {done.stderr}")
    token = hub.cli("generate-sas-token", "-d", "dev1").strip()
    expect(token.startswith("SharedAccessSignature sr=localhost%2Fdevices%2Fdev1&"), token)
    wrong = ["--login", "HostName=localhost;SharedAccessKeyName=service;SharedAccessKey=a2V5", "--ca", hub.ca, "--amqps-port", "1"]
    done = subprocess.run([CAPSTAN, "monitor-events", *wrong], capture_output=True, text=True, timeout=LIMIT)
    expect_equal(done.returncode, 3, f"a hub that cannot be reached: {done.stderr}")


def refused(hub):
    """Who may not, or is not there, is told so at once: nothing goes on trying."""
    at = ["--ca", hub.ca, "--https-port", str(hub.https_port), "--amqps-port", str(hub.amqps_port)]
    wrong = "HostName=localhost;SharedAccessKeyName=service;SharedAccessKey=a2V5"
    for login in (wrong, hub.connection_string("device")):
        for command in ("monitor-events", "monitor-feedback"):
            done = subprocess.run([CAPSTAN, command, "--login", login, *at], capture_output=True, text=True, timeout=LIMIT)
            expect_equal(done.returncode, 2, f"{command} without the right: {done.stderr}")
    out = json.loads(capstan(hub, "device", "simulate", "-d", "unknown", "-o", "json", status=2)[0])
    expect_equal((out["sent"], out["failed"]), (1, 1), "messages of a device that is not there")


def interrupted(hub):
    """Ctrl-C is how a monitor ends: with status 0."""
    for command in (["monitor-events"], ["monitor-feedback"]):
        with running([CAPSTAN, *command, "--hub", hub.data], stderr=subprocess.PIPE, text=True) as monitor:
            monitor.stderr.readline()  # it is under way
            time.sleep(0.5)
            monitor.send_signal(signal.SIGINT)
            expect_equal(monitor.wait(LIMIT), 0, f"{command[0]} after SIGINT")


def test():
    with Hub() as hub:
        hub.create_device("dev1")
        telemetry(hub)
        groups(hub)
        commands(hub)
        keys(hub)
        waiting(hub)
        dead(hub)
        thrown_away(hub)
        elsewhere(hub)
        refused(hub)
        interrupted(hub)
    return "telemetry, commands with their outcomes, feedback, dead letters, keys, tokens and logins on the command line"


main(test)
