"""Taking telemetry: how much, at which cost, how soon; plain, in device batches, with TLS."""
from . import rounds
from .processes import Failed

CELLS = [(size, connections) for size in (256, 1024) for connections in (1, 10, 100)]
BATCHED = 50


def ingest(bench):
    """Every cell: all contenders, round by round."""
    capstan = bench.fresh_capstan("ingest")
    contenders = bench.contenders(capstan)
    found = {}
    for size, connections in CELLS:
        bench.say(f"  {size} B, {connections} connections")
        found[f"{size}/{connections}"] = rounds.measure(
            {name: lambda target=target: bench.send(target(), size=size, connections=connections) for name, target in contenders.items()},
            bench.rounds, bench.note)
    capstan.remove()
    bench.results["ingest"] = found


def device_batches(bench):
    """Messages of format 0x80013700: fifty messages in each transfer, ten of which a device has under way."""
    if not bench.plain:
        raise Failed("this Capstan has no plain port")
    capstan = bench.fresh_capstan("batches")
    bench.results["batches"] = {
        str(connections): rounds.measure(
            {"Capstan": lambda: bench.send(capstan.load(), connections=connections, batch=BATCHED, window=10)}, bench.rounds, bench.note)
        for connections in (1, 10, 100)}
    capstan.remove()


def tls_ingest(bench):
    capstan = bench.fresh_capstan("tls")
    contenders = bench.contenders(capstan, tls=True, kinds=("quorum",))
    bench.results["tls"] = {
        f"256/{connections}": rounds.measure(
            {name: lambda target=target: bench.send(target(), connections=connections) for name, target in contenders.items()},
            bench.rounds, bench.note)
        for connections in (10, 100)}
    capstan.remove()


def latency(bench):
    """At a quarter of what each took flat out with as many connections; from when a message was due, so that a server that stalls
    does not hide it."""
    connections = 10
    flat_out = bench.results["ingest"][f"256/{connections}"]
    fastest = {name: rounds.median(reports, "messages_per_second") for name, reports in flat_out.items()}
    capstan = bench.fresh_capstan("latency")
    contenders = {name: target for name, target in bench.contenders(capstan).items() if fastest.get(name)}
    bench.results["latency"] = rounds.measure(
        {name: lambda name=name, target=target: bench.send(target(), connections=connections, rate=int(fastest[name] / 4))
         for name, target in contenders.items()}, bench.rounds, bench.note)
    capstan.remove()
