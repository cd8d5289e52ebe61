"""Routes on the command line: `capstan route list` and `route test`, without a hub."""
import json
import pathlib
import subprocess
import tempfile

from harness.hub import CAPSTAN, expect, expect_equal, main

LIMIT = 60  # seconds
REFUSED = 1  # docs/command-line.md: wrong usage or configuration
JSON = "application/json;charset=utf-8"

CONFIG = """
[routing]
fallback = {fallback}

[[routing.endpoints]]
name = "alarms"

[[routing.endpoints]]
name = "archive"
type = "file"
folder = "/srv/archive"

[[routing.routes]]
name = "hot"
condition = "$body.temperature > 30"
endpoints = ["alarms", "archive"]

[[routing.routes]]
name = "critical"
condition = "level = 'critical' AND $connectionDeviceId = 'dev1'"
endpoints = ["alarms"]

[[routing.routes]]
name = "off"
condition = "true"
enabled = false
endpoints = ["archive"]

[[routing.routes]]
name = "born"
source = "DeviceLifecycleEvents"
condition = "opType = 'createDeviceIdentity'"
endpoints = ["events"]
"""


class Folder:
    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp())
        self.config = self.write("capstan.toml", CONFIG.format(fallback="true"))
        self.without_fallback = self.write("without.toml", CONFIG.format(fallback="false"))

    def write(self, name, text):
        (self.path / name).write_text(text)
        return self.path / name


def route(verb, *arguments, status=0):
    done = subprocess.run([CAPSTAN, "route", verb, *arguments], capture_output=True, text=True, timeout=LIMIT, cwd="/",
                          stdin=subprocess.DEVNULL)
    expect_equal(done.returncode, status, f"route {verb} {' '.join(map(str, arguments))}: {done.stderr.strip()}; its status")
    return done.stderr if status else done.stdout


def results(config, *arguments):
    """{route: (result, why)} of a message, and the sentence of where it goes."""
    asked = ["--config", config, *arguments]
    rows = json.loads(route("test", *asked, "-o", "json"))
    last = route("test", *asked).splitlines()[-1]
    return {row["name"]: (row["result"], row["why"]) for row in rows}, last


def check_list(folder):
    rows = json.loads(route("list", "--config", folder.config, "-o", "json"))
    expect_equal([row["name"] for row in rows], ["hot", "critical", "off", "born", "$fallback"], "the routes, and the fallback")
    expect_equal(rows[0], {"name": "hot", "enabled": True, "endpoints": "alarms, archive", "condition": "$body.temperature > 30",
                           "source": "DeviceMessages"}, "a route")
    expect_equal((rows[2]["enabled"], rows[3]["source"]), (False, "DeviceLifecycleEvents"), "one that is off, one of another source")
    lines = [json.loads(line) for line in route("list", "--config", folder.config, "-o", "jsonl").splitlines()]
    expect_equal(lines, rows, "as lines of JSON")
    expect_equal(route("list", "--config", folder.config, "-o", "tsv").splitlines()[0],
                 "hot\ttrue\talarms, archive\t$body.temperature > 30\tDeviceMessages", "as tsv")
    table = route("list", "--config", folder.config).splitlines()
    expect_equal((table[0].split(), len(table)), (["ROUTE", "ENABLED", "ENDPOINTS", "CONDITION", "SOURCE"], 6), "as a table")
    expect("$fallback" not in route("list", "--config", folder.without_fallback), "a fallback that is off is none")


def check_bodies(folder):
    hot = ["--ct", JSON, "--data", '{"temperature":31}']
    told, goes = results(folder.config, *hot)
    expect_equal(list(told), ["hot", "critical", "off"], "the routes of telemetry")
    expect_equal(told["hot"], ("true", "$body.temperature is 31"), "one that the message takes")
    expect_equal(told["critical"], ("false", "level is undefined; $connectionDeviceId is 'device'"), "undefined and false")
    expect_equal(told["off"][0], "disabled", "one that is off")
    expect_equal(goes, "The message goes to alarms, archive.", "where it goes")
    told, goes = results(folder.config, "--ct", JSON, "--data", '{"temperature":30}')
    expect_equal(told["hot"], ("false", "$body.temperature is 30"), "one that it does not take")
    expect_equal(goes, "The message goes to events.", "where the fallback leads")
    expect_equal(results(folder.without_fallback, "--data", "x")[1], "The message goes to no endpoint: it is dropped.", "no fallback")
    told, _ = results(folder.config, "--data", '{"temperature":31}')
    expect_equal(told["hot"][0], "undefined", "a body without a content type")
    expect("the content type is ''" in told["hot"][1], f"why: {told['hot'][1]}")
    told, _ = results(folder.config, "--ct", "application/json", "--ce", "utf-8", "--data", '{"temperature":')
    expect_equal(told["hot"][0], "undefined", "a body that is no JSON")


