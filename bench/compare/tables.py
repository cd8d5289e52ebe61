"""The tables of docs/performance.md, from the results: {marker: Markdown}."""
from . import goals, limits
from .rounds import median, ratio

CPU = "server_cpu_seconds_per_million"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def shown(value, form="{:,.0f}"):
    return "-" if value is None else form.format(value)


def all_tables(results):
    makers = {"goals": goals_table, "peers": peers_table, "ingest": ingest_table, "cost": cost_table, "batches": batches_table,
              "tls": tls_table, "latency": latency_table, "wins": wins_list, "readers": readers_table, "idle": idle_table,
              "storm": storm_table, "hub": hub_table, "scaling": scaling_table, "limits": limits_table, "notes": notes_list}
    return {name: make(results) for name, make in makers.items()}


def goals_table(results):
    return table(["", "goal", "wanted", "measured", "met"],
                 [[str(each.number), each.what, each.goal, each.measured, each.met] for each in goals.goals(results)])


def peers_table(results):
    return table(["", "version", "configuration", "what `accepted` means"],
                 [[peer["name"], peer["version"], peer["configuration"], peer["accepted"]] for peer in results["peers"]])


def names_in(cells):
    return list(dict.fromkeys(name for cell in cells.values() for name in cell))


def ingest_table(results):
    """Rates, and the median of Capstan's ratio to each peer in the same rounds."""
    cells = results.get("ingest", {})
    heads = [f"{cell.split('/')[0]} B, {cell.split('/')[1]}" for cell in cells]
    rows = []
    for name in names_in(cells):
        rows.append([name, *(shown(median(cell.get(name), "messages_per_second")) for cell in cells.values())])
    for name in names_in(cells):
        if name != "Capstan":
            rows.append([f"Capstan : {name}", *(shown(ratio(cell, "Capstan", name), "{:.2f}") for cell in cells.values())])
    return table(["accepted messages/s; connections:", *heads], rows)


def cost_table(results):
    cells = results.get("ingest", {})
    rows = [[name, *(shown(median(cell.get(name), CPU), "{:.2f}") for cell in cells.values())] for name in names_in(cells)]
    shares = (shown(own_share(cell.get("Capstan")), "{:.0f} %") for cell in cells.values())
    rows.append(["the load tool's share of a core, beside Capstan", *shares])
    heads = [f"{cell.split('/')[0]} B, {cell.split('/')[1]}" for cell in cells]
    return table(["server CPU, seconds per million", *heads], rows)


def own_share(reports):
    own, seconds = median(reports, "own_cpu_seconds"), median(reports, "seconds")
    return 100 * own / seconds if own is not None and seconds else None


def batches_table(results):
    rows = [[connections, shown(median(cell["Capstan"], "messages_per_second")), shown(median(cell["Capstan"], CPU), "{:.2f}")]
            for connections, cell in results.get("batches", {}).items()]
    return table(["device batches of 50, 256 B; connections", "messages/s", "server CPU, s per million"], rows)


def tls_table(results):
    rows = [[name, cell.split("/")[1], shown(median(reports, "messages_per_second")), shown(median(reports, CPU), "{:.2f}")]
            for cell, found in results.get("tls", {}).items() for name, reports in found.items()]
    return table(["TLS 1.3, 256 B", "connections", "messages/s", "CPU, s per million"], rows)


def latency_table(results):
    rows = [[name, shown(median(reports, "messages_per_second")),
             *(shown(median(reports, f"latency_us.{which}")) for which in ("p50", "p90", "p99", "p999", "max"))]
            for name, reports in results.get("latency", {}).items()]
    return table(["send to accepted, µs; 256 B, 10 connections", "at messages/s", "p50", "p90", "p99", "p99.9", "max"], rows)


def readers_table(results):
    found = results.get("readers", {})
    replay, tail, catching = found.get("replay", {}).get("Capstan"), found.get("tail", {}), found.get("catching up", {})
    microseconds = ["p50 {} µs, p99 {} µs".format(*(shown(median(tail.get(name), f"latency_us.{which}")) for which in ("p50", "p99")))
                    for name in ("end to end", "accepted")]
    return table(["reading, 256 B", ""], [
        ["replay from disk, one connection, 8 partitions", shown(median(replay, "messages_per_second")) + " events/s"],
        ["its server CPU", shown(median(replay, CPU), "{:.2f}") + " s per million"],
        ["send to a reader that waits, 1,000 messages/s", microseconds[0]],
        ["send to accepted, the same rate", microseconds[1]],
        ["writers alone", shown(median(catching.get("alone"), "messages_per_second")) + " messages/s"],
        ["writers while 32 readers catch up", shown(median(catching.get("with 32 readers"), "messages_per_second")) + " messages/s"],
        ["what these readers read", shown(median(catching.get("with 32 readers"), "read_per_second")) + " events/s"]])


def idle_table(results):
    idle = results.get("idle", {})
    rows = [[name, *(cell for kind in ("plain", "tls") for cell in idle_cells(idle.get(kind, {}).get(name)))]
            for name in names_in(idle)]
    return table(["idle connection with two links", "plain, KiB", "of", "TLS, KiB", "of"], rows)


