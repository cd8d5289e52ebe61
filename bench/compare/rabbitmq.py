"""RabbitMQ from Debian with its AMQP 1.0 plug-in: a node of its own, beside whatever else runs here."""
import base64
import hashlib
import json
import os
import pathlib
import subprocess
import time

from .processes import Failed, Server, free_port, listens

PROGRAMS = pathlib.Path("/usr/lib/rabbitmq/bin")
KINDS = {
    "classic": "synced to disk (group commit): a durable classic queue, persistent messages",
    "quorum": "written to the Raft log and synced, on one node",
    "stream": "in the page cache: not synced",
}
QUEUES = 24  # of each kind: each measurement takes a fresh one


class RabbitMq(Server):
    """One node for the three kinds of queue; contender(kind) is how a measurement sees it."""
    name = "RabbitMQ"
    start_limit = 90

    def __init__(self, workplace, certificate, queues=QUEUES):
        super().__init__(workplace)
        self.queues = queues
        self.certificate = certificate
        self.port, self.tls_port, self.node_port, self.epmd_port = (free_port() for _ in range(4))
        self.epmd = None
        self.taken = 0
        self.write_configuration()

    def write_configuration(self):
        (self.folder / "rabbitmq.conf").write_text("\n".join([
            f"listeners.tcp.default = 127.0.0.1:{self.port}",
            f"listeners.ssl.default = 127.0.0.1:{self.tls_port}",
            f"ssl_options.certfile = {self.certificate[0]}",
            f"ssl_options.keyfile = {self.certificate[1]}",
            "ssl_options.verify = verify_none",
            "ssl_options.versions.1 = tlsv1.3",
            f"load_definitions = {self.folder}/definitions.json",
            "tcp_listen_options.backlog = 4096",
            "log.file.level = warning", ""]))
        (self.folder / "enabled_plugins").write_text("[rabbitmq_amqp1_0].\n")
        (self.folder / "definitions.json").write_text(json.dumps(definitions(self.queues)))

    def command(self):
        return [PROGRAMS / "rabbitmq-server"]

    def environment(self):
        own = self.folder
        return {"HOME": str(own), "RABBITMQ_NODENAME": f"capstan_peer_{self.node_port}@localhost",
                "RABBITMQ_CONFIG_FILE": f"{own}/rabbitmq.conf",
                "RABBITMQ_CONF_ENV_FILE": f"{own}/none", "RABBITMQ_ADVANCED_CONFIG_FILE": f"{own}/none",
                "RABBITMQ_ENABLED_PLUGINS_FILE": f"{own}/enabled_plugins", "RABBITMQ_MNESIA_BASE": f"{own}/mnesia",
                "RABBITMQ_LOG_BASE": f"{own}/log", "RABBITMQ_PID_FILE": f"{own}/pid", "RABBITMQ_DIST_PORT": str(self.node_port),
                "RABBITMQ_NODE_PORT": str(self.port), "ERL_EPMD_PORT": str(self.epmd_port), "ERL_EPMD_ADDRESS": "127.0.0.1",
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}"}

    def start(self):
        """The name server of Erlang first: left to itself, it would stay behind."""
        environment = {**os.environ, "ERL_EPMD_RELAXED_COMMAND_CHECK": "1"}
        self.epmd = subprocess.Popen(["epmd", "-port", str(self.epmd_port), "-address", "127.0.0.1"], env=environment,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        took = super().start()
        time.sleep(1)  # the leaders of the quorum queues are elected
        return took

    def is_ready(self):
        return listens(self.port) and listens(self.tls_port) and self.erlang() is not None

    def erlang(self):
        """The process that is the server: below the start scripts."""
        waiting = [self.process.pid]
        while waiting:
            pid = waiting.pop()
            if pathlib.Path(f"/proc/{pid}/comm").read_text().startswith("beam"):
                return pid
            waiting += [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return None

    @property
    def pid(self):
        return self.erlang()

    def kill(self):
        super().kill()
        if self.epmd:
            self.epmd.kill()
            self.epmd.wait()
            self.epmd = None

    def load(self, tls=False, queue=None):
        if queue is None:
            raise Failed("which queue?")
        return ["--target", f"127.0.0.1:{self.tls_port if tls else self.port}", "--sasl", "plain", "--user", "guest", "--password", "guest",
                "--pid", self.pid, "--address", f"/amq/queue/{queue}", *(["--tls"] if tls else [])]

    def fresh_queue(self, kind):
        self.taken += 1
        return f"{kind}-{self.taken % self.queues}"


class RabbitQueue:
    """One kind of queue of the node, as a contender."""

    def __init__(self, server, kind):
        self.server = server
        self.kind = kind
        self.name = f"RabbitMQ {kind}"
        self.accepted_means = KINDS[kind]

    def load(self, tls=False):
        return self.server.load(tls, self.server.fresh_queue(self.kind))


def definitions(count):
    types = {"classic": "classic", "quorum": "quorum", "stream": "stream"}
    queues = [{"name": f"{kind}-{number}", "vhost": "/", "durable": True, "auto_delete": False, "arguments": {"x-queue-type": types[kind]}}
              for kind in KINDS for number in range(count)]
    salt = b"salt"
    password = base64.b64encode(salt + hashlib.sha256(salt + b"guest").digest()).decode()
    user = {"name": "guest", "password_hash": password, "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": "administrator"}
    permission = {"user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}
    return {"users": [user], "vhosts": [{"name": "/"}], "permissions": [permission], "queues": queues}
