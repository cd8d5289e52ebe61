"""A hub of two names with a certificate for each: links, tokens, HTTPS and the redirect under the second one."""
import http.client
import os
import shutil
import socket
import ssl

import proton
from proton.utils import BlockingConnection, LinkDetached

from harness import sas
from harness.certificates import Certificates
from harness.hub import Hub, expect_equal, main, until
from harness.proton_links import LIMIT

SECOND = "hub.device.plant.example"


def context_for(hub):
    return ssl.create_default_context(cafile=hub.ca)


def served(hub, name):
    """The common names of the certificates that both ports show to who asks for this name."""
    names = []
    for port in (hub.amqps_port, hub.https_port):
        with socket.create_connection(("127.0.0.1", port), LIMIT) as plain:
            with context_for(hub).wrap_socket(plain, server_hostname=name) as connection:
                subject = connection.getpeercert()["subject"]
                names.append(dict(pair for part in subject for pair in part)["commonName"])
    return names


def connect(hub, username, password):
    """The name cannot be looked up anywhere: it is told to the hub, and its certificate must be for it."""
    domain = proton.SSLDomain(proton.SSLDomain.MODE_CLIENT)
    domain.set_trusted_ca_db(hub.ca)
    domain.set_peer_authentication(proton.SSLDomain.VERIFY_PEER_NAME)
    return BlockingConnection(f"amqps://127.0.0.1:{hub.amqps_port}", timeout=LIMIT, ssl_domain=domain, user=username, password=password,
                              allowed_mechs="PLAIN", sasl_enabled=True, virtual_host=SECOND, sni=SECOND)


class HttpsUnderTheName(http.client.HTTPSConnection):
    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), LIMIT)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)


def https_status(hub, device):
    connection = HttpsUnderTheName(SECOND, hub.https_port, context=context_for(hub))
    token = sas.token(f"{SECOND}/devices/{device.id}", device.key)
    connection.request("GET", f"/devices/{device.id}/messages/devicebound?api-version=2021-04-12", headers={"Authorization": token})
    return connection.getresponse().status


def redirected(hub):
    service = connect(hub, "service@sas.root.hub", sas.token(SECOND, hub.policy_key("service"), "service"))
    try:
        service.create_receiver("/messages/events/ConsumerGroups/$Default/Partitions/0")
    except LinkDetached as end:
        info = end.link.remote_condition.info
        return end.condition, info["hostname"], info["network-host"], info["address"].startswith(f"amqps://{SECOND}:{hub.amqps_port}/")
    return None


def test():
    made = Certificates()
    first, second = made.of_server("first", "localhost"), made.of_server("second", SECOND)
    third = made.of_server("third", SECOND)
    environment = {**os.environ, "CAPSTAN_TLS__CERTIFICATE": str(first[0]), "CAPSTAN_TLS__KEY": str(first[1]),
                   "CAPSTAN_TLS__CA": str(made.folder / "ca.pem"), "CAPSTAN_TLS__MORE_CERTIFICATES": str(second[0]),
                   "CAPSTAN_TLS__MORE_KEYS": str(second[1])}
    with Hub(options=["--hostname", SECOND], environment=environment) as hub:
        device = hub.create_device("pump")
        expect_equal(served(hub, "localhost"), ["first"] * 2, "the certificate for the first name")
        expect_equal(served(hub, SECOND), ["second"] * 2, "the certificate for the second name")
        of_device = connect(hub, f"{device.id}@sas.hub", sas.token(f"{SECOND}/devices/{device.id}", device.key))
        of_device.create_sender(device.address("messages/events")).send(proton.Message("under the second name"))
        expect_equal(https_status(hub, device), 204, "HTTPS under the second name")
        expect_equal(redirected(hub), ("amqp:link:redirect", SECOND, SECOND, True), "the redirect")
        for new, old in zip(third, second):
            shutil.copy(new, f"{old}.next")
            os.replace(f"{old}.next", old)
        until(lambda: served(hub, SECOND) == ["third"] * 2, 20, "the new certificate for the second name")
        expect_equal(served(hub, "localhost"), ["first"] * 2, "the first name's after that")
    return "certificate by name on both ports, link, token, HTTPS and redirect under the second name, and its renewal"


main(test)
