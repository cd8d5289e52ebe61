"""docs/compatibility.md against the hub: each link that it names is answered as it says; what the documents name is there."""
import pathlib
import re
import subprocess
import tempfile

from harness.hub import CAPSTAN, ROOT, Hub, expect, expect_equal, main
from harness.raw_amqp import ATTACH, DETACH, RECEIVER, SENDER, RawClient, condition

PAGE = (ROOT / "docs/compatibility.md").read_text()
SECTIONS = "listen|data|tls|limits|commands|feedback|telemetry|jobs|log"  # "hub." begins names of hosts too


def rows(title):
    """The cells of the first table below the title."""
    table = PAGE.split(f"## {title}\n", 1)[1].strip().split("\n\n")[0]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.splitlines()[2:]]


def addresses(cell, names):
    """What stands in backticks, with the names that this hub has; an ellipsis means whatever comes behind."""
    for text in re.findall(r"`([^`]+)`", cell):
        for placeholder, name in names.items():
            text = text.replace("{" + placeholder + "}", name)
        yield text.rstrip("…/") if text.endswith("…") else text


def roles(direction):
    both = "both" in direction or "response" in direction
    return [role for role, word in ((SENDER, "send"), (RECEIVER, "receive")) if both or word in direction]


def check_link(client, role, handle, address, said):
    answer = client.attach(role, handle, address)
    refused = said.startswith("refused") or "`amqp:link:redirect`" in said
    what = f"{address} as a {'sender' if role == SENDER else 'receiver'}, of which the page says: {said}"
    expect_equal(answer.performative, DETACH if refused else ATTACH, what)
    named = re.search(r"`(amqp:[a-z:-]+)`", said)
    if refused and named:
        expect_equal(condition(answer.argument(2)), named[1], what)


def check_links(hub, device):
    event_hub = hub.event_hub()
    names = {"id": device.id, "mid": "pump", "event hub": event_hub["EntityPath"], "cg": "$Default", "p": "0"}
    count = 0
    for link, direction, said in rows("Addresses and links"):
        for address in addresses(link, names):
            of_device = "device" in direction or "module" in direction
            who = (device.username, device.token()) if of_device else (hub.policy_username("service"), hub.policy_token("service"))
            with RawClient(hub).connect_as(*who) as client:
                for handle, role in enumerate(roles(direction), 1):
                    check_link(client, role, handle, address, said)
                    count += 1
    expect(count >= 14, f"only {count} links are named")
    return count


def check_settings():
    known = set(re.findall(r"^\| `([a-z_.]+)` \|", (ROOT / "docs/configuration.md").read_text(), re.MULTILINE))
    named = {each for path in (ROOT / "docs").glob("*.md") for each in re.findall(rf"`((?:{SECTIONS})\.[a-z_]+)\b(?!\()", path.read_text())}
    wrong = sorted(each for each in named if each not in known and not each.endswith((".toml", ".json", ".pem", ".md", ".hpp", ".cpp")))
    expect_equal(wrong, [], "settings that documents name and nobody can set")
    expect(len(named) >= 20, f"only {len(named)} settings are named")
    return len(named)


def check_commands():
    """Each has a manual page; asked for help, the program shows that of the nearest command that there is."""
    named = set()
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        named.update(re.findall(r"`capstan ((?:[a-z][a-z0-9-]*)(?: [a-z][a-z0-9-]*)*)", path.read_text()))
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([CAPSTAN, "manual", folder], check=True, stdout=subprocess.DEVNULL)
        there = {page.stem for page in pathlib.Path(folder).glob("*.1")}
    wrong = sorted(each for each in named if "capstan-" + each.replace(" ", "-") not in there)
    expect_equal(wrong, [], "commands that documents name and nobody can call")
    expect(len(named) >= 10, f"only {len(named)} commands are named")
    return len(named)


def test():
    with Hub() as hub:
        device = hub.create_device("dev1")
        hub.cli("module-identity", "create", "-d", "dev1", "-m", "pump")
        links = check_links(hub, device)
    return f"{links} links of the page are answered as it says; {check_settings()} settings and {check_commands()} commands exist"


main(test)
