"""The ten goals, what was measured for each, and whether it is met."""
from . import limits
from .rounds import median, ratio

CPU = "server_cpu_seconds_per_million"


class Goal:
    """One line of the table: `value` is None when it was not measured."""

    def __init__(self, number, what, goal, value, shown, met):
        self.number, self.what, self.goal = number, what, goal
        self.measured = "not measured" if value is None else shown.format(value)
        self.met = "" if value is None else "yes" if met(value) else "**no**"


def at_least(number, what, wanted, value, shown):
    return Goal(number, what, "at least " + shown.format(wanted), value, shown, lambda found: found >= wanted)


def at_most(number, what, wanted, value, shown):
    return Goal(number, what, "at most " + shown.format(wanted), value, shown, lambda found: found <= wanted)


def goals(results):
    return [*telemetry(results), *latency(results), *readers(results), *connections(results), *hub(results), *growth(results)]


def telemetry(results):
    small, large = results.get("ingest", {}).get("256/100", {}), results.get("ingest", {}).get("1024/100", {})
    batches, tls = results.get("batches", {}).get("100", {}), results.get("tls", {}).get("256/100", {})
    disk = median(machine(results), "growing_1m.bytes_per_second")
    written = median(large.get("Capstan"), "bytes_per_second")
    return [
        at_least(1, "Durable telemetry, 256 B, 100 connections, to the Proton sink", 0.5, ratio(small, "Capstan", "Proton sink"),
                 "{:.2f} ×"),
        at_least(1, "The same, to RabbitMQ's quorum queue", 15, ratio(small, "Capstan", "RabbitMQ quorum"), "{:.1f} ×"),
        at_least(1, "1 KiB, of the disk's synced append bandwidth (1 MiB, growing file)", 60, share(written, disk), "{:.0f} %"),
        at_most(2, "Server CPU per million, 256 B, plain", 1.2, median(small.get("Capstan"), CPU), "{:.2f} s"),
        at_most(2, "The same with TLS 1.3", 2.0, median(tls.get("Capstan"), CPU), "{:.2f} s"),
        at_most(2, "The same in device batches of 50, plain", 0.4, median(batches.get("Capstan"), CPU), "{:.2f} s"),
    ]


def latency(results):
    synced = median(machine(results), "growing_4k.p50_us")
    own = results.get("latency", {}).get("Capstan")
    return [
        at_most(3, "Send to accepted at a quarter of the maximum, p50, to one synced write of 4 KiB", 1.5,
                quotient(median(own, "latency_us.p50"), synced), "{:.1f} ×"),
        at_most(3, "The same, p99", 4, quotient(median(own, "latency_us.p99"), synced), "{:.1f} ×"),
    ]


def readers(results):
    found = results.get("readers", {})
    tail = found.get("tail", {})
    behind = difference(median(tail.get("end to end"), "latency_us.p99"), median(tail.get("accepted"), "latency_us.p99"))
    kept = ratio(found.get("catching up", {}), "with 32 readers", "alone")
    return [
        at_least(4, "Replay from disk, events of 256 B per second of server CPU", 1_500_000,
                 quotient(1e6, median(found.get("replay", {}).get("Capstan"), CPU)), "{:,.0f}"),
        at_most(4, "The tail after the commit: p99 end to end less p99 accepted", 1000, behind and max(behind, 0), "{:.0f} µs"),
        at_most(4, "Writers slowed by 32 readers that catch up", 15, kept and max(0, 100 * (1 - kept)), "{:.0f} %"),
    ]


def connections(results):
    idle, storm = results.get("idle", {}), results.get("storm", {})
    kib = {kind: quotient(median(idle.get(kind, {}).get("Capstan"), "server_rss_bytes_per_connection"), 1024) for kind in ("plain", "tls")}
    openssl = results.get("limits", {}).get("openssl")
    allowed = limits.handshakes_allowed(openssl, results["cores"]) if openssl else None
    made = median(results.get("limits", {}).get("handshakes"), "full")
    return [
        at_most(5, "Memory of an idle connection with two links, plain", 5, kib["plain"], "{:.1f} KiB"),
        at_most(5, "The same with TLS", 16, kib["tls"], "{:.1f} KiB"),
        at_least(5, "TLS device connections in one run, with telemetry flowing", 100_000, median(results.get("many"), "connections"),
                 "{:,.0f}"),
        at_least(6, "New TLS 1.3 connections with CBS and two links, of what the handshakes alone allow", 80,
                 share(median(storm.get("Capstan TLS, CBS"), "messages_per_second"), allowed), "{:.0f} %"),
        at_least(6, "The same, of the handshakes that OpenSSL itself makes without a socket, both ends on all cores", 80,
                 share(median(storm.get("Capstan TLS, CBS"), "messages_per_second"), made and made * results["cores"]), "{:.0f} %"),
        at_least(6, "TLS sessions resumed, of the connections that offered one", 90,
                 share(median(storm.get("Capstan TLS, CBS, resumed"), "resumed"),
                       median(storm.get("Capstan TLS, CBS, resumed"), "messages")), "{:.0f} %"),
    ]


def hub(results):
    start = results.get("start", {})
    slowest = {kind: max(start[kind]) * 1000 if kind in start else None for kind in ("clean", "killed")}
    size = start.get("telemetry", 0) / 1e9
    return [
        at_least(7, "Cloud-to-device round trips, durable", 30_000,
                 median(results.get("commands", {}).get("Capstan"), "messages_per_second"), "{:,.0f}/s"),
        at_most(8, f"Ready on a store of {size:.1f} GB after a clean stop", 300, slowest["clean"], "{:.0f} ms"),
        at_most(8, "The same after kill -9 under load", 3000, slowest["killed"], "{:.0f} ms"),
        at_most(8, "Memory of an empty hub", 30, quotient(start.get("empty memory"), 2**20), "{:.1f} MiB"),
    ]


def growth(results):
    scaling, soak = results.get("scaling", {}), results.get("soak", {}).get("samples", [])
    rows = [at_most(9, f"Server CPU per message, from {ends(scaling.get(by))} {by}: growth", 20, growth_of(scaling.get(by)), "{:.0f} %")
            for by in ("connections", "partitions", "devices")]
    later = soak[len(soak) // 4:]  # memory has settled, and what is kept no longer grows
    rows.append(at_most(10, "An hour at half the maximum: growth of memory over its last three quarters", 5, drift(later, "memory"),
                        "{:.0f} %"))
    rows.append(at_most(10, "The same: growth of disk use", 20, drift(later, "disk"), "{:.0f} %"))
    return rows


# --- Arithmetic that does without what is missing

def machine(results):
    return results.get("limits", {}).get("machine")


def quotient(one, other):
    return one / other if one is not None and other else None


def share(one, other):
    found = quotient(one, other)
    return None if found is None else 100 * found


def difference(one, other):
    return None if one is None or other is None else one - other


def ends(measured):
    names = list(measured or ())
    return f"{int(names[0]):,} to {int(names[-1]):,}" if names else "few to many"


def growth_of(measured):
    """The largest figure to that of the first, in per cent more."""
    values = [value for reports in (measured or {}).values() if (value := median(reports, CPU)) is not None]
    return max(0, 100 * (max(values) / values[0] - 1)) if len(values) > 1 and values[0] else None


def drift(samples, what):
    """The last eighth's mean to the first's."""
    size = len(samples) // 8
    if not size:
        return None
    first, last = (sum(sample[what] for sample in part) for part in (samples[:size], samples[-size:]))
    return max(0, 100 * (last / first - 1)) if first else None
