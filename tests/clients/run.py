#!/usr/bin/python3
"""Runs the client tests: real clients, each against a hub of its own.  run.py [--capstan PATH] [-k PATTERN] [--list]"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PYTHON = "/usr/bin/python3"  # Debian's: the only one that has its python3-uamqp and python3-qpid-proton
AT_ONCE = 2  # each test runs a hub and a client; more would only make them wait for each other
TIME_LIMIT = 60  # seconds
SLOWER = {  # seconds, with the reason
    "kill9": 240,  # several rounds of load, kill and check
    "u3_feedback": 120,  # feedback is cut into batches every 15 s
    "c2d_outcomes": 120,
    "device_feedback": 120,
    "device_commands": 120,
    "service_feedback": 120,
    "examples": 120,  # feedback again
    "cpp_clients": 120,
    "messages": 120,  # and again
    "devices": 120,
    "with_uamqp": 120,
    "faults": 200 + 3 * int(os.environ.get("SOAK", "0")),  # two dozen faults, each noticed after seconds; or SOAK seconds of them
    "sharing": 180,  # three processes, and claims that run out
    "quick_start": 660,  # compiles the README's programs in C++
    "full_disk": 180,
    "bad_start": 120,
    "event_hubs_read": 120,
    "throttling": 120,  # what waits for its turn does so for ten seconds, twice
    "suite": 900,  # a hundred tests of Microsoft's, some of which wait for a minute
}
FOLDERS = {  # the clients, in the order of the README's table
    "readme": "*.py",
    "seed": "*.py",
    "uamqp_sdk": "*.py",
    "node": "*.test.mjs",
    "microsoft": "*.py",
    "proton_client": "*.py",
    "cpp": "*.py",
    "cli": "*.py",
    "identities": "*.py",
    "routing": "*.py",
    "jobs": "*.py",
    "durability": "*.py",
    "bad_input": "*.py",
    "wire": "wire_*.py",
}
LOG_LINES = 60
PASSED, FAILED, SKIPPED = 0, 1, 77  # also the exit status by which a test says so


def main():
    options = parse_arguments()
    tests = [test for test in find_tests() if re.search(options.k, str(test.relative_to(HERE)))]
    if options.list:
        print(*(test.relative_to(HERE) for test in tests), sep="\n")
        return 0
    if not tests:
        sys.exit(f"no client test matches {options.k!r}")
    if any(test.suffix == ".mjs" for test in tests):
        install_npm_packages()
    os.environ["HUB_PROGRAM"] = str(pathlib.Path(options.capstan).resolve())
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return summarise(list(pool.map(run, tests)))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--capstan", default=ROOT / "build/release/capstan", help="the program under test")
    parser.add_argument("-k", default="", metavar="PATTERN", help="only tests whose path matches this regular expression")
    parser.add_argument("--list", action="store_true", help="say which tests there are and run none")
    return parser.parse_args()


def find_tests():
    return [test for folder, pattern in FOLDERS.items() for test in sorted((HERE / folder).glob(pattern))]


def name_of(test):
    return test.name.split(".")[0]


def install_npm_packages():
    """`npm ci` when the lock file is newer than what it installed; nothing else, so that a second run starts at once."""
    installed = HERE / "node_modules/.package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= (HERE / "package-lock.json").stat().st_mtime:
        return
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE, check=True)
    installed.touch()


def run(test):
    """One test in a process group and a temporary folder of its own: nothing of it is left behind, however it ends."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="capstan-test-"))
    output = folder / "output.txt"
    started = time.monotonic()
    with open(output, "wb") as sink:
        process = subprocess.Popen(command(test), stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT,
                                   env=environment(test, folder), cwd=HERE, start_new_session=True)
        status = await_end(process, SLOWER.get(name_of(test), TIME_LIMIT))
    text = output.read_text(errors="replace")
    result, line = verdict(test, text, status)
    lines = [f"{line} ({time.monotonic() - started:.1f} s)"] + (details(folder, text) if result == FAILED else [])
    print("\n".join(lines), flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    return result


def command(test):
    return [PYTHON, HERE / "harness/node_case.py", test] if test.suffix == ".mjs" else [PYTHON, test]


def environment(test, folder):
    return {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1",
            "TEST_NAME": name_of(test)}


def await_end(process, limit):
    try:
        status = process.wait(limit)
    except subprocess.TimeoutExpired:
        status = f"time limit of {limit} s"
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    return status


def verdict(test, output, status):
    """PASSED or SKIPPED only for a test that ended orderly and said so; its line, or one that says what became of it."""
    said = [line for line in output.splitlines() if re.match(r"(PASS|FAIL|SKIP) ", line)]
    line = said[-1] if said else ""
    if status == 0 and line.startswith("PASS "):
        return PASSED, line
    if status == SKIPPED and line.startswith("SKIP "):
        return SKIPPED, line
    return FAILED, line if line.startswith("FAIL ") else f"FAIL {name_of(test)}: ended with {status} and without a result"


def details(folder, output):
    """What a failed test and its hubs wrote."""
    text = ["    " + line for line in output.splitlines()[-LOG_LINES:]]
    for log in sorted(folder.rglob("hub.log")):
        text.append(f"    --- {log.parent.name}/hub.log")
        text += ["    " + line for line in log.read_text(errors="replace").splitlines()[-LOG_LINES:]]
    return text


def summarise(results):
    passed, failed, skipped = (results.count(result) for result in (PASSED, FAILED, SKIPPED))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
