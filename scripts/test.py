#!/usr/bin/python3
"""Runs the tests of built trees, and the client tests, and ends with one line: how many passed, how many failed."""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Counts:
    def __init__(self, passed=0, failed=0):
        self.passed, self.failed = passed, failed

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        return self

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed"


def main():
    options = parse_arguments()
    total = Counts()
    for build in options.build:
        total += run_ctest(build.resolve(), options.jobs, options.tests)
    if options.clients:
        total += run_clients(options.build[0].resolve() / "capstan")
    print(total)
    return 0 if total.passed and not total.failed else 1


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, action="append", required=True, help="a build folder; may be repeated")
    parser.add_argument("--tests", default=".", metavar="PATTERN", help="only ctest's tests whose name matches")
    parser.add_argument("--clients", action="store_true", help="also the client tests, against the first build's program")
    parser.add_argument("--jobs", default=str(os.cpu_count()))
    return parser.parse_args()


def run_ctest(build, jobs, pattern):
    """Counts test cases where a program reports them (GoogleTest's XML), and the program itself where it does not."""
    details, report = build / "test-details", build / "test-report.xml"
    shutil.rmtree(details, ignore_errors=True)
    report.unlink(missing_ok=True)
    command = ["ctest", "--test-dir", build, "-R", pattern, "--parallel", jobs, "--output-on-failure", "--no-tests=error",
               "--output-junit", report]
    environment = {**os.environ, "GTEST_OUTPUT": f"xml:{details}/"}
    status = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL).returncode
    counts = count_programs(report, details) if report.exists() else Counts()
    if status and not counts.failed:
        counts.failed = 1
    return counts


def count_programs(report, details):
    counts = Counts()
    for program in xml.parse(report).getroot().iter("testcase"):
        passed = program.get("status") == "run"
        cases = count_cases(details / f"{program.get('name')}.xml")
        if passed and not (cases and cases.failed):
            counts += cases or Counts(passed=1)
        else:
            counts += Counts(cases.passed if cases else 0, max(cases.failed if cases else 0, 1))
    return counts


def count_cases(file):
    """None for a program that crashed before it could write its report, and for one that is not GoogleTest's."""
    try:
        suites = xml.parse(file).getroot()
    except (OSError, xml.ParseError):
        return None
    number = {name: int(suites.get(name, "0")) for name in ("tests", "failures", "errors", "disabled")}
    skipped = sum(int(suite.get("skipped", "0")) for suite in suites)
    failed = number["failures"] + number["errors"]
    return Counts(number["tests"] - failed - number["disabled"] - skipped, failed)


def run_clients(program):
    """Shows what tests/clients/run.py says, but for its last line, which is counted."""
    command = ["/usr/bin/python3", ROOT / "tests/clients/run.py", "--capstan", program]
    counts = None
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            summary = re.fullmatch(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\n?", line)
            if summary:
                counts = Counts(int(summary[1]), int(summary[2]))
                if summary[3]:
                    print(f"{summary[3]} skipped, each with its reason above", flush=True)
            else:
                print(line, end="", flush=True)
    if counts is None:
        counts = Counts(failed=1)
    if process.returncode and not counts.failed:
        counts.failed = 1
    return counts


if __name__ == "__main__":
    sys.exit(main())
