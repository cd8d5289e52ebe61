"""What the machine can do by itself: bench/peers/raw_limits.cpp and tls_handshakes.cpp, and what `openssl speed` says."""
import json
import re
import subprocess

from .processes import run


def raw_limits(bench):
    seconds = 1 if bench.quick else 3
    folder = bench.workplace.place("raw-limits")
    rounds = [json.loads(run([bench.programs / "raw_limits", folder, seconds], limit=120)) for _ in range(bench.rounds)]
    handshakes = [json.loads(run([bench.programs / "tls_handshakes", seconds], limit=120)) for _ in range(bench.rounds)]
    bench.results["limits"] = {"machine": rounds, "handshakes": handshakes, "openssl": openssl_limits(1 if bench.quick else 3)}


def openssl_limits(seconds):
    """Bytes per second of records, operations per second of handshakes; one core."""
    found = {}
    for size in (1024, 16384):
        line = machine_readable(["-evp", "aes-256-gcm", "-bytes", str(size)], seconds, r"^\+F:.*")
        found[f"aes_256_gcm_{size}"] = float(line.split(":")[-1])
    line = machine_readable(["ecdsap256"], seconds, r"^\+F4:.*")
    found["ecdsa_p256_sign"], found["ecdsa_p256_verify"] = rates(line)
    line = machine_readable(["ecdhx25519"], seconds, r"^\+F5:.*")
    found["x25519"] = rates(line)[0]
    return found


def machine_readable(what, seconds, pattern):
    out = run(["openssl", "speed", "-mr", "-seconds", str(seconds), *what], limit=60)
    return re.search(pattern, out, re.MULTILINE)[0]


def rates(line):
    """The last fields of such a line are seconds for one operation, or operations for one second: the larger than 1 are the latter."""
    numbers = [float(part) for part in line.split(":")[3:]]
    return [number if number > 1 else 1 / number for number in numbers if number]


def handshakes_allowed(openssl, cores):
    """New TLS 1.3 connections per second when both ends are on this machine and do nothing but the handshake's public-key work: the
    server signs, the client verifies, each makes a key and derives a secret."""
    key_exchange = 2 / openssl["x25519"]
    server = 1 / openssl["ecdsa_p256_sign"] + key_exchange
    client = 1 / openssl["ecdsa_p256_verify"] + key_exchange
    return cores / (server + client)


def version():
    return subprocess.run(["openssl", "version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
