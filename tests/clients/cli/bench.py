"""The load tool against a hub: what it says was accepted is there, each message once; and what each mode reports."""
import json
import subprocess

from harness.hub import CAPSTAN, Hub, expect, expect_equal, main

LIMIT = 50  # seconds


def bench(hub, mode, *arguments, status=0):
    """The report of one run."""
    command = [CAPSTAN, "bench", mode, "--hub", hub.data, "--pid", str(hub.process.pid), "-o", "json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    expect_equal(done.returncode, status, f"{' '.join(map(str, command))}: {done.stdout} {done.stderr.strip()}; its status")
    report = json.loads(done.stdout)
    expect_equal(report["mode"], mode, "the mode")
    return report


def stored(hub, at_least):
    """How many events there are, when nothing more comes for a second."""
    done = subprocess.run([CAPSTAN, "monitor-events", "--hub", hub.data, "--from-start", "--timeout", "2", "-o", "jsonl"],
                          capture_output=True, text=True, timeout=LIMIT)
    count = len(done.stdout.splitlines())
    expect(count >= at_least, f"{count} of {at_least} events: {done.stderr}")
    return count


def telemetry(hub):
    sent = bench(hub, "send", "-c", "3", "--links", "2", "--count", "600", "--size", "100")
    expect_equal((sent["messages"], sent["accepted"], sent["connections"]), (600, 600, 3), "messages, accepted, connections")
    expect_equal((sent["rejected"], sent["released"], sent["failed"]), (0, 0, 0), "nothing else")
    expect_equal(sent["latency_us"]["count"], 600, "latencies")
    expect(0 < sent["latency_us"]["p50"] <= sent["latency_us"]["max"], f"they ascend: {sent['latency_us']}")
    expect(sent["server_rss_bytes"] > 1 << 20 and sent["own_cpu_seconds"] >= 0, f"memory and time: {sent}")
    batches = bench(hub, "send", "--count", "200", "--batch", "20", "--sasl", "mssbcbs")
    expect_equal(batches["accepted"], 200, "messages in batches, behind a token put to $cbs")
    steady = bench(hub, "send", "-c", "2", "--rate", "500", "--duration", "0.5", "--warm-up", "0", "--threads", "2", "--sasl", "none")
    expect(0 < steady["accepted"] <= 260, f"at most the rate: {steady['accepted']}")
    everything = 600 + 200 + steady["sent"]
    expect_equal(stored(hub, everything), everything, "events in the hub")


def connections(hub):
    idle = bench(hub, "idle", "-c", "20", "--links", "2", "--duration", "0.3", "--source-addresses", "4")
    expect_equal((idle["connections"], idle["failed"]), (20, 0), "idle connections")
    storm = bench(hub, "storm", "-c", "2", "--links", "2", "--sasl", "anonymous", "--resume", "--count", "30")
    expect(storm["messages"] >= 30 and storm["failed"] == 0, f"connections made: {storm}")
    expect(storm["resumed"] > 0, f"TLS sessions resumed: {storm}")


def commands(hub):
    there_and_back = bench(hub, "c2d", "--devices", "5", "--window", "10", "--count", "100")
    expect_equal(there_and_back["accepted"], 100, "commands that the hub took")
    expect(there_and_back["confirmed"] > 0 and there_and_back["latency_us"]["p50"] > 0, f"commands that devices took: {there_and_back}")


def failures(hub):
    refused = bench(hub, "send", "--address", "/devices/nobody/messages/events", "--count", "1", status=3)
    expect("nobody" in refused["problem"] and refused["failed"] == 1, f"a device that is not there: {refused}")
    done = subprocess.run([CAPSTAN, "bench", "send", "--target", "localhost"], capture_output=True, text=True, timeout=LIMIT)
    expect(done.returncode == 1 and "HOST:PORT" in done.stderr, f"a target without a port: {done.stderr}")


def test():
    with Hub() as hub:
        telemetry(hub)
        connections(hub)
        commands(hub)
        failures(hub)
    return "the load tool: telemetry, batches, rates, idle and repeated connections, commands, and what the hub has of it"


main(test)
