"""Devices that sign in by certificate: named by thumbprint, or signed by an authority; with Microsoft's SDK, the C++ client and HTTPS."""
import http.client
import json
import os
import pathlib
import ssl
import subprocess

from harness.certificates import Certificates
from harness.hub import CAPSTAN, ROOT, Hub, expect, expect_equal, main
from harness.node_case import node_options

PROGRAM = pathlib.Path(CAPSTAN).parent / "tests/client_program"
LIMIT = 40  # seconds


def with_node(hub, device, how, files):
    environment = {**os.environ, "NODE_OPTIONS": " ".join(node_options()),
                   "DEVICE": f"HostName={hub.hostname};DeviceId={device};x509=true"}
    script = ROOT / "tests/clients/identities/x509_device.mjs"
    done = subprocess.run(["node", script, how, *files], env=environment, cwd=ROOT / "tests/clients", capture_output=True, text=True,
                          timeout=LIMIT)
    return done.stdout.splitlines() or [done.stderr]


def with_cpp(hub, device, files, count=3):
    environment = {"PATH": os.environ["PATH"], "HOST": hub.hostname, "DEVICE_ID": device, "CERTIFICATE": files[0], "KEY": files[1],
                   "CAPSTAN_CA": str(hub.ca)}
    done = subprocess.run([PROGRAM, "send", str(count)], env=environment, capture_output=True, text=True, timeout=LIMIT)
    return [line.split(" ")[0] for line in done.stdout.splitlines() if line.startswith(("accepted", "failed"))]


def receive(hub, device, files):
    """GET of the next command over HTTPS, without a token."""
    context = ssl.create_default_context(cafile=hub.ca)
    if files:
        context.load_cert_chain(*files)
    connection = http.client.HTTPSConnection(hub.hostname, hub.https_port, context=context, timeout=LIMIT)
    connection.request("GET", f"/devices/{device}/messages/devicebound?api-version=2021-04-12")
    answer = connection.getresponse()
    return answer.status, answer.read()


def command(hub, device, text):
    hub.cli("device", "c2d-message", "send", "-d", device, "--da", text)


def test():
    made = Certificates()
    named, other = made.self_signed("named"), made.self_signed("other")
    signed, stolen, revoked = made.signed("signed", "signed"), made.signed("stolen", "named"), made.signed("revoked", "revoked")
    made.revoke("revoked")
    environment = {**os.environ, "CAPSTAN_TLS__DEVICE_AUTHORITIES": str(made.folder / "ca.pem"),
                   "CAPSTAN_TLS__DEVICE_REVOCATIONS": str(made.revocations())}
    with Hub(well_known_ports=True, environment=environment) as hub:
        hub.cli("device", "create", "named", "--auth-method", "x509_thumbprint", "--ptp", made.thumbprint("named", "sha256").lower(),
                "--stp", made.thumbprint("other", "sha1"))
        for name in ("signed", "revoked"):
            hub.cli("device", "create", name, "--auth-method", "x509_ca")
        for how in ("amqp", "amqpws"):
            for device, files in (("named", named), ("named", other), ("signed", signed)):
                command(hub, device, f"open {how}")
                expect_equal(with_node(hub, device, how, files), ["sent", f"completed open {how}"], f"{device} over {how}")
        for device, files in (("named", signed), ("named", stolen), ("signed", named), ("revoked", revoked)):
            said = with_node(hub, device, "amqp", files)
            expect(said[0].startswith("refused Unauthorized"), f"{device} with the certificate {files[0].stem}: {said}")
        expect_equal(with_cpp(hub, "signed", signed), ["accepted"] * 3, "the C++ client with a certificate")
        expect_equal(with_cpp(hub, "named", signed, 1), ["failed"], "the C++ client with another's certificate")
        by_certificate = ("--cp", str(signed[0]), "--kp", str(signed[1]))
        simulated = json.loads(hub.cli("device", "simulate", "-d", "signed", *by_certificate, "--msg-count", "2", "--msg-interval", "0.1",
                                       "-o", "json"))
        expect_equal((simulated["accepted"], simulated["failed"]), (2, 0), "a simulated device with a certificate")
        command(hub, "named", "over https")
        expect_equal(receive(hub, "named", signed)[0], 401, "HTTPS with another's certificate")
        expect_equal(receive(hub, "named", None)[0], 401, "HTTPS with neither token nor certificate")
        expect_equal(receive(hub, "named", named), (200, b"over https"), "HTTPS with the certificate")
        seen = hub.cli("monitor-events", "--from-start", "--message-count", "11", "-p", "anno", "-o", "jsonl")
        expect('\\"type\\":\\"x509\\"' in seen.replace('\\\\', '\\'), f"how the sender signed in: {seen[:600]}")
        hub.cli("device", "update", "signed", "--status", "disabled")
        expect_equal(with_cpp(hub, "signed", signed, 1), ["failed"], "a disabled device")
    return "certificates by thumbprint (SHA-1, SHA-256) and by authority, revoked, of another, over AMQP, WebSockets and HTTPS"


main(test)
