"""Qpid Proton: SASL PLAIN and ANONYMOUS with put-token, for a device and a service; refusals leave the others alone."""
import proton
from proton.utils import LinkDetached

from harness import sas
from harness.hub import Hub, expect, expect_equal, main
from harness.proton_links import RequestLinks, connect


def put_token(cbs, audience, token):
    properties = {"operation": "put-token", "type": "servicebus.windows.net:sastoken", "name": audience}
    return cbs.ask(properties, token).properties["status-code"]


def refusal(attempt):
    try:
        attempt()
    except (proton.ConnectionException, LinkDetached) as error:
        return str(error)
    raise AssertionError("was not refused")


def test():
    with Hub() as hub:
        one, two = hub.create_device("one"), hub.create_device("two")
        plain = connect(hub, one.username, one.token())
        working = plain.create_sender(one.address("messages/events"))
        working.send(proton.Message(b"plain"))

        several = connect(hub, None, None, mechanism="ANONYMOUS")
        expect("unauthorized" in refusal(lambda: several.create_sender(one.address("messages/events"))), "a link before any token")
        cbs = RequestLinks(several, "$cbs")
        expect_equal(put_token(cbs, one.resource, sas.token(one.resource, two.key)), 401, "status of a wrong key")
        expect_equal(put_token(cbs, two.resource, two.token()), 200, "status of a good token")
        several.create_sender(two.address("messages/events")).send(proton.Message(b"put-token"))
        refusal(lambda: several.create_sender(one.address("messages/events")))

        refusal(lambda: connect(hub, one.username, two.token()))
        refusal(lambda: connect(hub, "stranger@sas.localhost", one.token()))
        service = connect(hub, hub.policy_username("service"), hub.policy_token("service"))
        service.create_receiver("/messages/serviceBound/feedback")
        refusal(lambda: service.create_sender(one.address("messages/events")))
        working.send(proton.Message(b"unharmed"))
        for connection in (plain, several, service):
            connection.close()
    return "PLAIN, and ANONYMOUS with put-token; wrong keys, strangers and links without a right are refused and harm nobody else"


main(test)
