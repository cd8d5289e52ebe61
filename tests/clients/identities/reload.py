"""Certificates that change while the hub runs: new connections see the new ones, live links go on, and what is broken changes nothing."""
import http.client
import os
import shutil
import signal
import socket
import ssl
import time

import proton

from harness.certificates import Certificates
from harness.event_reader import EventReader, body
from harness.hub import Hub, expect, expect_equal, main, until
from harness.proton_links import LIMIT, by_certificate, connect, cut


class InUse:
    """The files that the hub's configuration names, replaced as an operator does it: one after the other, each at once."""

    def __init__(self, made):
        self.folder = made.folder / "in-use"
        self.folder.mkdir()

    def put(self, name, file):
        shutil.copy(file, self.folder / "next")
        os.replace(self.folder / "next", self.folder / name)

    def put_server(self, files):
        self.put("server.pem", files[0])
        self.put("server.key", files[1])

    def environment(self):
        names = {"CERTIFICATE": "server.pem", "KEY": "server.key", "CA": "ca.pem", "DEVICE_AUTHORITIES": "ca.pem",
                 "DEVICE_REVOCATIONS": "ca.crl"}
        return {**os.environ, **{f"CAPSTAN_TLS__{key}": str(self.folder / name) for key, name in names.items()}}


def shaken(hub, port, context, session=None):
    plain = socket.create_connection((hub.hostname, port), LIMIT)
    return context.wrap_socket(plain, server_hostname=hub.hostname, session=session)


def served(hub):
    """The common names of the certificates that both ports show to a new connection."""
    context = ssl.create_default_context(cafile=hub.ca)
    names = []
    for port in (hub.amqps_port, hub.https_port):
        with shaken(hub, port, context) as connection:
            names.append(dict(pair for part in connection.getpeercert()["subject"] for pair in part)["commonName"])
    return names


def may_come(hub, device, files):
    """Over AMQP and over HTTPS, which must agree."""
    context = ssl.create_default_context(cafile=hub.ca)
    context.load_cert_chain(*files)
    https = http.client.HTTPSConnection(hub.hostname, hub.https_port, context=context, timeout=LIMIT)
    https.request("GET", f"/devices/{device}/messages/devicebound?api-version=2021-04-12")
    status = https.getresponse().status
    expect(status in (204, 401), f"HTTPS answered {status}")
    try:
        connection = by_certificate(hub, files)
        connection.create_sender(f"/devices/{device}/messages/events").send(proton.Message("came"))
        connection.close()
    except proton.ProtonException:
        expect_equal(status, 401, "HTTPS for a device that AMQP has refused")
        return False
    expect_equal(status, 204, "HTTPS for a device that AMQP has let in")
    return True


def resumed(hub, context, session):
    with shaken(hub, hub.https_port, context, session) as connection:
        return connection.session_reused


def said(hub, text):
    return hub.log.read_text().count(text)


def hang_up(hub, word):
    """SIGHUP, and what the hub says to that."""
    before = said(hub, word)
    hub.process.send_signal(signal.SIGHUP)
    until(lambda: said(hub, word) > before or time.sleep(0.1), 20, f"'{word}' in the hub's log")


def test():
    made = Certificates()
    first, second = made.of_server("first", "localhost"), made.of_server("second", "localhost")
    pump, valve = made.signed("pump", "pump"), made.signed("valve", "valve")
    files = InUse(made)
    files.put("ca.pem", made.folder / "ca.pem")
    files.put("ca.crl", made.revocations())
    files.put_server(first)
    both_stay = {"CAPSTAN_LIMITS__ONE_CONNECTION_PER_DEVICE": "false"}  # the pump comes anew, and its live link is looked at
    with Hub(environment={**files.environment(), **both_stay}) as hub:
        device = hub.create_device("live")
        for name in ("pump", "valve"):
            hub.cli("device", "create", name, "--auth-method", "x509_ca")
        live = connect(hub, device.username, device.token()).create_sender(device.address("messages/events"))
        live.send(proton.Message("one"))
        of_pump = by_certificate(hub, pump).create_sender("/devices/pump/messages/events")
        of_valve = by_certificate(hub, valve).create_sender("/devices/valve/messages/events")
        expect_equal(served(hub), ["first"] * 2, "the certificate at the start")
        tls12 = ssl.create_default_context(cafile=hub.ca)
        tls12.maximum_version = ssl.TLSVersion.TLSv1_2  # where a session is there right after the handshake
        with shaken(hub, hub.https_port, tls12) as connection:
            session = connection.session
        expect(resumed(hub, tls12, session), "a session is not resumed")

        (files.folder / "server.pem").write_text("rubbish")
        until(lambda: said(hub, "server.pem is not a certificate") or time.sleep(0.1), 20, "a word on the broken certificate")
        expect_equal(served(hub), ["first"] * 2, "the certificate after a broken one")

        files.put_server(second)
        until(lambda: served(hub) == ["second"] * 2, 20, "the new certificate on both ports")
        live.send(proton.Message("two"))
        expect(not resumed(hub, tls12, session), "a session was resumed across a change of certificates")

        expect(may_come(hub, "pump", pump) and may_come(hub, "valve", valve), "a device was refused before its revocation")
        (files.folder / "ca.crl").write_text("rubbish")
        hang_up(hub, "ca.crl")
        expect(may_come(hub, "pump", pump), "a device was refused because of a broken list")
        made.revoke("pump")
        files.put("ca.crl", made.revocations())
        hang_up(hub, "certificates loaded")
        expect(not may_come(hub, "pump", pump), "a revoked certificate was taken")
        expect(may_come(hub, "valve", valve), "another device was refused, too")
        expect_equal(cut(of_pump), "amqp:unauthorized-access", "the end of the revoked device's live link")
        of_valve.send(proton.Message("still here"))
        live.send(proton.Message("three"))
        with EventReader(hub) as reader:
            bodies = {body_of(message) for messages in reader.read_all().values() for message in messages}
        expect(bodies >= {"one", "two", "three", "still here"}, f"what the live links have sent: {bodies}")

        hub.process.send_signal(signal.SIGTERM)
        while hub.process.poll() is None:  # the end of the block checks that it ends with status 0
            hub.process.send_signal(signal.SIGHUP)
            time.sleep(0.005)
    return "a new certificate on both ports, broken files without effect, a device revoked and cut by a new list; other live links went on"


def body_of(message):
    return message.body if isinstance(message.body, str) else body(message).decode()


main(test)
