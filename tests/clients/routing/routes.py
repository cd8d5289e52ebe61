"""Message routing: conditions on bodies and properties, an event hub of its own, files, a webhook that fails at first, enrichments,
the fallback; and all of it again after a kill -9."""
import http.server
import json
import pathlib
import ssl
import subprocess
import tempfile
import threading
import urllib.request

import uamqp

from harness.event_reader import EventReader, body
from harness.hub import CAPSTAN, Hub, expect, expect_equal, fields, main, until
from harness.uamqp_links import device_uri, send

LIMIT = 60  # seconds
JSON = "application/json;charset=utf-8"  # as the seed has it

ROUTES = """
[routing]
fallback = true

[[routing.endpoints]]
name = "alarms"
type = "event-hub"
partitions = 2
consumer_groups = ["screens"]

[[routing.endpoints]]
name = "archive"
type = "file"
folder = "{archive}"
rotate_time = "2s"

[[routing.endpoints]]
name = "hook"
type = "webhook"
url = "http://127.0.0.1:{port}/events"
headers = ["X-Plant: seven"]
batch = 2

[[routing.routes]]
name = "hot"
condition = "$body.temperature > 30"
endpoints = ["alarms", "archive"]

[[routing.routes]]
name = "critical"
condition = "level = 'critical' AND $connectionDeviceId = 'dev1'"
endpoints = ["alarms", "hook"]

[[routing.enrichments]]
key = "plant"
value = "$iothubname"
endpoints = ["alarms"]
"""


class Hook(http.server.BaseHTTPRequestHandler):
    """Answers 503 twice, refuses what says so with 422, and takes the rest."""
    asked, taken = [], []

    def do_POST(self):
        events = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Hook.asked.append((len(events), self.headers["X-Plant"]))
        status = 503 if len(Hook.asked) <= 2 else 422 if any(each["Body"] == "cG9pc29u" for each in events) else 200
        if status == 200:
            Hook.taken.extend(events)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def telemetry(number, temperature, **properties):
    content = json.dumps({"number": number, "temperature": temperature}).encode()
    return uamqp.Message(content, properties=uamqp.message.MessageProperties(content_type=JSON, message_id=f"m{number}"),
                         application_properties=properties or None)


def numbers(messages):
    return sorted(json.loads(body(each))["number"] for each in messages)


def read(hub, event_hub):
    with EventReader(hub) as reader:
        reader.entity = event_hub or reader.entity
        return [message for messages in reader.read_all().values() for message in messages]


def archived(folder):
    """The events of all files, the unfinished one too."""
    lines = [line for path in sorted(folder.rglob("*.jsonl*")) for line in path.read_text().splitlines()]
    return [json.loads(line) for line in lines]


def check_first(hub, device, archive):
    send(device_uri(device, device.address("messages/events")),
         telemetry(1, 20), telemetry(2, 31), telemetry(3, 20, level="critical"), telemetry(4, 40, level="critical"),
         uamqp.Message(b"no json"), uamqp.Message(b"poison", application_properties={"level": "critical"}),
         telemetry(5, 20, level="critical"))
    built_in = read(hub, None)
    expect_equal(sorted(body(each) for each in built_in)[:1], [b"no json"], "without a route: to the built-in endpoint")
    expect_equal(numbers(each for each in built_in if body(each) != b"no json"), [1], "what goes there, beside it")
    alarms = [each for each in read(hub, "alarms") if body(each) != b"poison"]
    expect_equal(numbers(alarms), [2, 3, 4, 5], "what is in the event hub alarms, each once")
    expect_equal({each.properties["plant"] for each in alarms}, {"localhost"}, "what was added there")
    expect("plant" not in (built_in[0].properties or {}), "nothing was added elsewhere")
    until(lambda: len(archived(archive)) >= 2, LIMIT, "both hot ones in the archive")
    first = archived(archive)[0]
    expect_equal((first["Body"], first["SystemProperties"]["connectionDeviceId"], first["SystemProperties"]["messageId"]),
                 ({"number": 2, "temperature": 31}, "dev1", "m2"), "a line of the archive")
    until(lambda: len(Hook.taken) >= 3, LIMIT, "the critical ones at the webhook")
    expect_equal([each["Body"]["number"] for each in Hook.taken], [3, 4, 5], "what the webhook took, in order, without the poison")
    expect_equal(Hook.taken[0]["Properties"], {"level": "critical"}, "its properties")
    expect_equal({plant for _, plant in Hook.asked}, {"seven"}, "the header that was asked for")
    expect("is left out" in hub.log.read_text(), "the log names what the webhook refused for good")


