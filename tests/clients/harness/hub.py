"""A hub of the test's own: started on free ports with a temporary data folder, stopped or killed with the test."""
import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

from . import isolate, sas

ROOT = pathlib.Path(__file__).resolve().parents[3]
CAPSTAN = os.environ.get("HUB_PROGRAM", str(ROOT / "build/release/capstan"))
START_LIMIT = 30  # seconds; a sanitizer build on a busy machine needs most of them
STOP_LIMIT = 20  # seconds; the hub itself promises an exit "within a bound"
SKIPPED = 77  # the exit status that run.py counts as "skipped", as automake does


class Skip(Exception):
    """This machine cannot run the test; the text says what it lacks."""


class Device:
    def __init__(self, hub, name, key):
        self.hub, self.id, self.key = hub, name, key

    @property
    def resource(self):
        return f"{self.hub.hostname}/devices/{self.id}"

    @property
    def username(self):
        return f"{self.id}@sas.{self.hub.name}"

    def token(self, **options):
        return sas.token(self.resource, self.key, **options)

    def address(self, suffix):
        return f"/devices/{self.id}/{suffix}"

    @property
    def connection_string(self):
        return f"HostName={self.hub.hostname};DeviceId={self.id};SharedAccessKey={self.key}"


class Hub:
    """`with Hub() as hub:` serves until the block ends and then checks that the hub stops with status 0."""

    hostname = "localhost"
    name = "localhost"  # the first label of the host name, as clients write it behind "@sas."

    def __init__(self, *, well_known_ports=False, data=None, options=(), wrapper=(), environment=None):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="hub-"))
        self.data = pathlib.Path(data) if data else self._folder / "data"
        self.log = self._folder / "hub.log"
        self._ports = claim_well_known_ports() if well_known_ports else (0, 0)
        self._options, self._wrapper, self._environment = list(options), list(wrapper), environment
        self._policies = {}
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if self.process is None:
            return
        if kind is None:
            self.stop()
        else:
            self.kill()

    # --- life ---------------------------------------------------------------------------------------------------------

    def start(self):
        ready_file = self._folder / "ready.json"
        ready_file.unlink(missing_ok=True)
        self.process = self._spawn(ready_file)
        ready = self._await_ready(ready_file)
        self.amqps_port, self.https_port, self.ca = ready["amqps_port"], ready["https_port"], ready["ca_path"]
        self.amqp_port = ready["amqp_port"]
        trust(self.ca)
        return self

    def command(self, ready_file, ports=None):
        amqps, https = ports or self._ports
        return [*self._wrapper, CAPSTAN, "serve", "--data", str(self.data), "--hostname", self.hostname, "--bind", "127.0.0.1",
                "--amqps-port", str(amqps), "--https-port", str(https), "--amqp-port", "0", "--ready-file",
                str(ready_file), *self._options]

    def _spawn(self, ready_file):
        with open(self.log, "ab") as log:
            return subprocess.Popen(self.command(ready_file), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                    env=self._environment, preexec_fn=die_with_parent)

    def _await_ready(self, ready_file):
        """The file may be seen half written: what does not parse yet is not there yet."""
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the hub ended with status {self.process.returncode} before it was ready: {self.last_words()}")
            try:
                return json.loads(ready_file.read_text())
            except (FileNotFoundError, json.JSONDecodeError):
                time.sleep(0.02)
        raise AssertionError(f"the hub was not ready within {START_LIMIT} s: {self.last_words()}")

    def stop(self):
        """SIGTERM: the hub must finish and leave with status 0."""
        process, self.process = self.process, None
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the hub did not stop within {STOP_LIMIT} s of SIGTERM") from None
        expect(status == 0, f"the hub stopped with status {status}, not 0: {self.last_words()}")

    def kill(self):
        """kill -9: nothing in the hub gets a chance to finish."""
        process, self.process = self.process, None
        process.kill()
        process.wait()

    def last_words(self, lines=8):
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    # --- what a user of the hub holds -----------------------------------------------------------------------------------

    def cli(self, *arguments):
        """One `capstan` command on this hub's data folder; its standard output."""
        done = subprocess.run([CAPSTAN, *arguments, "--hub", str(self.data)], capture_output=True, text=True, timeout=START_LIMIT)
        words = done.stderr.strip() or done.stdout.strip()
        expect(done.returncode == 0, f"capstan {' '.join(arguments)}: status {done.returncode}: {words}")
        return done.stdout

    def create_device(self, device_id):
        self.cli("device", "create", device_id, "-o", "json")
        return Device(self, device_id, fields(self.cli("connection-string", "show", "--device-id", device_id))["SharedAccessKey"])

    def policy_key(self, policy):
        if policy not in self._policies:
            self._policies[policy] = fields(self.cli("connection-string", "show", "--policy-name", policy))["SharedAccessKey"]
        return self._policies[policy]

    def policy_username(self, policy):
        return f"{policy}@sas.root.{self.name}"

    def policy_token(self, policy="service", resource=None, **options):
        return sas.token(resource or self.hostname, self.policy_key(policy), policy, **options)

    def connection_string(self, policy="iothubowner"):
        return f"HostName={self.hostname};SharedAccessKeyName={policy};SharedAccessKey={self.policy_key(policy)}"

    def event_hub(self):
        """The fields of the event-hub-compatible connection string, its endpoint led to this hub's real port."""
        found = fields(self.cli("connection-string", "show", "--default-eventhub"))
        found["Endpoint"] = f"sb://{self.hostname}:{self.amqps_port}/"
        return found

    def event_hub_connection_string(self):
        return ";".join(f"{key}={value}" for key, value in self.event_hub().items())


