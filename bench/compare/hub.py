"""What only a hub has: commands to devices, and starting on what it keeps. And whether cost grows with size."""
import os
import signal
import time

from . import rounds
from .processes import Failed, run, size_of


def command_round_trips(bench):
    """Services send, devices receive and complete, the hub has stored the feedback.

    Ten services, of 100 commands on their way each: a command waits for two syncs, and one service would wait for the disk alone.
    """
    capstan = bench.fresh_capstan("commands")
    devices = 100 if bench.quick else 1000
    tls = not bench.plain
    bench.results["commands"] = rounds.measure(
        {"Capstan": lambda: bench.load.run("c2d", capstan.load(tls), devices=devices, connections=10, duration=bench.seconds,
                                           warm_up=bench.warm_up)},
        bench.rounds, bench.note)
    capstan.remove()


# --- Starting

def start_up(bench):
    """Empty; on a large store after a clean stop; on the same after kill -9 under load."""
    target_size = (1 if bench.quick else 10) * 10**9
    capstan = bench.fresh_capstan("start")
    found = {"empty": [start_again(capstan) for _ in range(bench.rounds)]}
    found["empty memory"] = capstan.memory()
    found["telemetry"] = fill(bench, capstan, target_size, 6 if bench.quick else 300)
    found["clean"] = [start_again(capstan) for _ in range(bench.rounds)]
    found["killed"] = [start_after_kill(bench, capstan) for _ in range(bench.rounds)]
    found["disk"] = size_of(capstan.data)
    bench.results["start"] = found
    capstan.remove()


def start_again(capstan):
    capstan.stop()
    return capstan.start()


def fill(bench, capstan, size, limit):
    """Until so many bytes of telemetry are stored, or time is up. Gives how many there are."""
    end, stored = time.monotonic() + limit, 0
    while stored < size and time.monotonic() < end:
        report = bench.send(capstan.load(tls=not bench.plain), connections=20, size=1024, batch=50, window=4, warm_up=0,
                            duration=2 if bench.quick else 10)
        stored += report["bytes_per_second"] * report["seconds"]
    return stored


def start_after_kill(bench, capstan):
    load = bench.load.begin("send", capstan.load(tls=not bench.plain), connections=20, size=1024, duration=bench.seconds + 5)
    time.sleep(bench.seconds)
    os.kill(capstan.pid, signal.SIGKILL)
    capstan.kill()
    try:
        bench.load.end(load)
    except Failed:
        pass  # it lost its server, as it should
    return capstan.start()


# --- Scaling

def scaling(bench):
    """Server CPU per message as one thing grows and all else stays."""
    if not bench.plain:
        raise Failed("this Capstan has no plain port")
    found = by_connections(bench)
    servers = {str(count): bench.fresh_capstan(f"partitions-{count}", partitions=count) for count in (1, 4, 32)}
    found["partitions"] = measured_by_server(bench, servers)
    servers = {str(count): with_devices(bench, count) for count in ((100, 10_000) if bench.quick else (100, 100_000, 1_000_000))}
    found["devices"] = measured_by_server(bench, servers)
    bench.results["scaling"] = found


def by_connections(bench):
    """Each with a hundred messages under way, as everywhere; and, beside it, with fewer the more they are, 10,000 in all."""
    many = [count for count in ((10, 100, 1000) if bench.quick else (10, 100, 1000, 10_000)) if count <= bench.connections_max]
    capstan = bench.fresh_capstan("scaling")
    windows = {"connections": lambda count: 100, "connections, 10,000 messages under way in all": lambda count: max(2, 10_000 // count)}
    found = {}
    for by, window in windows.items():
        sizes = {str(count): lambda count=count, window=window(count): bench.send(capstan.load(), connections=count, window=window)
                 for count in many}
        found[by] = rounds.measure(sizes, bench.rounds, bench.note)
    capstan.remove()
    return found


def measured_by_server(bench, servers):
    found = rounds.measure({name: lambda server=server: bench.send(server.load(), connections=100) for name, server in servers.items()},
                           bench.rounds, bench.note)
    for server in servers.values():
        server.remove()
    return found


def with_devices(bench, count):
    capstan = bench.fresh_capstan(f"devices-{count}")
    file = capstan.folder / "devices.jsonl"
    with open(file, "w", encoding="utf-8") as lines:
        for number in range(count):
            lines.write(f'{{"id":"registered-{number}","importMode":"create","status":"enabled","authentication":{{"type":"sas"}}}}\n')
    run([bench.capstan_program, "device", "import", file, "--hub", capstan.data], limit=1800)
    return capstan


# --- An hour of it

def soak(bench):
    """Half of what it takes flat out, for as long as was asked; memory and disk on the way. Telemetry is kept for a twelfth of it."""
    if not bench.soak_minutes:
        return
    seconds = int(bench.soak_minutes * 60)
    fastest = rounds.median(bench.results["ingest"]["256/100"]["Capstan"], "messages_per_second")
    capstan = bench.fresh_capstan("soak", retention=f"{max(60, seconds // 12)}s")
    load = bench.load.begin("send", capstan.load(), connections=100, duration=seconds, rate=int(fastest / 2))
    samples = []
    while load.poll() is None:
        samples.append({"seconds": round(time.monotonic() - bench.begun), "memory": capstan.memory(), "disk": size_of(capstan.data)})
        time.sleep(max(1, seconds / 360))
    bench.results["soak"] = {"report": bench.load.end(load), "samples": samples}
    capstan.remove()
