"""Namespaces of the kernel for tests that need a machine to themselves: the well-known ports, a disk that can be filled."""
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys

ENTERED = "TEST_NAMESPACE"
SIOCSIFFLAGS = 0x8914
IFF_UP_LOOPBACK_RUNNING = 0x1 | 0x8 | 0x40


def enter(kind):
    """Runs this test again inside a namespace of `kind` ("net" or "mount"). False when the machine does not allow one."""
    if os.environ.get(ENTERED) == kind:
        if kind == "net":
            _loopback_up()
        return True
    for flags in ([f"--{kind}"], ["--user", "--map-root-user", f"--{kind}"]):
        if _allowed(flags):
            os.environ[ENTERED] = kind
            os.execvp("unshare", ["unshare", *flags, "--", sys.executable, *sys.argv])
    return False


def _allowed(flags):
    if not shutil.which("unshare"):
        return False
    return subprocess.run(["unshare", *flags, "--", "true"], capture_output=True, timeout=10).returncode == 0


def _loopback_up():
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP_LOOPBACK_RUNNING))
