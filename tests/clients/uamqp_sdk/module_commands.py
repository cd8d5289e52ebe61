"""Commands for a module, at the address that Azure's C, Java and .NET module clients attach; sent over AMQP and over HTTPS."""
import json

from harness import sas
from harness.hub import Hub, expect, expect_equal, main, until
from harness.rest import VERSION, Rest
from harness.uamqp_links import payload, receive, send_command, text, uri

MODULE = "/devices/reporter/modules/pump"


def create_module(rest):
    status, _, module = rest.call("PUT", f"{MODULE}{VERSION}", json.dumps({"deviceId": "reporter", "moduleId": "pump"}))
    expect_equal(status, 200, "creating the module")
    return module["authentication"]["symmetricKey"]["primaryKey"]


def waiting(rest, path):
    return rest.call("GET", f"{path}{VERSION}")[2]["cloudToDeviceMessageCount"]


def test():
    with Hub(well_known_ports=True) as hub:
        rest = Rest(hub)
        hub.create_device("reporter")
        key = create_module(rest)
        send_command(hub, "reporter/modules/pump", "over-amqp", b"open", ack="full")
        status = rest.call("POST", f"{MODULE}/messages/deviceBound{VERSION}", b"close", iothub_messageid="over-https")[0]
        expect_equal(status, 204, "sending over HTTPS")
        expect_equal((waiting(rest, MODULE), waiting(rest, "/devices/reporter")), (2, 0), "commands that wait")
        token = sas.token(f"{hub.hostname}{MODULE}", key)
        source = uri(hub.hostname, f"reporter/modules/pump@sas.{hub.name}", token, f"{MODULE}/messages/devicebound")
        got = {text(each.properties.message_id): payload(each) for each in receive(source, 2)}
        expect_equal(got, {"over-amqp": b"open", "over-https": b"close"}, "what the module got")
        until(lambda: waiting(rest, MODULE) == 0, 20, "all commands are done with")
        status, _, records = rest.call("GET", f"/messages/serviceBound/feedback{VERSION}")
        expect(status == 200 and len(records) == 1, f"feedback over HTTPS: {status} {records}")
        told = {name: records[0][name] for name in ("originalMessageId", "statusCode", "deviceId")}
        expect_equal(told, {"originalMessageId": "over-amqp", "statusCode": "Success", "deviceId": "reporter"}, "the record")
    return "a module gets the commands that are sent to it over AMQP and HTTPS; they are counted, and their feedback is told"


main(test)