def idle_cells(reports):
    memory = median(reports, "server_rss_bytes_per_connection")
    return shown(memory and memory / 1024, "{:.1f}"), shown(median(reports, "connections"))


def storm_table(results):
    rows = [[name, shown(median(reports, "messages_per_second")), shown(per_thousand(reports), "{:.2f}"),
             shown(median(reports, "latency_us.p99")), shown(median(reports, "resumed"))]
            for name, reports in results.get("storm", {}).items()]
    return table(["connect, sign in, two links, close", "per second", "server CPU, ms each", "p99 µs", "resumed"], rows)


def per_thousand(reports):
    cost = median(reports, CPU)
    return None if cost is None else cost / 1000


def hub_table(results):
    start, commands = results.get("start", {}), results.get("commands", {}).get("Capstan")
    milliseconds = {kind: start.get(kind) and sorted(start[kind])[len(start[kind]) // 2] * 1000 for kind in ("empty", "clean", "killed")}
    return table(["the hub", ""], [
        ["cloud-to-device round trips", shown(median(commands, "messages_per_second")) + "/s, "
         + shown(median(commands, CPU), "{:.1f}") + " s of CPU per million"],
        ["start, empty", shown(milliseconds["empty"]) + " ms"],
        [f"start, {gigabytes(start)}, after a clean stop", shown(milliseconds["clean"]) + " ms"],
        ["start, the same, after kill -9 under load", shown(milliseconds["killed"]) + " ms"],
        ["memory, empty", shown(start.get("empty memory") and start["empty memory"] / 2**20, "{:.1f}") + " MiB"]])


def gigabytes(start):
    return f"{start.get('telemetry', 0) / 1e9:.1f} GB of telemetry ({start.get('disk', 0) / 1e9:.1f} GB on disk)"


def scaling_table(results):
    rows = [[f"{int(size):,} {by}", shown(median(reports, "messages_per_second")), shown(median(reports, CPU), "{:.2f}")]
            for by, found in results.get("scaling", {}).items() for size, reports in found.items()]
    return table(["256 B, plain", "messages/s", "server CPU, s per million"], rows)


def limits_table(results):
    machine, openssl = goals.machine(results), results.get("limits", {}).get("openssl", {})
    rows = [["loopback TCP, writes of 256 B", shown(median(machine, "loopback_256.writes_per_second")) + "/s"],
            ["loopback TCP, writes of 128 KiB", megabytes(median(machine, "loopback_128k.bytes_per_second"))]]
    for kind, where in (("growing", "a file that grows"), ("written", "a file written before")):
        micro = [shown(median(machine, f"{kind}_4k.{which}_us")) for which in ("p50", "p99")]
        rows.append([f"4 KiB and fdatasync, to {where}", f"p50 {micro[0]} µs, p99 {micro[1]} µs"])
        rows.append([f"1 MiB and fdatasync, to {where}", megabytes(median(machine, f"{kind}_1m.bytes_per_second"))])
    for size in (1024, 16384):
        rows.append([f"AES-256-GCM, {size:,} B, one core", megabytes(openssl.get(f"aes_256_gcm_{size}"))])
    rows.append(["ECDSA P-256 sign, verify; X25519; one core",
                 ", ".join(shown(openssl.get(name)) for name in ("ecdsa_p256_sign", "ecdsa_p256_verify", "x25519")) + " per second"])
    if openssl:
        rows.append(["TLS 1.3 handshakes that these allow, both ends on this machine",
                     shown(limits.handshakes_allowed(openssl, results["cores"])) + " per second"])
    made = results.get("limits", {}).get("handshakes")
    rows.append(["TLS 1.3 handshakes that OpenSSL makes, both ends in one thread, without a socket; full, resumed; one core",
                 ", ".join(shown(median(made, kind)) for kind in ("full", "resumed")) + " per second"])
    return table(["the machine", ""], rows)


def megabytes(value):
    return shown(value and value / 1e6) + " MB/s"


def wins_list(results):
    """Where a peer's figure is the better one. More is better, or less."""
    found = []
    rows = [("{:,.0f} messages/s", f"{cell.replace('/', ' B, ')} connections", "messages_per_second", measured, True)
            for cell, measured in results.get("ingest", {}).items()]
    rows += [("{:.2f} s of CPU per million", where, CPU, measured, False) for _, where, _, measured, _ in list(rows)]
    rows += [("{:,.0f} µs", f"latency {mark}", f"latency_us.{mark}", results.get("latency", {}), False) for mark in ("p50", "p99")]
    for form, where, path, measured, more in rows:
        own = median(measured.get("Capstan"), path)
        for name, reports in measured.items():
            other = median(reports, path)
            if None not in (own, other) and name != "Capstan" and (other > own) == more:
                found.append(f"- {name}, {where}: {form.format(other)} to Capstan's {form.format(own)}")
    return "\n".join(found) or "Nowhere in this run."


def notes_list(results):
    return "\n".join(f"- {note}" for note in results.get("notes", ())) or "Nothing was left out."
