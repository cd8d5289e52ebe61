"""What the clients of our server engine share: starting it, and saying what came of each check.

A client is a script: functions marked @check, each given the port of a server, then main(). `CLIENT.py ENGINE_SERVER` runs all of
them twice, against a server with large frames and one with the smallest that there are. Its last line is `N passed, N failed`.
"""
import os
import subprocess
import sys
import threading
import time
import traceback

FRAME_SIZES = 65536, 512
LARGE = "x" * 300_000  # a body of many frames
MANY = 10_000
CHECK_LIMIT = 100  # seconds; a check that hangs ends the program
_checks = []


def check(function):
    _checks.append(function)
    return function


def expect_equal(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {short(actual)}, expected {short(expected)}")


def short(value):
    text = repr(value)
    return text if len(text) < 100 else f"{text[:90]}… ({len(text)})"


def main(server_program=None):
    program = server_program or sys.argv[1]
    results = [run(function, program, size) for size in FRAME_SIZES for function in _checks]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    sys.exit(0 if all(results) else 1)


def run(function, program, frame_size):
    name = f"{function.__name__.replace('_', ' ')}, frames of {frame_size}"
    started = time.monotonic()
    guard = threading.Timer(CHECK_LIMIT, give_up, [name])
    guard.daemon = True
    guard.start()
    server = subprocess.Popen([program, str(frame_size)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        function(int(server.stdout.readline()))
        expect_equal(server.poll(), None, "status of the server")
        print(f"PASS {name} ({time.monotonic() - started:.1f} s)", flush=True)
        return True
    except Exception:  # whatever it is, it is this check's failure
        traceback.print_exc()
        print(f"FAIL {name}", flush=True)
        return False
    finally:
        guard.cancel()
        server.stdin.close()  # which ends it
        server.wait(10)


def give_up(name):
    print(f"FAIL {name}: not done after {CHECK_LIMIT} s\n0 passed, 1 failed", flush=True)
    os._exit(1)
