"""Where the results go: build/bench/results.json, and docs/performance.md between its marker comments."""
import json
import pathlib
import platform
import re
import subprocess

from . import limits, peers, tables
from .rabbitmq import KINDS


def write_json(results, file):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(results, indent=1) + "\n")


def fill_page(results, page):
    """Replaces what stands between <!-- NAME --> and <!-- end of NAME -->, and nothing else."""
    text = page.read_text()
    filled = {**tables.all_tables(results), "run": about_the_run(results)}
    for name, content in filled.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"{page} has no place for {name}")
        text = pattern.sub(lambda match, content=content: f"{match[1]}\n{content}\n\n{match[2]}", text)
    page.write_text(text)


def about_the_run(results):
    machine = results["about"]
    return (f"{machine['processor']}, {results['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}, "
            f"Linux {machine['kernel']}, on {machine['date']}; {machine['how']}.")


def about(bench):
    """The machine and this run, for the page."""
    processor = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())
    system = re.search(r'PRETTY_NAME="(.*)"', pathlib.Path("/etc/os-release").read_text())
    date = subprocess.run(["date", "+%Y-%m"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    how = (f"{'quick: one round' if bench.rounds == 1 else f'medians of {bench.rounds} rounds'} of {bench.seconds} s, "
           f"after {bench.warm_up} s of warming up")
    return {"processor": processor[1] if processor else platform.machine(), "memory_gib": round(int(memory[1]) / 2**20), "date": date,
            "system": system[1] if system else "", "kernel": platform.release(), "how": how}


def about_the_peers(bench):
    capstan = subprocess.run([bench.capstan_program, "version"], stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
    found = [{"name": "Capstan", "version": capstan, "accepted": peers.Capstan.accepted_means,
              "configuration": "as it comes; 4 partitions; devices sign in, and each sends on a link of its own"},
             {"name": "Proton sink", "version": f"Qpid Proton C {peers.version_of_package('libqpid-proton11')}",
              "accepted": peers.ProtonSink.accepted_means,
              "configuration": f"`bench/peers/proton_sink.c`, proactor, {bench.cores} threads, credit 1,000"}]
    if bench.with_rabbitmq:
        version = f"{peers.version_of_package('rabbitmq-server')}, AMQP 1.0 plug-in"
        found += [{"name": f"RabbitMQ {kind}", "version": version, "accepted": means,
                   "configuration": f"one node, one {kind} queue, PLAIN"} for kind, means in KINDS.items()]
    return found + [{"name": "TLS of all", "version": limits.version(), "accepted": "", "configuration": "TLS 1.3, ECDSA P-256"}]
