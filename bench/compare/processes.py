"""Servers under measurement: each a process group of its own, on loopback, in a temporary folder that goes with it."""
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A peer, or the load, did not do what the measurement needs. The text is for the report."""


class Workplace:
    """A temporary folder, and what was started in it: `with` ends and removes both."""

    def __init__(self, beside):
        beside.mkdir(parents=True, exist_ok=True)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="measured-", dir=beside.resolve()))
        self.servers = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in reversed(self.servers):
            server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def place(self, name):
        """A folder of its own, whatever else has the name."""
        return pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))


class Server:
    """One process. Subclasses say how it is started (command, environment) and when it is ready."""
    name = ""
    accepted_means = ""  # what a sender knows once a message is accepted
    start_limit = 60     # seconds

    def __init__(self, workplace, name=None):
        self.name = name or self.name
        self.workplace = workplace
        self.folder = workplace.place(self.name.replace(" ", "-").lower())
        self.folder.chmod(0o755)
        self.process = None
        workplace.servers.append(self)

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def is_ready(self):
        raise NotImplementedError

    def start(self):
        """Gives the seconds until it was ready."""
        begun = time.monotonic()
        log = open(self.folder / "output.txt", "ab")
        self.process = subprocess.Popen(self.command(), env={**os.environ, **self.environment()}, cwd=self.folder, stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        log.close()
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() - begun > self.start_limit:
                self.kill()
                raise Failed(f"{self.name} does not start: {self.last_words()}")
            time.sleep(0.002)
        return time.monotonic() - begun

    def last_words(self):
        lines = (self.folder / "output.txt").read_text(errors="replace").strip().splitlines()
        return " | ".join(lines[-3:])[:400] or "it said nothing"

    def stop(self, limit=30):
        """Asks it to end, and waits. It can be started again."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(limit)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def kill(self):
        """The whole group, at once."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None

    def remove(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self):
        return self.process.pid

    def memory(self):
        """Resident bytes."""
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def allow_many_files():
    """As many open files as the system allows; gives how many one process may have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = int(pathlib.Path("/proc/sys/fs/nr_open").read_text())
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
        most = wanted
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def size_of(folder):
    """Bytes that it takes on disk."""
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())


def run(command, limit=60, environment=None):
    """What it says, or Failed."""
    done = subprocess.run([str(part) for part in command], env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=limit, check=False)
    if done.returncode:
        said = re.search(r'"problem": "(.+)"', done.stdout)
        raise Failed(f"{pathlib.Path(command[0]).name}: {said[1] if said else (done.stderr or done.stdout).strip()[-400:]}")
    return done.stdout
