"""The README's programs, cut out of it as printed and run as it says, against a hub on the ports that they expect."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from harness.hub import CAPSTAN, ROOT, Hub, expect, main

LIMIT = 60  # seconds
COMPILER_LIMIT = 600  # of one program, on a busy machine
FOR_NODE = "--experimental-global-webcrypto --dns-result-order=ipv4first"


def printed(language, count=1):
    """The README's blocks of this language."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    expect(len(blocks) == count, f"README.md has {len(blocks)} blocks of {language}, not {count}")
    return blocks


def run(command, folder, **more):
    done = subprocess.run(command, cwd=folder, env={**os.environ, **more}, capture_output=True, text=True, timeout=LIMIT)
    print(done.stdout, done.stderr, sep="\n")
    expect(done.returncode == 0, f"{' '.join(map(str, command))}: status {done.returncode}")
    return done.stdout


def test():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="readme-"))
    (folder / "telemetry.py").write_text(*printed("python"))
    (folder / "roundtrip.js").write_text(*printed("js"))
    (folder / "node_modules").symlink_to(ROOT / "tests/clients/node_modules")
    compiled(folder)
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
        in_cpp(hub, folder, strings)
    shutil.rmtree(folder)
    return "all programs of the README work as printed: telemetry with uAMQP; telemetry and a command with Node, and in C++"


def compiled(folder):
    """The C++ programs, as pkg-config would have them compiled; all at once."""
    build = pathlib.Path(CAPSTAN).parent
    flags = [f"-I{ROOT}/include", "-std=c++23", "-O0", "-pthread", f"-L{build}", "-lcapstan_client", "-lcapstan_amqp", "-lcapstan_auth",
             "-lboost_json", "-lfmt", "-lssl", "-lcrypto"]
    running = []
    for name, text in zip(("device", "service", "reader"), printed("cpp", 3)):
        source = folder / f"{name}.cpp"
        source.write_text(text)
        running.append(subprocess.Popen(["g++", source, "-o", folder / name, *flags], stderr=subprocess.PIPE, text=True))
    for each in running:
        errors = each.communicate(timeout=COMPILER_LIMIT)[1]
        expect(each.returncode == 0, f"a C++ program of the README: {errors}")


def in_cpp(hub, folder, strings):
    """device.cpp obeys while service.cpp commands; reader.cpp reads on until it is stopped."""
    (folder / "run/tls").mkdir(parents=True)
    (folder / "run/tls/ca.pem").write_text(pathlib.Path(hub.ca).read_text())
    environment = {**os.environ, **strings}
    device = subprocess.Popen([folder / "device"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    service = run([folder / "service"], folder, **strings)
    expect("open the window: Success" in service, f"service.cpp heard of its command: {service}")
    expect("got: open the window" in device.communicate(timeout=LIMIT)[0], "device.cpp got its command")
    reader = subprocess.Popen([folder / "reader"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    lines = [reader.stdout.readline().strip() for _ in range(3)]  # of uAMQP's, of Node's and of ours
    reader.kill()
    expect('read: dev1 {"temperature":21.5}' in lines, f"reader.cpp read what device.cpp had sent: {lines}")


def node_version():
    return int(subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip("v\n").split(".")[0])


main(test)
