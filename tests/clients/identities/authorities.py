"""Authorities of devices, registered, proved and removed with `capstan certificate`: what that means for those who come, and are there."""
import http.client
import json
import ssl

import proton

from harness.certificates import Certificates
from harness.hub import Hub, expect, expect_equal, main
from harness.proton_links import LIMIT, by_certificate, cut


def may_come(hub, entity, files):
    """Over AMQP and over HTTPS, which must agree."""
    context = ssl.create_default_context(cafile=hub.ca)
    context.load_cert_chain(*files)
    https = http.client.HTTPSConnection(hub.hostname, hub.https_port, context=context, timeout=LIMIT)
    https.request("POST", f"/devices/{entity}/messages/events?api-version=2021-04-12", b"came")
    status = https.getresponse().status
    expect(status in (204, 401), f"HTTPS answered {status}")
    try:
        connection = by_certificate(hub, files)
        connection.create_sender(f"/devices/{entity}/messages/events").send(proton.Message("came"))
        connection.close()
    except proton.ProtonException:
        expect_equal(status, 401, "HTTPS for one that AMQP has refused")
        return False
    expect_equal(status, 204, "HTTPS for one that AMQP has let in")
    return True


def certificate(hub, verb, *arguments):
    return json.loads(hub.cli("certificate", verb, "-n", "plant", *map(str, arguments), "-o", "json") or "null")


def refused(hub, verb, *arguments):
    try:
        certificate(hub, verb, *arguments)
    except AssertionError as said:
        return str(said)
    return None


def prove(hub, made):
    code = certificate(hub, "generate-verification-code")["properties"]["verificationCode"]
    expect("not the verification code" in (refused(hub, "verify", "-p", made.files("pump")[0]) or ""), "a proof without the code")
    proof, _ = made.signed("proof", code)
    expect_equal(certificate(hub, "verify", "-p", proof)["properties"]["isVerified"], True, "after the proof")


def test():
    made = Certificates()
    pump, valve = made.signed("pump", "pump"), made.signed("valve", "pump/valve")
    named = made.self_signed("named")
    with Hub() as hub:
        hub.cli("device", "create", "pump", "--auth-method", "x509_ca")
        hub.cli("module-identity", "create", "-d", "pump", "-m", "valve", "--auth-method", "x509_ca")
        hub.cli("module-identity", "create", "-d", "pump", "-m", "named", "--auth-method", "x509_thumbprint", "--ptp",
                made.thumbprint("named", "sha1"))
        expect(not may_come(hub, "pump", pump), "a device of an authority that nobody knows")
        expect_equal(certificate(hub, "create", "-p", made.folder / "ca.pem")["properties"]["isVerified"], False, "at first")
        expect(not may_come(hub, "pump", pump), "a device of an authority that is not verified")
        prove(hub, made)
        expect(may_come(hub, "pump", pump), "a device of a verified authority is refused")
        expect(may_come(hub, "pump/modules/valve", valve), "a module of a verified authority is refused")
        expect(may_come(hub, "pump/modules/named", named), "a module that a thumbprint names is refused")
        expect(not may_come(hub, "pump/modules/valve", pump), "its device's certificate was taken for a module's")
        expect(not may_come(hub, "pump", valve), "a module's certificate was taken for its device's")
        hub.stop()
        hub.start()
        expect(may_come(hub, "pump", pump), "a verified authority was forgotten")
        live = by_certificate(hub, pump).create_sender("/devices/pump/messages/events")
        of_named = by_certificate(hub, named).create_sender("/devices/pump/modules/named/messages/events")
        live.send(proton.Message("here"))
        expect(refused(hub, "delete", "--etag", "stale"), "removed though the etag is another")
        hub.cli("certificate", "delete", "-n", "plant")
        expect_equal(cut(live), "amqp:unauthorized-access", "the end of a live link")
        expect(not may_come(hub, "pump", pump), "a device of an authority that was removed")
        of_named.send(proton.Message("I need no authority"))
        expect_equal(json.loads(hub.cli("certificate", "list", "-o", "json")), [], "what is left")
    return "refused while unverified, let in once proved, across a restart; cut and refused when removed; modules likewise"


main(test)
