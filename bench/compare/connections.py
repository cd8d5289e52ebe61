"""Connections: what they weigh when they idle, and how fast they come."""
from . import rounds
from .processes import Failed
from .rabbitmq import RabbitMq

LOOPBACK_PORTS = 25_000  # connections from one address to one port, with something to spare


def idle_memory(bench):
    """Two links on each; memory that the server's process has grown by, over the number of connections."""
    found = {"plain": {}, "tls": {}}
    bench.results["idle"] = found
    for tls in (False, True):
        for name, make in idlers(bench, tls).items():
            server = make()
            if server.process is None:
                server.start()
            target = server.load(tls, queue="quorum-0") if name == "RabbitMQ" else server.load(tls)
            report = idle(bench, name, target, idle_connections(bench, name))
            if report:
                found["tls" if tls else "plain"][name] = [report]
            server.remove()


def idlers(bench, tls):
    """Servers of their own: what others have left behind in a process would hide what it grows by."""
    found = {"Capstan": lambda: bench.fresh_capstan("idle")} if tls or bench.plain else {}
    found["Proton sink"] = lambda: bench.new_proton(tls)
    if bench.with_rabbitmq:
        found["RabbitMQ"] = lambda: RabbitMq(bench.workplace, bench.certificate, queues=1)
    return found


def idle_connections(bench, name):
    """Heavy ones get fewer: the figure is per connection, and the machine is to stay alive."""
    wanted = {"Capstan": 20_000, "Proton sink": 5_000}.get(name, 1_000)
    return min(wanted // 10 if bench.quick else wanted, bench.connections_max)


def idle(bench, name, target, connections, **options):
    try:
        return bench.load.run("idle", target, connections=connections, links=2, duration=1, limit=600,
                              source_addresses=connections // LOOPBACK_PORTS + 1, **options)
    except Failed as failure:
        bench.note(f"idle connections, {name}: {failure}")
        return None


def hundred_thousand(bench):
    """TLS device connections in one run, with telemetry flowing. As many as one process may have files."""
    connections = min(100_000, bench.connections_max)
    if connections < 100_000:
        bench.note(f"100,000 connections need as many open files; here a process may have {bench.files_max:,}")
    capstan = bench.fresh_capstan("many")
    report = idle(bench, "Capstan", capstan.load(tls=True), connections, rate=5000)
    capstan.remove()
    if report:
        bench.results["many"] = [report]


def set_up_storm(bench):
    """Connect, sign in, open, begin, two attaches, close, and again. Capstan: TLS 1.3 and a token put to $cbs. RabbitMQ: TLS and PLAIN.
    The sink: TLS, and nobody asks who it is."""
    capstan = bench.fresh_capstan("storm")
    others = {name: target for name, target in bench.contenders(capstan, tls=True, kinds=("quorum",)).items() if name != "Capstan"}
    resume = {"resume": True}
    contenders = {
        "Capstan TLS, CBS": lambda: storm(bench, capstan.load(tls=True, sasl="mssbcbs")),
        "Capstan TLS, CBS, resumed": lambda: storm(bench, capstan.load(tls=True, sasl="mssbcbs"), **resume),
        "Capstan TLS, PLAIN": lambda: storm(bench, capstan.load(tls=True))}
    if bench.plain:
        contenders["Capstan plain"] = lambda: storm(bench, capstan.load())
    for name, target in others.items():
        contenders[f"{name} TLS"] = lambda target=target: storm(bench, target())
    bench.results["storm"] = rounds.measure(contenders, bench.rounds, bench.note)
    capstan.remove()


def storm(bench, target, **options):
    """From ten addresses: those of one have no port left after 28,000 connections in a minute."""
    return bench.load.run("storm", target, connections=20, links=2, duration=bench.seconds, warm_up=bench.warm_up, source_addresses=10,
                          **options)
