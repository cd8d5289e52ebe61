"""What the Qpid Proton scripts share: blocking connections over TLS, and draining a link."""
import time

import proton
from proton.reactor import Filter, ReceiverOption
from proton.utils import BlockingConnection, LinkDetached

LIMIT = 20  # seconds for any one step
SELECTOR = "apache.org:selector-filter:string"


class FromPosition(Filter):
    def __init__(self, expression):
        super().__init__({proton.symbol(SELECTOR): proton.Described(proton.symbol(SELECTOR), expression)})


class TargetAddress(ReceiverOption):
    def __init__(self, address):
        self.address = address

    def apply(self, receiver):
        receiver.target.address = self.address


class RequestLinks:
    """The pair of links to a node that answers requests ($cbs, $management)."""

    def __init__(self, connection, node):
        self.replies = connection.create_receiver(node, credit=1, options=TargetAddress("replies"))
        self.requests = connection.create_sender(node)
        self.asked = 0

    def ask(self, properties, body=None):
        """The reply, which must name this request; the reply link's target is what the request gives as reply-to."""
        self.asked += 1
        self.requests.send(proton.Message(body, id=str(self.asked), reply_to="replies", properties=properties))
        reply = self.replies.receive(timeout=LIMIT)
        self.replies.accept()
        assert reply.correlation_id == str(self.asked), f"correlation-id {reply.correlation_id!r} for request {self.asked}"
        return reply


def connect(hub, username, password, mechanism="PLAIN"):
    domain = proton.SSLDomain(proton.SSLDomain.MODE_CLIENT)
    domain.set_trusted_ca_db(hub.ca)
    domain.set_peer_authentication(proton.SSLDomain.VERIFY_PEER_NAME)
    return BlockingConnection(f"amqps://{hub.hostname}:{hub.amqps_port}", timeout=LIMIT, ssl_domain=domain, user=username,
                              password=password, allowed_mechs=mechanism, sasl_enabled=True)


def by_certificate(hub, files):
    domain = proton.SSLDomain(proton.SSLDomain.MODE_CLIENT)
    domain.set_trusted_ca_db(hub.ca)
    domain.set_peer_authentication(proton.SSLDomain.VERIFY_PEER_NAME)
    domain.set_credentials(*map(str, files), None)
    return BlockingConnection(f"amqps://{hub.hostname}:{hub.amqps_port}", timeout=LIMIT, ssl_domain=domain, allowed_mechs="EXTERNAL",
                              sasl_enabled=True)


def cut(sender):
    """The condition with which the hub has ended a link that sends; it must have done so by now, or soon."""
    try:
        for _ in range(200):
            sender.send(proton.Message("still here?"))
            time.sleep(0.05)
    except LinkDetached as end:
        return end.condition
    return None


def drain(receiver, credit=10):
    """Asks for up to `credit` messages and for the rest of the credit back; true when no message came."""
    receiver.link.drain(credit)
    receiver.connection.wait(lambda: not receiver.link.draining(), timeout=LIMIT, msg="the drain to end")
    return not receiver.fetcher.has_message
