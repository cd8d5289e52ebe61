"""The README's two programs, cut out of it as printed and run as it says, against a hub on the ports that they expect."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from harness.hub import ROOT, Hub, expect, main

LIMIT = 60  # seconds
FOR_NODE = "--experimental-global-webcrypto --dns-result-order=ipv4first"


def printed(language):
    """The README's one block of this language."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    expect(len(blocks) == 1, f"README.md has {len(blocks)} blocks of {language}, not one")
    return blocks[0]


def run(command, folder, **more):
    done = subprocess.run(command, cwd=folder, env={**os.environ, **more}, capture_output=True, text=True, timeout=LIMIT)
    print(done.stdout, done.stderr, sep="\n")
    expect(done.returncode == 0, f"{' '.join(command)}: status {done.returncode}")
    return done.stdout


def test():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="readme-"))
    (folder / "telemetry.py").write_text(printed("python"))
    (folder / "roundtrip.js").write_text(printed("js"))
    (folder / "node_modules").symlink_to(ROOT / "tests/clients/node_modules")
    with Hub(well_known_ports=True) as hub:
        strings = {
            "DEVICE": hub.create_device("dev1").connection_string,
            "SERVICE": hub.connection_string("service"),
            "EVENTS": hub.event_hub_connection_string(),
        }
        python = run(["/usr/bin/python3", "telemetry.py"], folder, **strings)
        expect("sent: MessageState.SendComplete" in python, "telemetry.py sent its message")
        expect('read: dev1 {"temperature": 21.5} ' in python, "telemetry.py read its message")
        options = FOR_NODE if node_version() < 20 else ""
        node = run(["node", "roundtrip.js"], folder, NODE_OPTIONS=options, **strings)
        expect("device got: open the window" in node, "roundtrip.js got its command")
        expect("service read: dev1 { temperature: 21.5 }" in node, "roundtrip.js read its message")
    shutil.rmtree(folder)
    return "both programs of the README work as printed: telemetry and back with uAMQP; telemetry, command and back with Node"


def node_version():
    return int(subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip("v\n").split(".")[0])


main(test)
