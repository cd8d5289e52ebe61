#!/usr/bin/python3
"""Measures Capstan beside its peers and the machine's own limits, and writes docs/performance.md's tables and plots.

Everything listens on loopback only, lies in a temporary folder beside the results, and is ended and removed when this ends.
`make bench` runs it; `make bench QUICK=1` takes less than five minutes.
"""
import argparse
import json
import pathlib
import signal
import sys

from compare import connections, hub, limits, reading, report, telemetry
from compare.bench import Bench
from compare.processes import Workplace

ROOT = pathlib.Path(__file__).resolve().parents[1]
SECTIONS = {  # in this order: some look at what those before have found
    "limits": [limits.raw_limits],
    "ingest": [telemetry.ingest],
    "batches": [telemetry.device_batches],
    "latency": [telemetry.latency],
    "tls": [telemetry.tls_ingest],
    "readers": [reading.readers],
    "idle": [connections.idle_memory],
    "storm": [connections.set_up_storm],
    "commands": [hub.command_round_trips],
    "start": [hub.start_up],
    "scaling": [hub.scaling],
    "many": [connections.hundred_thousand],
    "soak": [hub.soak],
}
FULL_ONLY = {"many", "soak"}


def main():
    options = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    results = json.loads(options.results.read_text()) if options.report_only else measured(options)
    if not options.no_page:
        write_page(results)
    return 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    build = ROOT / "build/release"
    parser.add_argument("--capstan", type=pathlib.Path, default=build / "capstan", help="the program that serves")
    parser.add_argument("--load-tool", type=pathlib.Path, help="the capstan whose `bench` makes the load, if it is another one")
    parser.add_argument("--programs", type=pathlib.Path, default=build / "bench", help="where proton_sink and raw_limits are")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "build/bench/results.json")
    parser.add_argument("--quick", action="store_true", help="one short round of all but the largest")
    parser.add_argument("--rounds", type=int, help="how often each is measured [3; quick: 1]")
    parser.add_argument("--only", action="append", choices=SECTIONS, help="only this section; may be repeated")
    parser.add_argument("--soak", type=float, default=0, metavar="MINUTES", help="at the end, half the maximum rate for so long")
    parser.add_argument("--without-rabbitmq", action="store_true")
    parser.add_argument("--no-page", action="store_true", help="write the results only, not docs/performance.md")
    parser.add_argument("--report-only", action="store_true", help="measure nothing: write the page from the results that are there")
    return parser.parse_args()


def measured(options):
    with Workplace(options.results.parent) as workplace:
        bench = Bench(options, workplace)
        bench.results.update(about=report.about(bench), cores=bench.cores, peers=report.about_the_peers(bench), notes=bench.notes)
        for name, sections in SECTIONS.items():
            if options.only and name not in options.only or not options.only and bench.quick and name in FULL_ONLY:
                continue
            for section in sections:
                bench.attempt(section)
            report.write_json(bench.results, options.results)
        bench.say(f"the results are in {options.results}")
        return bench.results


def write_page(results):
    from compare import plots  # matplotlib is wanted for nothing else
    report.fill_page(results, ROOT / "docs/performance.md")
    plots.draw_all(results, ROOT / "docs/performance")


if __name__ == "__main__":
    sys.exit(main())
