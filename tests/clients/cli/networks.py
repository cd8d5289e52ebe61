"""The command line where the hub is not simply there: behind an HTTP proxy that wants a password, and on an address of its own."""
import contextlib
import os
import pathlib
import socket
import subprocess
import tempfile
import time

from harness.hub import CAPSTAN, Hub, expect, expect_equal, main

LIMIT = 60  # seconds
UNREACHABLE = 3  # docs/command-line.md


def capstan(*arguments, status=0):
    done = subprocess.run([CAPSTAN, *arguments], capture_output=True, text=True, timeout=LIMIT)
    expect_equal(done.returncode, status, f"capstan {' '.join(map(str, arguments))}: {done.stderr.strip()}; its status")
    return done.stdout if status == 0 else done.stderr


@contextlib.contextmanager
def tinyproxy(user, password):
    """Debian's; gives its port and its log."""
    folder = pathlib.Path(tempfile.mkdtemp())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "log"
    (folder / "conf").write_text(f'Port {port}\nListen 127.0.0.1\nTimeout 600\nLogFile "{log}"\nLogLevel Connect\n'
                                 f"Allow 127.0.0.1\nBasicAuth {user} {password}\n")
    with subprocess.Popen(["tinyproxy", "-d", "-c", folder / "conf"], stdout=subprocess.DEVNULL) as running:
        try:
            until = time.monotonic() + LIMIT
            while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
                expect(running.poll() is None and time.monotonic() < until, "tinyproxy starts")
                time.sleep(0.05)
            yield port, log
        finally:
            running.terminate()


def through_a_proxy(hub):
    login = ["--login", hub.connection_string("iothubowner").replace("HostName=localhost", f"HostName=localhost:{hub.https_port}"),
             "--ca", hub.ca]
    amqps = [*login, "--amqps-port", str(hub.amqps_port)]
    with tinyproxy("plant", "s3cret-7") as (port, log):
        through = ["--proxy", f"http://plant:s3cret%2D7@127.0.0.1:{port}"]
        capstan("device", "create", "-d", "far", *login, *through)
        capstan("module-identity", "create", "-d", "far", "-m", "pump", "--managed-by", "plant", *login, *through)
        expect("pump    far     Disconnected  sas" in capstan("module-identity", "list", "-d", "far", *login, *through), "a module")
        capstan("module-identity", "delete", "-d", "far", "-m", "pump", *login, *through)
        capstan("device", "send-d2c-message", "-d", "far", "--data", "over amqps", *amqps, *through)
        capstan("device", "c2d-message", "send", "-d", "far", "--data", "in a websocket", *login, "--websockets", *through)
        expect("in a websocket" in capstan("device", "c2d-message", "receive", "-d", "far", *login, *through), "the command over HTTPS")
        asked = [line for line in log.read_text().splitlines() if "CONNECT localhost:" in line]
        expect(any(f":{hub.amqps_port} " in line for line in asked), f"AMQPS went through the proxy: {asked}")
        expect(sum(f":{hub.https_port} " in line for line in asked) >= 3, f"HTTPS and WebSockets went through the proxy: {asked}")
        refused = capstan("device", "list", *login, "--proxy", f"http://plant:wrong@127.0.0.1:{port}", status=UNREACHABLE)
        expect("it refuses the user or the password" in refused and "wrong" not in refused, f"a wrong password: {refused}")
    gone = capstan("device", "list", *login, *through, status=UNREACHABLE)
    expect(f"proxy 127.0.0.1:{port}" in gone, f"a proxy that is not there: {gone}")


class OnItsOwnAddress(Hub):
    def command(self, ready_file, ports=None):
        command = super().command(ready_file, ports)
        command[command.index("--bind") + 1] = "127.0.0.2"
        return command


def found_where_it_is_bound():
    """With nothing but its folder, whatever this command's own configuration says."""
    os.environ["CAPSTAN_LISTEN__BIND"] = "127.0.0.3"
    with OnItsOwnAddress() as hub:
        capstan("device", "create", "-d", "near", "--hub", hub.data)
        capstan("device", "send-d2c-message", "-d", "near", "--data", "hello", "--hub", hub.data)
    del os.environ["CAPSTAN_LISTEN__BIND"]


def test():
    with Hub() as hub:
        through_a_proxy(hub)
    found_where_it_is_bound()
    return "registry, AMQPS, WebSockets through tinyproxy with a password; a hub on an address of its own"


main(test)
