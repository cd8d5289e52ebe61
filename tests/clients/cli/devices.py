"""Many devices on the command line: simulated, exported, imported into another hub, on a terminal and off it."""
import json
import os
import pathlib
import shutil
import pty
import subprocess
import tempfile

from harness.hub import CAPSTAN, Hub, expect, expect_equal, main, running

LIMIT = 60  # seconds
DEVICES = 1100  # more than a hub lists at once


def capstan(hub, *arguments, status=0):
    done = subprocess.run([CAPSTAN, *arguments, "--hub", hub.data], capture_output=True, text=True, timeout=LIMIT)
    expect_equal(done.returncode, status, f"capstan {' '.join(map(str, arguments))}: {done.stderr.strip()}; its status")
    return done.stdout


def out_of_a_terminal(command):
    """What a pipe gets, on stdout and stderr together."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT)
    expect_equal(done.returncode, 0, f"{done.stdout}; its status")
    return done.stdout


def on_a_terminal(command):
    """What a terminal gets on stderr."""
    ours, theirs = pty.openpty()
    with running(command, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        try:
            while more := os.read(ours, 4096):
                shown += more
        except OSError:  # the other end is closed
            pass
        expect_equal(process.wait(LIMIT), 0, "its status")
    os.close(ours)
    return shown.decode()


def simulated(hub):
    out = capstan(hub, "device", "simulate", "--devices", str(DEVICES), "--rate", "4000", "--msg-count", "4", "-o", "json")
    told = json.loads(out)
    expect_equal((told["accepted"], told["failed"], told["unknown"]), (4 * DEVICES, 0, 0), "what was accepted")
    seen = capstan(hub, "monitor-events", "--from-start", "--message-count", str(4 * DEVICES), "-o", "tsv").splitlines()
    origins = {line.split("\t")[1] for line in seen}
    expect_equal((len(seen), len(origins)), (4 * DEVICES, DEVICES), "what came in, and from how many")


def commanded(hub):
    """A simulated device does what it is told with its commands."""
    device = [CAPSTAN, "device", "simulate", "-d", "sim-1", "--msg-count", "0", "--receive-settle", "reject", "-o", "json", "--hub",
              hub.data]
    with running(device, stdout=subprocess.PIPE, text=True) as simulated_one:
        sent = subprocess.run([CAPSTAN, "device", "c2d-message", "send", "-d", "sim-1", "--wait", "--hub", hub.data], capture_output=True,
                              text=True, timeout=LIMIT)
        simulated_one.terminate()
        out, _ = simulated_one.communicate(timeout=LIMIT)
    expect_equal(sent.stdout, "Rejected\n", "the command's end")
    expect_equal((simulated_one.returncode, json.loads(out)["commands"]), (0, 1), "what the device counted")


def live(hub):
    shown = on_a_terminal([CAPSTAN, "device", "simulate", "--devices", "20", "--prefix", "live-", "--rate", "200", "--duration", "3",
                           "--clean-up", "--hub", hub.data])
    expect("20 of 20 devices connected" in shown and "accepted," in shown, f"the live view: {shown!r}")
    expect("\x1b[" in shown, "it is written over")
    piped = out_of_a_terminal([CAPSTAN, "device", "simulate", "--devices", "2", "--prefix", "live-", "--rate", "20", "--duration", "1",
                               "--clean-up", "--hub", hub.data])
    expect("\x1b" not in piped, f"off a terminal nothing is written over: {piped!r}")
    names = {device["deviceId"] for device in json.loads(capstan(hub, "device", "list", "-o", "json"))}
    expect(not any(name.startswith("live-") for name in names), "the devices that were made for it are gone")


def moved(hub):
    """Export from one hub, import into another: the devices sign in with the same keys."""
    edge = json.loads(capstan(hub, "device", "create", "the-edge", "--edge-enabled", "-o", "json"))
    capstan(hub, "device", "create", "a-child", "-o", "json")
    capstan(hub, "device", "update", "a-child", "--set", f"deviceScope={edge['deviceScope']}")
    made = json.loads(capstan(hub, "module-identity", "create", "-d", "a-child", "-m", "pump", "-o", "json"))
    file = pathlib.Path(tempfile.mkdtemp()) / "devices.jsonl"
    capstan(hub, "device", "export", file)
    exported = [json.loads(line) for line in file.read_text().splitlines()]
    expect_equal(len(exported), DEVICES + 3, "exported devices and modules")
    expect("\x1b" not in out_of_a_terminal([CAPSTAN, "device", "export", file, "--hub", hub.data]), "no terminal, no colour")
    progress = on_a_terminal([CAPSTAN, "device", "export", file, "--hub", hub.data])
    expect(f"{DEVICES + 2} devices" in progress and "\x1b[" in progress, f"the progress of an export: {progress!r}")
    with Hub() as other:
        progress = on_a_terminal([CAPSTAN, "device", "import", file, "--hub", other.data])
        expect("98 devices" in progress and f"{DEVICES + 3} devices" in progress, f"the progress of an import: {progress!r}")
        again = json.loads(capstan(other, "device", "show", "sim-7"))
        same = next(each for each in exported if each["id"] == "sim-7")
        expect_equal(again["authentication"]["symmetricKey"], same["authentication"]["symmetricKey"], "the keys of sim-7")
        child = json.loads(capstan(other, "device", "show", "a-child", "-o", "json"))
        expect_equal(child["deviceScope"], edge["deviceScope"], "the edge device that a-child belongs to, though it came before it")
        module = json.loads(capstan(other, "module-identity", "show", "-d", "a-child", "-m", "pump", "-o", "json"))
        expect_equal(module["authentication"]["symmetricKey"], made["authentication"]["symmetricKey"], "the keys of its module")
        refused = capstan(other, "device", "import", file, "--mode", "create", status=2)
        expect_equal(refused, f"imported 0 devices; {DEVICES + 3} were refused\n", "import of what is there")


def connection_string_at_rest():
    """The same from a hub that runs, that has stopped, and that was killed: a data folder is enough."""
    hub = Hub().start()
    hub.create_device("kept")
    asked = ["connection-string", "--device", "kept"]
    running = capstan(hub, *asked)
    hub.stop()
    expect_equal(capstan(hub, *asked), running, "the connection string when the hub has stopped")
    capstan(hub, "connection-string", "--device", "absent", status=2)
    hub.start()
    hub.create_device("new")
    hub.kill()
    expect_equal(capstan(hub, *asked), running, "the connection string when the hub was killed")
    expect("DeviceId=new;" in capstan(hub, "connection-string", "--device", "new"), "a device from just before the kill")
    with hub:
        expect_equal(capstan(hub, *asked), running, "the connection string when it runs again")


def shells():
    """Each shell takes its script, and bash completes by it; the names of those that this machine has."""
    script = subprocess.run([CAPSTAN, "completion", "bash"], capture_output=True, text=True, check=True).stdout
    asked = script + """
complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _capstan; echo "${COMPREPLY[*]}"; }
complete_words capstan device c2d-message re
complete_words capstan device create dev1 --status ""
complete_words capstan device list --ou
"""
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, timeout=LIMIT)
    expect_equal(done.stdout.splitlines(), ["receive reject", "enabled disabled", "--output"], f"bash: {done.stderr}")
    others = list(filter(shutil.which, ("zsh", "fish")))
    for shell in others:
        script = subprocess.run([CAPSTAN, "completion", shell], capture_output=True, text=True, check=True).stdout
        expect("c2d-message" in script, f"{shell} can read an empty script too: {script!r}")
        read = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, timeout=LIMIT)
        expect_equal((read.returncode, read.stderr), (0, ""), f"{shell} reads its script")
    return ", ".join(["bash", *others])


def manual_pages():
    folder = pathlib.Path(tempfile.mkdtemp())
    subprocess.run([CAPSTAN, "manual", folder], check=True)
    page = (folder / "capstan-device-simulate.1").read_text()
    expect(page.startswith(".TH capstan\\-device\\-simulate 1") and "\\-\\-rate" in page, "a manual page")


def test():
    with Hub() as hub:
        simulated(hub)
        commanded(hub)
        live(hub)
        moved(hub)
    connection_string_at_rest()
    manual_pages()
    return f"{DEVICES} simulated devices, exported and imported; a live view; completion in {shells()}; manual pages"


main(test)