def check_counts(hub):
    asked = urllib.request.Request(f"https://localhost:{hub.https_port}/statistics/routing?api-version=2021-04-12",
                                   headers={"Authorization": hub.policy_token("registryRead")})
    with urllib.request.urlopen(asked, context=ssl.create_default_context(cafile=hub.ca), timeout=LIMIT) as answer:
        counts = json.load(answer)
    expect_equal({name: counts[name] for name in ("routed", "fallback", "keptFromBuiltIn", "orphaned", "invalid")},
                 {"routed": 5, "fallback": 2, "keptFromBuiltIn": 5, "orphaned": 0, "invalid": 0}, "what the hub counts")
    asked.full_url = f"https://localhost:{hub.https_port}/metrics"
    with urllib.request.urlopen(asked, context=ssl.create_default_context(cafile=hub.ca), timeout=LIMIT) as answer:
        expect("\ncapstan_routing_kept_from_built_in_total 5\n" in answer.read().decode(), "the same in the metrics")


def check_after_kill(hub, device, archive):
    for number in range(10, 40, 3):
        send(device_uri(device, device.address("messages/events")), *(telemetry(number + more, 50) for more in range(3)))
        if number in (16, 28):
            hub.kill()
            hub.start()
    until(lambda: len(archived(archive)) >= 32, LIMIT, "all hot ones in the archive")
    until(lambda: not list(archive.rglob("*.part")), LIMIT, "the archive's files are finished")
    kept = [each["Body"]["number"] for each in archived(archive)]
    expect_equal(kept, [2, 4, *range(10, 40)], "the archive after two kills: each once, in order")
    expect_equal(numbers(each for each in read(hub, "alarms") if body(each) != b"poison"), [2, 3, 4, 5, *range(10, 40)], "the event hub")


def check_groups(hub):
    with EventReader(hub) as reader:
        for group, there in (("screens", True), ("nobody", False)):
            try:
                reader.connection.create_receiver(f"alarms/ConsumerGroups/{group}/Partitions/0", credit=1).close()
                expect(there, f"no group {group}")
            except Exception as refused:
                expect(not there and "not-found" in str(refused), f"group {group}: {refused}")


def check_own_groups(hub):
    """Groups that are made while the hub runs: kept across a restart, beside those of the configuration, which stay."""
    def groups(verb, *more, status=0):
        command = [CAPSTAN, "consumer-group", verb, *more, "--event-hub-name", "alarms", "-o", "tsv", "--hub", hub.data]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
        expect_equal(done.returncode, status, f"consumer-group {verb} {more}: {done.stderr}; its status")
        return done.stdout.split() if status == 0 else done.stderr

    expect_equal(groups("create", "mine"), ["mine"], "a group of a route's endpoint")
    hub.stop()
    hub.start()
    expect_equal(groups("list"), ["$Default", "screens", "mine"], "its groups after a restart")
    expect_equal(hub.cli("consumer-group", "list", "-o", "tsv"), "$Default\n", "the built-in one's")
    with EventReader(hub) as reader:
        reader.connection.create_receiver("alarms/ConsumerGroups/mine/Partitions/0", credit=1).close()
    groups("delete", "mine")
    groups("delete", "mine", status=2)
    expect("configuration file" in groups("delete", "screens", status=2), "a group of the configuration stays")
    expect_equal(groups("list"), ["$Default", "screens"], "its groups in the end")
    shown = fields(hub.cli("connection-string", "show", "--default-eventhub", "--event-hub-name", "alarms"))
    expect_equal(shown, hub.event_hub() | {"Endpoint": shown["Endpoint"], "EntityPath": "alarms"}, "its connection string")


def test():
    archive = pathlib.Path(tempfile.mkdtemp()) / "archive"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = archive.parent / "capstan.toml"
    config.write_text(ROUTES.format(archive=archive, port=server.server_port))
    with Hub(options=["--config", str(config)], well_known_ports=True) as hub:
        device = hub.create_device("dev1")
        check_first(hub, device, archive)
        check_counts(hub)
        check_after_kill(hub, device, archive)
        check_groups(hub)
        check_own_groups(hub)
    return "event hub, files, webhook, enrichment, fallback; exactly once in the files across kill -9"


main(test)
