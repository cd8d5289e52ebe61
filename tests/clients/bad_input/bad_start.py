"""Starting wrongly: each gives a status other than 0, says on one line what is wrong and with what, and harms nothing."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from harness.hub import CAPSTAN, Hub, expect, expect_equal, main

LIMIT = 30  # seconds
NOBODY = 65534


def refused(arguments, *words, program=CAPSTAN, user=None):
    """The complaint of a `capstan` that must not start; every one of `words` has to be in it."""
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=LIMIT, user=user)
    complaint = done.stderr + done.stdout
    shown = f"capstan {' '.join(map(str, arguments))}: status {done.returncode}, said {complaint.strip()[-300:]!r}"
    expect(done.returncode > 0, f"ended by a signal or with success: {shown}")
    for word in words:
        expect(str(word).lower() in complaint.lower(), f"does not mention {word!r}: {shown}")
    return complaint


def serve(data, *more):
    return ["serve", "--data", data, "--bind", "127.0.0.1", "--amqps-port", "0", "--https-port", "0", *more]


def stopped_folder(folder):
    """A data folder as a hub leaves it after an orderly stop."""
    with Hub(data=folder) as hub:
        hub.create_device("kept")
    return folder


def check_port_in_use(folder):
    with Hub() as hub:
        taken = hub.amqps_port
        refused(serve(folder / "other", "--amqps-port", taken), taken)
        refused(serve(folder / "other", "--https-port", hub.https_port), hub.https_port)


def check_folder_in_use():
    with Hub() as hub:
        refused(serve(hub.data), hub.data)
        hub.create_device("still-serving")


def check_ready_file(folder):
    refused(serve(folder / "announced", "--ready-file", "/proc/no/such/folder/ready.json"), "ready.json")
    with Hub() as hub:
        ready = hub.data.parent / "ready.json"
        expect(ready.exists(), "a hub that serves has its ready file")
        hub.stop()
        expect(not ready.exists(), "a hub that has stopped has taken its ready file away")


def check_foreign_folders(folder):
    foreign = folder / "foreign"
    foreign.mkdir()
    (foreign / "holiday.jpg").write_bytes(b"not a hub's")
    refused(serve(foreign), foreign)
    expect_equal([path.name for path in foreign.iterdir()], ["holiday.jpg"], "what is in the foreign folder")
    a_file = folder / "a-file"
    a_file.write_text("text")
    refused(serve(a_file), a_file)
    refused(serve("/proc/capstan"), "/proc/capstan")


def check_unreadable(folder):
    """Root may read everything: then somebody else tries."""
    locked = folder / "locked"
    locked.mkdir(mode=0o700)
    if os.getuid() == 0:
        for path in (folder, folder.parent):
            path.chmod(0o755)
        program = shutil.copy(CAPSTAN, folder / "capstan")  # where nobody may reach it
        return refused(serve(locked), locked, "permission denied", program=program, user=NOBODY)
    locked.chmod(0)
    refused(serve(locked), locked, "permission denied")
    locked.chmod(0o700)


def check_broken_certificates(folder):
    data = stopped_folder(folder / "certificates")
    for name in ("ca.pem", *(path.name for path in (data / "tls").glob("*.pem") if path.name != "ca.pem")):
        path = data / "tls" / name
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] + b"\ncorrupt\n")
        refused(serve(data), path.name)
        path.write_bytes(whole)
    with Hub(data=data) as hub:
        expect("kept" in hub.cli("device", "list", "-o", "json"), "the devices outlive the repair")


def check_configuration(folder):
    file = folder / "hub.toml"
    file.write_text("[server]\n\nno_such_key = 1\n")
    refused(["serve", "--config", file, *serve(folder / "d")[1:]], f"{file}:3", "no_such_key")
    file.write_text("[server\n")
    refused(["serve", "--config", file, *serve(folder / "d")[1:]], file)
    refused(["serve", "--config", folder / "absent.toml"], "absent.toml")
    refused(serve(folder / "d", "--amqps-port", "70000"), "amqps-port")
    refused(serve(folder / "d", "--partitions", "0"), "partitions")
    refused(serve(folder / "d", "--no-such-flag"), "--no-such-flag")


def check_partition_count(folder):
    """Fixed at creation: another number later is an error, not a new layout."""
    data = folder / "partitions"
    with Hub(data=data, options=["--partitions", "2"]):
        pass
    refused(serve(data, "--partitions", "8"), "partition")


def check_commands(folder):
    with Hub() as hub:
        hub.create_device("there")
        for arguments, word in ((["device", "create", "there"], "there"), (["device", "show", "absent"], "absent"),
                                (["device", "delete", "absent"], "absent"), (["device", "create", "no spaces"], "no spaces"),
                                (["connection-string", "show", "--device-id", "absent"], "absent"),
                                (["connection-string", "show", "--policy-name", "absent"], "absent")):
            refused([*arguments, "--hub", hub.data], word)
        device = json.loads(hub.cli("device", "show", "there", "-o", "json"))
        expect_equal(device["deviceId"], "there", "device show -o json")
    refused(["connection-string", "--hub", folder / "nothing-here"], "nothing-here")


def test():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="startup-"))
    check_folder_in_use()
    for check in (check_port_in_use, check_ready_file, check_foreign_folders, check_unreadable, check_broken_certificates,
                  check_configuration, check_partition_count, check_commands):
        check(folder)
    return "port or folder in use, foreign, unreadable, broken certificates, wrong settings and wrong commands are refused in words"


main(test)