def fields(connection_string):
    """A key may end in '=' signs, so only the first of each part divides."""
    return dict(part.split("=", 1) for part in connection_string.strip().split(";") if part)


def trust(ca):
    """Set explicitly: a machine may preset these to a bundle of its own."""
    os.environ["SSL_CERT_FILE"] = os.environ["NODE_EXTRA_CA_CERTS"] = ca


def die_with_parent():
    """A client library that crashes takes the test down; the hub must not stay behind."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def claim_well_known_ports():
    """5671 and 443, for clients that take no port: in a network of the test's own, else on this machine's, one test at a time."""
    if isolate.enter("net"):
        return 5671, 443
    lock = open("/tmp/capstan-well-known-ports.lock", "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    claim_well_known_ports.lock = lock  # held until the process ends
    for port in (5671, 443):
        try:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Skip(f"needs port {port} and may have neither it ({error.strerror}) nor a network namespace") from None
    return 5671, 443


# --- the frame around a test --------------------------------------------------------------------------------------------


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


def expect_equal(actual, wanted, what):
    expect(actual == wanted, f"{what}: got {actual!r}, wanted {wanted!r}")


def until(attempt, limit, what):
    """Repeats `attempt`, which itself waits for something, until it gives a true value."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        value = attempt()
        if value:
            return value
    raise AssertionError(f"not within {limit} s: {what}")


@contextlib.contextmanager
def running(command, **options):
    """A program while the block lasts: Popen's own block would wait for its end for ever when an assertion fails in it."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.kill()  # does nothing to one that has ended and was waited for


def wait_readable(sock, seconds):
    return bool(select.select([sock], [], [], seconds)[0])


def main(test):
    """Runs `test`, which returns what it showed, and says so in one line."""
    name = os.environ.get("TEST_NAME", pathlib.Path(sys.argv[0]).stem)
    try:
        shown = test()
    except Skip as reason:
        print(f"SKIP {name}: {reason}", flush=True)
        leave(SKIPPED)
    except Exception as error:
        traceback.print_exc()
        print(f"FAIL {name}: {type(error).__name__}: {error}", flush=True)
        leave(1)
    print(f"PASS {name}: {shown}", flush=True)
    leave(0)


def leave(status):
    """Without the interpreter's tidying up: uAMQP's destructors are known to crash in it, and they are not under test."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
