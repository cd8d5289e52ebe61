"""The plots of docs/performance: SVG that says the same for the same results, so that a change of a figure is all that changes."""
import math

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({
    "svg.hashsalt": "capstan", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9, "figure.figsize": (7.2, 3.4),
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.grid.axis": "y", "grid.color": "#dddddd",
    "axes.axisbelow": True, "legend.frameon": False, "figure.facecolor": "white"})

import matplotlib.pyplot as pyplot  # noqa: E402  (the back end is chosen first)

from .rounds import median  # noqa: E402

CPU = "server_cpu_seconds_per_million"
COLOURS = {"Capstan": "#0b6e8f", "Proton sink": "#8a8a8a",
           "RabbitMQ classic": "#f2a65a", "RabbitMQ quorum": "#d95f0e", "RabbitMQ stream": "#993404"}


def draw_all(results, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for draw in (throughput, cost, latency, memory, scaling):
        figure = draw(results)
        if figure:
            figure.savefig(folder / f"{draw.__name__}.svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
            pyplot.close(figure)


def throughput(results):
    return bars(results, "messages_per_second", "accepted messages per second")


def cost(results):
    return bars(results, CPU, "server CPU, seconds per million messages")


def bars(results, path, label):
    """Groups by size and connections, a bar for each contender; logarithmic, as they lie far apart."""
    cells = results.get("ingest")
    if not cells:
        return None
    names = list(dict.fromkeys(name for cell in cells.values() for name in cell))
    figure, axes = pyplot.subplots()
    width = 0.8 / len(names)
    for number, name in enumerate(names):
        values = [median(cell.get(name), path) or math.nan for cell in cells.values()]
        axes.bar([at + (number - (len(names) - 1) / 2) * width for at in range(len(cells))], values, width, label=name,
                 color=COLOURS.get(name, "#555555"))
    axes.set_xticks(range(len(cells)), ["{} B\n{} conn.".format(*cell.split("/")) for cell in cells])
    return finished(figure, axes, label)


def latency(results):
    """Percentiles of each contender."""
    found = results.get("latency")
    if not found:
        return None
    marks = ("p50", "p90", "p99", "p999", "max")
    figure, axes = pyplot.subplots()
    for name, reports in found.items():
        values = [median(reports, f"latency_us.{mark}") or math.nan for mark in marks]
        axes.plot(range(len(marks)), values, marker="o", label=name, color=COLOURS.get(name, "#555555"))
    axes.set_xticks(range(len(marks)), ["p50", "p90", "p99", "p99.9", "max"])
    return finished(figure, axes, "send to accepted, µs, at a quarter of the maximum")


def memory(results):
    idle = results.get("idle")
    if not idle:
        return None
    names = list(dict.fromkeys(name for kind in idle.values() for name in kind))
    figure, axes = pyplot.subplots()
    for number, kind in enumerate(("plain", "tls")):
        values = [(median(idle.get(kind, {}).get(name), "server_rss_bytes_per_connection") or math.nan) / 1024 for name in names]
        axes.bar([at + (number - 0.5) * 0.36 for at in range(len(names))], values, 0.36, label=("plain", "TLS")[number],
                 color=("#0b6e8f", "#7cc3d6")[number])
    axes.set_xticks(range(len(names)), names)
    return finished(figure, axes, "KiB for each idle connection with two links")


def scaling(results):
    """CPU per message to that of the smallest, for each thing that grows."""
    found = results.get("scaling")
    if not found:
        return None
    figure, axes = pyplot.subplots()
    for (by, measured), colour in zip(found.items(), ("#0b6e8f", "#7cc3d6", "#d95f0e", "#8a8a8a")):
        points = [(int(size), median(reports, CPU)) for size, reports in measured.items()]
        points = [(size, value) for size, value in points if value]
        if points:
            axes.plot([size for size, _ in points], [value / points[0][1] for _, value in points], marker="o", label=by, color=colour)
    axes.set_xscale("log")
    axes.axhline(1.2, color="#bbbbbb", linestyle="--", linewidth=1)
    return finished(figure, axes, "server CPU per message, to the smallest's", logarithmic=False)


def finished(figure, axes, label, logarithmic=True):
    if logarithmic:
        axes.set_yscale("log")
        values = [bar.get_height() for bar in axes.patches] + [value for line in axes.lines for value in line.get_ydata()]
        axes.set_ylim(bottom=10 ** math.floor(math.log10(min(value for value in values if value > 0))))
    else:
        axes.set_ylim(bottom=0)
    axes.set_ylabel(label)
    axes.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1), fontsize=8)
    return figure
