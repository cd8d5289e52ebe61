"""Qpid Proton as a client of our server engine."""
import proton
from proton.reactor import AtMostOnce, LinkOption
from proton.utils import BlockingConnection, LinkDetached, SendException

from interop import LARGE, MANY, check, expect_equal, main

LIMIT = 20  # seconds for any one step


class Unsettled(LinkOption):
    """At least once, the receiver settling second."""
    def apply(self, link):
        link.snd_settle_mode = proton.Link.SND_UNSETTLED
        link.rcv_settle_mode = proton.Link.RCV_SECOND


def connect(port, **options):
    return BlockingConnection(f"amqp://127.0.0.1:{port}", timeout=LIMIT, **options)


@check
def sasl(port):
    for options in ({"sasl_enabled": False}, {"allowed_mechs": "ANONYMOUS"},
                    {"user": "user", "password": "secret", "allowed_mechs": "PLAIN", "allow_insecure_mechs": True}):
        connect(port, **options).close()
    try:
        connect(port, user="user", password="wrong", allowed_mechs="PLAIN").close()
    except proton.ConnectionException:
        return
    raise AssertionError("a wrong password is let in")


@check
def messages_come_back(port):
    connection = connect(port)
    sender, receiver = connection.create_sender("q/proton"), connection.create_receiver("q/proton", credit=5)
    bodies = ["text", "", b"\0\xff" * 100, LARGE, {"key": [1, 2.5, None, True]}, 7]
    for number, body in enumerate(bodies):
        sender.send(proton.Message(body, id=str(number), properties={"n": number}))
    for number, body in enumerate(bodies):
        message = receiver.receive(timeout=LIMIT)
        expect_equal((message.id, message.properties["n"]), (str(number), number), "message")
        expect_equal(bytes(message.body) if isinstance(body, bytes) else message.body, body, "body")
        receiver.accept()
    connection.close()


@check
def outcomes_of_what_we_refuse(port):
    connection = connect(port)
    connection.create_sender("sink").send(proton.Message("x"))
    for node, state in (("reject", proton.Delivery.REJECTED), ("release", proton.Delivery.RELEASED)):
        try:
            connection.create_sender(node).send(proton.Message("x"))
        except SendException as outcome:
            expect_equal(outcome.state, state, f"outcome at {node}")
        else:
            raise AssertionError(f"accepted at {node}")
    connection.close()


@check
def released_messages_come_again(port):
    connection = connect(port)
    sender = connection.create_sender("q/again")
    sender.send(proton.Message("one"))
    sender.send(proton.Message("two"))
    receiver = connection.create_receiver("q/again", credit=1, options=Unsettled())
    receiver.receive(timeout=LIMIT)
    receiver.release(delivered=False)
    receiver.flow(3)
    seen = []
    for _ in range(2):
        seen.append(receiver.receive(timeout=LIMIT).body)
        receiver.accept()
    expect_equal(sorted(seen), ["one", "two"], "messages")
    connection.close()


@check
def settled_both_ways(port):
    connection = connect(port)
    sender = connection.create_sender("q/settled", options=AtMostOnce())
    for number in range(20):
        sender.link.send(proton.Message(number))
    receiver = connection.create_receiver("q/settled", credit=20, options=AtMostOnce())
    expect_equal([receiver.receive(timeout=LIMIT).body for _ in range(20)], list(range(20)), "messages")
    connection.close()


@check
def drain(port):
    connection = connect(port)
    connection.create_sender("q/drained").send(proton.Message("only"))
    receiver = connection.create_receiver("q/drained", credit=0)
    receiver.link.drain(10)
    connection.wait(lambda: not receiver.link.draining(), timeout=LIMIT, msg="the drain to end")
    expect_equal(receiver.fetcher.has_message, 1, "messages that came before the drain's end")
    receiver.receive(timeout=LIMIT)
    receiver.link.drain(10)
    connection.wait(lambda: not receiver.link.draining(), timeout=LIMIT, msg="the drain to end")
    expect_equal(bool(receiver.fetcher.has_message), False, "a message where there is none")
    connection.close()


@check
def refused_links(port):
    connection = connect(port)
    for create in (connection.create_sender, connection.create_receiver):
        try:
            create("refuse")
        except LinkDetached as refusal:
            expect_equal(refusal.condition, "amqp:not-found", "condition")
        else:
            raise AssertionError("a link to `refuse` is open")
    connection.create_sender("sink").send(proton.Message("the connection lives on"))
    connection.close()


@check
def many_messages_with_little_credit(port):
    connection = connect(port)
    sender, receiver = connection.create_sender("q/many", options=AtMostOnce()), connection.create_receiver("q/many", credit=7)
    sent = 0
    for number in range(MANY):
        while sent < MANY and sender.link.credit > 0:
            sender.link.send(proton.Message(sent))
            sent += 1
        expect_equal(receiver.receive(timeout=LIMIT).body, number, "message")
        receiver.accept()
    connection.close()


main()
