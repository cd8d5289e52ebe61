"""What all measurements share: how long, how often, with which servers; and where their results go."""
import os
import subprocess
import sys
import time

from . import peers
from .load import LoadTool
from .processes import Failed, allow_many_files
from .rabbitmq import KINDS, PROGRAMS, RabbitMq, RabbitQueue


OTHER_FILES = 3_200  # the hub keeps 3,072 of its open files for what is no connection (src/server/process.cpp), the tool has some, too


class Bench:
    def __init__(self, options, workplace):
        self.quick = options.quick
        self.rounds = options.rounds or (1 if options.quick else 3)
        self.seconds = 1 if options.quick else 5
        self.warm_up = 0.3 if options.quick else 1
        self.soak_minutes = options.soak
        self.capstan_program = options.capstan.resolve()
        self.programs = options.programs.resolve()
        self.workplace = workplace
        self.load = LoadTool(options.load_tool.resolve() if options.load_tool else self.capstan_program)
        self.plain = peers.has_plain_port(self.capstan_program)
        self.cores = os.cpu_count()
        self.files_max = allow_many_files()
        self.connections_max = self.files_max - OTHER_FILES
        self.results = {}
        self.notes = []
        self.begun = time.monotonic()
        self.with_rabbitmq = PROGRAMS.exists() and not options.without_rabbitmq
        self.certificate = peers.certificate(workplace.folder / "tls")
        self.shared = {}

    def note(self, text):
        """What kept a measurement from being made: said at once, and in the report."""
        text = text.replace(str(self.workplace.folder), "").replace("\n", " ").strip(" :")
        self.notes.append(text)
        self.say(f"! {text}")

    def say(self, text):
        print(f"{time.monotonic() - self.begun:6.0f} s  {text}", file=sys.stderr, flush=True)

    # --- Servers. Those of others are started once, when they are first wanted.

    def fresh_capstan(self, name, **options):
        server = peers.Capstan(self.workplace, self.capstan_program, name, **options)
        server.start()
        return server

    def new_proton(self, tls):
        return peers.ProtonSink(self.workplace, self.programs / "proton_sink", tls=self.certificate if tls else None)

    def proton(self, tls=False):
        return self.started("proton", tls, lambda: self.new_proton(tls))

    def rabbitmq(self):
        return self.started("rabbitmq", False, lambda: RabbitMq(self.workplace, self.certificate))

    def started(self, name, tls, make):
        key = name, tls
        if key not in self.shared:
            server = make()
            server.start()
            self.shared[key] = server
        return self.shared[key]

    def contenders(self, capstan, tls=False, kinds=tuple(KINDS)):
        """{name: function that gives the arguments of the load tool} of all that are there: Capstan, and its peers."""
        found = {}
        if tls or self.plain:
            found["Capstan"] = lambda: capstan.load(tls)
        found["Proton sink"] = lambda: self.proton(tls).load(tls)
        if self.with_rabbitmq:
            for kind in kinds:
                queue = RabbitQueue(self.rabbitmq(), kind)
                found[queue.name] = lambda queue=queue: queue.load(tls)
        return found

    # --- Measurements

    def send(self, target, **options):
        """Flat out unless a rate is given; durable messages; warmed up."""
        given = {"duration": self.seconds, "warm_up": self.warm_up, "durable": True, "size": 256, "window": 100, **options}
        return self.load.run("send", target, **given)

    def attempt(self, section):
        """Runs a section; what it cannot do is noted, and the others go on."""
        self.say(section.__name__.replace("_", " "))
        try:
            section(self)
        except (Failed, OSError, LookupError, subprocess.SubprocessError) as failure:
            self.note(f"{section.__name__.replace('_', ' ')}: {failure!r}" if isinstance(failure, LookupError) else
                      f"{section.__name__.replace('_', ' ')}: {failure}")
