"""Bad HTTPS requests: the status, error code and shape that Azure's clients read; the service goes on."""
import json
import socket
import ssl

from harness import sas
from harness.hub import Hub, expect, expect_equal, main
from harness.rest import VERSION, Rest


def check_errors(rest):
    hub = rest.hub
    device = json.dumps({"deviceId": "there"})
    cases = [
        ("no api-version", ("GET", "/devices/there"), (400, "InvalidProtocolVersion")),
        ("an unknown device", ("GET", f"/devices/absent{VERSION}"), (404, "DeviceNotFound")),
        ("creating what exists", ("PUT", f"/devices/there{VERSION}", device), (409, "DeviceAlreadyExists")),
        ("no JSON", ("PUT", f"/devices/new{VERSION}", "{"), (400, "IotHubFormatError")),
        ("another id in the body", ("PUT", f"/devices/new{VERSION}", device), (400, "ArgumentInvalid")),
        ("an illegal id", ("PUT", f"/devices/a%20b{VERSION}", json.dumps({"deviceId": "a b"})), (400, "ArgumentInvalid")),
        ("an expired token", ("GET", f"/devices/there{VERSION}", None, hub.policy_token("iothubowner", expiry=1)),
         (401, "IotHubUnauthorizedAccess")),
        ("a missing right", ("PUT", f"/devices/new{VERSION}", json.dumps({"deviceId": "new"}), hub.policy_token("registryRead")),
         (401, "IotHubUnauthorizedAccess")),
        ("a forged token", ("GET", f"/devices/there{VERSION}", None, sas.token("localhost", hub.policy_key("device"), "iothubowner")),
         (401, "IotHubUnauthorizedAccess")),
        ("rubbish for a token", ("GET", f"/devices/there{VERSION}", None, "Basic x"), (401, "IotHubUnauthorizedAccess")),
    ]
    for what, request, wanted in cases:
        status, code, body = rest.call(*request)
        expect_equal((status, code), wanted, what)
        expect(body["Message"].startswith(f"ErrorCode:{code};") and body["Message"].split(";", 1)[1], f"{what}: {body}")
        expect("ExceptionMessage" in body, f"{what}: {body}")
    status, code, _ = rest.call("DELETE", f"/devices/there{VERSION}", If_Match='"wrong"')
    expect_equal((status, code), (412, "PreconditionFailed"), "a wrong etag")
    expect_equal(rest.call("GET", f"/no/such/path{VERSION}")[:2], (404, "GenericNotFound"), "an unknown path")
    expect_equal(rest.call("PATCH", f"/devices/there{VERSION}")[:2], (405, "GenericMethodNotAllowed"), "an unknown method")
    return len(cases) + 3


def check_rubbish(hub):
    """What is no HTTP, or too much of it, is answered with 4xx or the end of the stream."""
    context = ssl.create_default_context(cafile=hub.ca)
    for octets in (b"\x00" * 100 + b"\r\n\r\n", b"GET " + b"x" * 1_000_000, b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 100_000 + b"\r\n",
                   b"PUT /devices/x HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"AMQP\0\1\0\0" * 10):
        with socket.create_connection((hub.hostname, hub.https_port), 15) as plain:
            with context.wrap_socket(plain, server_hostname=hub.hostname) as secured:
                try:
                    secured.sendall(octets)
                    first = secured.recv(12)
                except (ConnectionError, ssl.SSLError):
                    first = b""
                expect(first == b"" or first[9:10] == b"4", f"answer to {octets[:20]!r}: {first!r}")


def test():
    with Hub() as hub:
        hub.create_device("there")
        rest = Rest(hub)
        count = check_errors(rest)
        check_rubbish(hub)
        expect_equal(rest.call("GET", f"/devices/there{VERSION}")[0], 200, "a good request after all that")
    return f"{count} bad requests get their status, error code and text; five kinds of rubbish end their own connection only"


main(test)
