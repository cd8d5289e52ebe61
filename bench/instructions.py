#!/usr/bin/python3
"""Counts the instructions of fixed scenarios (bench/scenarios) under valgrind and compares them with bench/instructions.json.

Instructions repeat where times do not: more than the tolerance over what was recorded is a failure; less by as much asks for a new
record, so that what was gained is not lost again unseen. Ends with one line of counts.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

RECORD = pathlib.Path(__file__).resolve().parent / "instructions.json"
TOLERANCE = 0.03
TIME_LIMIT = 300  # seconds for one scenario; each takes a few


def main():
    options = parse_arguments()
    items = scenarios_of(options.program)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        counted = dict(zip(items, pool.map(lambda name: count(options.program, name), items)))
    per_item = {name: found and round(found / items[name], 1) for name, found in counted.items()}
    if options.record:
        return record(per_item)
    return compare(per_item, json.loads(RECORD.read_text())["instructions_per_item"])


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=pathlib.Path, required=True, help="the built scenarios")
    parser.add_argument("--record", action="store_true", help="write what was counted to bench/instructions.json")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    return parser.parse_args()


def scenarios_of(program):
    """How many items each scenario has, by its name."""
    lines = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return {name: int(items) for name, items in (line.split() for line in lines)}


def count(program, scenario):
    """Instructions within measured_work(), or None when the scenario failed."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", "--toggle-collect=measured_work", f"--callgrind-out-file={folder}/out",
                   program, scenario]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=TIME_LIMIT)
    collected = re.search(r"Collected : (\d+)", done.stdout)
    if done.returncode or not collected or collected[1] == "0":
        print(done.stdout, file=sys.stderr)
        return None
    return int(collected[1])


def record(per_item):
    if None in per_item.values():
        print("nothing was recorded: a scenario has failed", file=sys.stderr)
        return 1
    compiler = subprocess.run(["g++", "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[0]
    RECORD.write_text(json.dumps({"compiler": compiler, "instructions_per_item": per_item}, indent=2) + "\n")
    for name, found in per_item.items():
        print(f"{name:<24} {found:>12,.1f}")
    return 0


def compare(per_item, recorded):
    failed = 0
    for name in sorted({*per_item, *recorded}):
        verdict, good = judge(per_item.get(name), recorded.get(name))
        failed += not good
        print(f"{name:<24} {per_item.get(name) or 0:>12,.1f} {recorded.get(name) or 0:>12,.1f}  {verdict}")
    print(f"{len({*per_item, *recorded}) - failed} passed, {failed} failed")
    return 1 if failed else 0


def judge(found, before):
    if found is None:
        return "not counted", False
    if before is None:
        return "not recorded: make record-instructions", False
    change = found / before - 1
    if change > TOLERANCE:
        return f"{change:+.1%}: more than {TOLERANCE:.0%}. If it has to be, make record-instructions and say why", False
    if change < -TOLERANCE:
        return f"{change:+.1%}: better; keep it with make record-instructions", True
    return f"{change:+.1%}", True


if __name__ == "__main__":
    sys.exit(main())
