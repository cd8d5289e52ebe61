"""Starting and stopping as people do it: make run's script, Ctrl-C, IPv6, a hub without a disk, the log's level, settings from outside."""
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request

from harness.hub import CAPSTAN, ROOT, STOP_LIMIT, Hub, expect, expect_equal, main


def alive(hub, host="localhost"):
    context = ssl.create_default_context(cafile=hub.ca)
    with urllib.request.urlopen(f"https://{host}:{hub.https_port}/readyz", context=context, timeout=10) as answer:
        return answer.status == 200


def accepts_amqps(hub, host):
    context = ssl.create_default_context(cafile=hub.ca)
    with socket.create_connection((host, hub.amqps_port), timeout=10) as raw, context.wrap_socket(raw, server_hostname=host) as tls:
        tls.sendall(b"AMQP\x03\x01\x00\x00")
        return tls.recv(8) == b"AMQP\x03\x01\x00\x00"


def leave(hub, how):
    """The hub's status after this signal, and what it said last."""
    process, hub.process = hub.process, None
    process.send_signal(how)
    return process.wait(STOP_LIMIT)


def check_ctrl_c():
    hub = Hub().start()
    expect(alive(hub), "serves before Ctrl-C")
    expect_equal(leave(hub, signal.SIGINT), 0, "the status after Ctrl-C")
    expect("stopping: SIGINT" in hub.log.read_text(), "the log says why it stopped")


class OnBothFamilies(Hub):
    def command(self, ready_file, ports=None):
        command = super().command(ready_file, ports)
        command[command.index("--bind") + 1] = "::"
        return command


def has_ipv6():
    """Whether this machine has the address ::1: a system that knows IPv6 may still have no address of it, as in some containers."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def check_families():
    """Those that were looked at, for the result's line: a machine without IPv6 shows nothing of it."""
    if not has_ipv6():
        return "IPv4 only, for there is no IPv6 on this machine"
    with OnBothFamilies() as hub:
        for host in ("127.0.0.1", "::1"):
            expect(accepts_amqps(hub, host), f"AMQPS at {host}")
            expect(alive(hub, f"[{host}]" if ":" in host else host), f"HTTPS at {host}")
    return "both address families"


def check_stop_at_once():
    """Who reads that the hub is there may stop it in the same moment: orderly too (Hub.stop sees to the status)."""
    hub = Hub()
    for _ in range(5):
        hub.start()
        hub.stop()


def check_ephemeral():
    with Hub(options=["--ephemeral"]) as hub:
        hub.create_device("gone")
        hub.stop()
        expect(not (hub.data / "store").exists(), "a hub without a disk writes no store")
        hub.start()
        expect("gone" not in hub.cli("device", "list", "-o", "json"), "a new start begins with nothing")


def check_log_level():
    with Hub(options=["--log-level", "warn"]) as hub:
        expect(alive(hub), "serves")
        hub.stop()
        expect(" info " not in hub.log.read_text(), "nothing below a warning is logged")
    with Hub(environment={**os.environ, "CAPSTAN_LOG__LEVEL": "warn"}) as hub:
        hub.stop()
        expect(" info " not in hub.log.read_text(), "the same by the environment")


def check_make_run():
    """scripts/run.sh, which `make run` ends in: the data folder from DATA, flags passed on, the hub in the script's own process."""
    with tempfile.TemporaryDirectory() as folder:
        ready = pathlib.Path(folder) / "ready.json"
        flags = ["--bind", "127.0.0.1", "--amqps-port", "0", "--https-port", "0", "--ready-file", ready]
        run = subprocess.Popen([ROOT / "scripts/run.sh", CAPSTAN, *flags], env={**os.environ, "DATA": f"{folder}/mine"},
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        deadline = time.monotonic() + 30
        while not ready.exists() and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        expect(ready.exists(), f"the hub of run.sh is ready: {run.poll()}")
        run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=STOP_LIMIT)[0]
        expect_equal(run.returncode, 0, "the status of run.sh after Ctrl-C")
        expect((pathlib.Path(folder) / "mine/hub.json").exists(), "DATA is the data folder")
        for word in ("AMQPS", "HTTPS", "CA for clients", f"{folder}/mine/tls/ca.pem", "HostName=localhost;SharedAccessKeyName=iothubowner"):
            expect(word in said, f"the banner says {word!r}: {said}")


def test():
    families = check_families()
    for check in (check_ctrl_c, check_stop_at_once, check_ephemeral, check_log_level, check_make_run):
        check()
    return f"Ctrl-C, {families}, a hub without a disk, the log's level, make run's script"


main(test)
