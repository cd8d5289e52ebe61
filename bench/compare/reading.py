"""Reading telemetry: from disk, at the tail, and what it costs the writers."""
from . import rounds
from .processes import Failed

PARTITIONS = 8
READERS_PER_PARTITION = 4  # 32 readers in all; five may share a partition


def readers(bench):
    """A hub that is filled, then started anew, so that little of it is still in the store's memory."""
    if not bench.plain:
        raise Failed("this Capstan has no plain port")
    capstan = bench.fresh_capstan("readers", partitions=PARTITIONS)
    filled = bench.send(capstan.load(), connections=100, duration=3 if bench.quick else 20)
    capstan.stop()
    capstan.start()
    found = {"filled": filled["accepted"]}
    bench.results["readers"] = found
    found["replay"] = rounds.measure({"Capstan": lambda: replay(bench, capstan, filled["accepted"])}, bench.rounds, bench.note)
    found["tail"] = rounds.measure({"end to end": lambda: end_to_end(bench, capstan), "accepted": lambda: accepted(bench, capstan)},
                                   bench.rounds, bench.note)
    found["catching up"] = rounds.measure(
        {"alone": lambda: write(bench, capstan), "with 32 readers": lambda: write_while_read(bench, capstan)}, bench.rounds, bench.note)
    capstan.remove()


def replay(bench, capstan, count):
    """One connection reads all partitions from their beginning."""
    return bench.load.run("receive", capstan.load(queue=capstan.partition_addresses()), connections=1, links=PARTITIONS, credit=5000,
                          count=int(count * 0.9), **{"from": "earliest"})


def end_to_end(bench, capstan):
    """From the sender to a reader that waits, at a rate that keeps nobody busy."""
    return bench.load.run("both", capstan.load(), connections=1, rate=1000, size=256, duration=bench.seconds, warm_up=bench.warm_up,
                          receive_address=f"telemetry/ConsumerGroups/$Default/Partitions/{partition_of_first_device(bench, capstan)}",
                          **{"from": "latest"})


def accepted(bench, capstan):
    return bench.send(capstan.load(), connections=1, rate=1000)


def partition_of_first_device(bench, capstan, known={}):  # the default is the memory, on purpose
    """Where bench-0's telemetry goes: to the only partition that delivers while it sends."""
    if capstan in known:
        return known[capstan]
    for partition in range(PARTITIONS):
        address = f"telemetry/ConsumerGroups/$Default/Partitions/{partition}"
        reading = bench.load.begin("receive", capstan.load(queue=address), duration=1, warm_up=0.2, **{"from": "latest"})
        bench.send(capstan.load(), connections=1, rate=500, duration=1, warm_up=0.3)
        if bench.load.end(reading)["received"]:
            known[capstan] = partition
            return partition
    raise Failed("no partition has what the device sends")


def write(bench, capstan):
    return bench.send(capstan.load(), connections=100)


def write_while_read(bench, capstan):
    """All partitions are read from their beginning by four readers each, for as long as the writers write."""
    reading = bench.load.begin("receive", capstan.load(queue=capstan.partition_addresses()), connections=READERS_PER_PARTITION,
                               links=PARTITIONS, duration=bench.seconds + bench.warm_up + 1, warm_up=0, **{"from": "earliest"})
    try:
        report = write(bench, capstan)
    finally:
        read = bench.load.end(reading)
    return {**report, "read_per_second": read["messages_per_second"]}