def check_senders_and_files(folder):
    told, goes = results(folder.config, "-d", "dev1", "--properties", "level=critical")
    expect_equal(told["critical"], ("true", "level is 'critical'; $connectionDeviceId is 'dev1'"), "a property and the sender")
    expect_equal(goes, "The message goes to alarms.", "where that goes")
    told, _ = results(folder.config, "-d", "dev1", "--properties", "level=low")
    expect_equal(told["critical"][0], "false", "another value")
    told, _ = results(folder.config, "-d", "dev1")
    expect_equal(told["critical"], ("undefined", "level is undefined; $connectionDeviceId is 'dev1'"), "undefined and true")
    file = folder.write("body.json", '{"temperature":99}')
    expect_equal(results(folder.config, "--ct", JSON, "--data-file-path", file)[0]["hot"][0], "true", "a body from a file")
    rows = json.loads(route("test", "--condition", "$connectionModuleId = 'm' AND $messageId = 'i'", "-m", "m", "--mid", "i", "-o", "json"))
    expect_equal(rows[0]["result"], "true", "a module and a message id")


def check_one(folder):
    asked = ["--config", folder.config, "--name", "born", "--properties", "opType=createDeviceIdentity", "-o", "json"]
    only = json.loads(route("test", *asked))
    expect_equal([(row["name"], row["result"]) for row in only], [("born", "true")], "a route by its name, of another source too")
    asked = ["--condition", "level = 'critical'", "--properties", "level=critical"]
    expect_equal(route("test", *asked, "-o", "tsv"), "condition\ttrue\t\tlevel is 'critical'\n", "a condition of one's own")
    line = json.loads(route("test", *asked, "-o", "jsonl"))
    expect_equal(line, {"name": "condition", "result": "true", "endpoints": "", "why": "level is 'critical'"}, "as a line of JSON")
    table = route("test", *asked).splitlines()
    expect_equal((table[0].split(), len(table)), (["ROUTE", "RESULT", "ENDPOINTS", "WHY"], 2), "a table, and no word of where it goes")


def check_errors(folder):
    said = route("test", "--condition", "level = ", status=REFUSED)
    expect(said.startswith("capstan: "), f"a condition that is none: {said}")
    said = route("test", "--config", folder.config, "--name", "none", status=REFUSED)
    expect_equal(said, "capstan: there is no route 'none'\n", "an unknown route")
    route("test", "--config", folder.config, "--name", "hot", "--condition", "true", status=REFUSED)
    route("test", "--data", "x", "--data-file-path", "y", status=REFUSED)
    said = route("test", "--condition", "true", "--data-file-path", "/none.json", status=REFUSED)
    expect("/none.json" in said, f"a body that is not there: {said}")
    expect("/none.toml" in route("list", "--config", "/none.toml", status=REFUSED), "a configuration that is not there")
    wrong = folder.write("wrong.toml", '[[routing.routes]]\nname = "r"\ncondition = "a ="\nendpoints = ["events"]\n')
    for verb in ("list", "test"):
        expect("'r'" in route(verb, "--config", wrong, status=REFUSED), f"route {verb} names the route that is wrong")
    expect("-o" in route("list", "-o", "xml", status=REFUSED), "an unknown form")
    route("delete", status=REFUSED)
    nowhere = subprocess.run([CAPSTAN, "route"], capture_output=True, text=True, timeout=LIMIT)
    expect_equal(nowhere.returncode, REFUSED, "without a verb")


def test():
    folder = Folder()
    check_list(folder)
    check_bodies(folder)
    check_senders_and_files(folder)
    check_one(folder)
    check_errors(folder)
    return "list and test in every form; true, false, undefined, disabled; the fallback; what is wrong ends with 1"


main(test)
