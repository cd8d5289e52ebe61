"""kill -9 under load keeps what was answered: devices created, changed and removed over REST, and feedback of completed commands."""
import http.client
import json
import ssl
import threading
import time

import proton

from harness.hub import Hub, expect, expect_equal, main
from harness.proton_links import LIMIT, connect

ROUNDS = 3
LOAD_TIME = 0.5  # seconds
COMMANDS = 10


class Writer(threading.Thread):
    """Changes devices one after the other until the hub is gone, and remembers what it was told."""

    def __init__(self, hub, number, known):
        super().__init__(daemon=True)
        self.hub, self.number, self.known, self.unsure, self.failure = hub, number, known, set(), None
        self.connection = http.client.HTTPSConnection(hub.hostname, hub.https_port, timeout=10,
                                                      context=ssl.create_default_context(cafile=hub.ca))
        self.headers = {"Authorization": hub.policy_token("iothubowner"), "Content-Type": "application/json"}

    def run(self):
        try:
            for count in range(100_000):
                self.change(f"w{self.number}-{count}", count)
        except (OSError, http.client.HTTPException):
            pass  # the hub was killed
        except AssertionError as failure:  # would end this thread only
            self.failure = failure

    def change(self, name, count):
        self.unsure.add(name)
        self.put(name, "enabled", {})
        if count % 3 == 1:
            self.put(name, "disabled", {"If-Match": "*"})
        if count % 3 == 2:
            self.ask("DELETE", name, None, {"If-Match": "*"}, 204)
            self.known[name] = None
        self.unsure.discard(name)

    def put(self, name, status, more):
        self.ask("PUT", name, json.dumps({"deviceId": name, "status": status}), more, 200)
        self.known[name] = status

    def ask(self, method, name, body, more, wanted):
        self.connection.request(method, f"/devices/{name}?api-version=2021-04-12", body, {**self.headers, **more})
        answer = self.connection.getresponse()
        answer.read()
        expect_equal(answer.status, wanted, f"{method} {name}")


def load(hub, known, number):
    writers = [Writer(hub, f"{number}{index}", known) for index in range(4)]
    for each in writers:
        each.start()
    time.sleep(LOAD_TIME)
    hub.kill()
    for each in writers:
        each.join(20)
        if each.failure:
            raise each.failure
    return set().union(*(each.unsure for each in writers))


def check(hub, known, unsure):
    """What was in the making when the hub was killed may be done or not; all else is as it was said to be."""
    context = ssl.create_default_context(cafile=hub.ca)
    connection = http.client.HTTPSConnection(hub.hostname, hub.https_port, timeout=10, context=context)
    for name in unsure:
        known.pop(name, None)
    for name, status in known.items():
        connection.request("GET", f"/devices/{name}?api-version=2021-04-12", headers={"Authorization": hub.policy_token("iothubowner")})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        expect_equal(body.get("status") if answer.status == 200 else None, status, f"{name} after kill -9")


def complete_commands(hub, device):
    """Once the telemetry behind the outcomes is accepted, they are on disk too: one log, one order."""
    service = connect(hub, hub.policy_username("service"), hub.policy_token("service"))
    sender = service.create_sender("/messages/devicebound")
    for n in range(COMMANDS):
        sender.send(proton.Message(b"x", id=f"c{n}", address=f"/devices/{device.id}/messages/devicebound",
                                   properties={"iothub-ack": "full"}))
    connection = connect(hub, device.username, device.token())
    receiver = connection.create_receiver(device.address("messages/devicebound"), credit=COMMANDS)
    for _ in range(COMMANDS):
        receiver.receive(timeout=LIMIT)
        receiver.accept()
    connection.create_sender(device.address("messages/events")).send(proton.Message(b"behind the outcomes"))


def feedback(hub):
    connection = connect(hub, hub.policy_username("service"), hub.policy_token("service"))
    receiver = connection.create_receiver("/messages/serviceBound/feedback", credit=10)
    found = []
    while len(found) < COMMANDS:
        found += [record["originalMessageId"] for record in json.loads(bytes(receiver.receive(timeout=LIMIT).body))]
        receiver.accept()
    return sorted(found)


def test():
    hub, known = Hub().start(), {}
    device = hub.create_device("obedient")
    complete_commands(hub, device)
    hub.kill()
    hub.start()
    expect_equal(feedback(hub), sorted(f"c{n}" for n in range(COMMANDS)), "feedback after kill -9")
    for number in range(ROUNDS):
        unsure = load(hub, known, number)
        hub.start()
        check(hub, known, unsure)
    hub.stop()
    expect(len(known) > 20, f"only {len(known)} devices were written")
    return (f"{len(known)} devices created, changed and removed, and {COMMANDS} feedback records, as they were answered, "
            f"over {ROUNDS + 1} kills")


main(test)
