"""Capstan, and the Proton sink. What each server gives the load tool: load(tls, queue), its arguments."""
import json
import os
import re
import subprocess

from .processes import Server, listens, run

EVENT_HUB = "telemetry"


def certificate(folder):
    """A P-256 certificate for localhost, signed by itself: what Capstan makes for itself, for the peers. Gives its files."""
    folder.mkdir(exist_ok=True)
    files = folder / "certificate.pem", folder / "key.pem"
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", files[0], "-keyout", files[1]])
    for file in files:
        file.chmod(0o644)
    return files


class Capstan(Server):
    name = "Capstan"
    accepted_means = "synced to disk (group commit)"

    def __init__(self, workplace, program, name=None, partitions=4, retention="1d", folder=None):
        super().__init__(workplace, name)
        self.program = program
        self.partitions = partitions
        self.retention = retention
        self.data = folder or self.folder / "data"
        self.ready_file = self.folder / "ready.json"
        (self.folder / "capstan.toml").write_text(f'[hub]\nevent_hub = "{EVENT_HUB}"\n')

    def command(self):
        return [self.program, "serve", "--config", self.folder / "capstan.toml", "--data", self.data, "--bind", "127.0.0.1",
                "--amqps-port", "0", "--https-port", "0", *(["--amqp-port", "0"] if has_plain_port(self.program) else []),
                "--partitions", str(self.partitions), "--log-level", "warn", "--ready-file", self.ready_file]

    def environment(self):
        return {"CAPSTAN_LIMITS__CONNECTIONS": "200000", "CAPSTAN_TELEMETRY__RETENTION": self.retention}

    def start(self):
        self.ready_file.unlink(missing_ok=True)
        return super().start()

    def is_ready(self):
        return self.ready_file.exists()

    def ports(self):
        return json.loads(self.ready_file.read_text())

    def load(self, tls=False, queue=None, sasl="plain"):
        """`queue`: an address of the hub's own; none: telemetry of devices, one for each link."""
        arguments = ["--hub", self.data, "--sasl", sasl, "--pid", self.pid]
        if not tls:
            arguments += ["--target", f"127.0.0.1:{self.ports()['amqp_port']}"]
        return arguments + (["--address", queue] if queue else [])

    def partition_addresses(self):
        return f"{EVENT_HUB}/ConsumerGroups/$Default/Partitions/{{l}}"


def has_plain_port(program, known={}):  # the default is the memory, on purpose
    if program not in known:
        known[program] = "--amqp-port" in run([program, "serve", "--help"])
    return known[program]


class ProtonSink(Server):
    name = "Proton sink"
    accepted_means = "nothing: it was thrown away"

    def __init__(self, workplace, program, name=None, tls=None, threads=None):
        super().__init__(workplace, name)
        self.program = program
        self.tls = tls  # certificate and key
        self.threads = threads or os.cpu_count()
        self.port = None

    def command(self):
        return [self.program, "0", str(self.threads), *(self.tls or ())]

    def is_ready(self):
        found = re.search(r"^port (\d+)$", (self.folder / "output.txt").read_text(), re.MULTILINE)
        self.port = int(found[1]) if found else None
        return self.port is not None and listens(self.port)

    def load(self, tls=False, queue=None):
        assert tls == bool(self.tls)
        return ["--target", f"127.0.0.1:{self.port}", "--sasl", "anonymous", "--pid", self.pid, "--address", queue or "sink",
                *(["--tls"] if tls else [])]


def version_of_package(name):
    done = subprocess.run(["dpkg-query", "--show", "--showformat=${Version}", name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=False)
    return done.stdout or "not from Debian"
