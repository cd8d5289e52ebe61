"""uAMQP as a client of our server engine. It speaks TLS only, so one that knows TLS stands between."""
import uamqp
from uamqp import authentication, constants, errors

from interop import LARGE, check, expect_equal, main
from tls_terminator import TlsTerminator

SECONDS = 20
FEW = 200  # messages: uAMQP takes a while for each


class Server:
    def __init__(self, port):
        self.terminator = TlsTerminator(port)

    def __enter__(self):
        self.terminator.__enter__()
        return self

    def __exit__(self, *reason):
        self.terminator.__exit__(*reason)

    def login(self):
        return authentication.SASLPlain("localhost", "user", "secret", port=self.terminator.port, verify=self.terminator.certificate)

    def anonymous(self):
        return authentication.SASLAnonymous("localhost", port=self.terminator.port, verify=self.terminator.certificate)

    def send(self, node, messages, auth=None):
        client = uamqp.SendClient(f"amqps://localhost/{node}", auth=auth or self.login())
        client.queue_message(*messages)
        results = client.send_all_messages()
        client.close()
        return results

    def receive(self, node, count, settle=None, prefetch=10):
        client = uamqp.ReceiveClient(f"amqps://localhost/{node}", auth=self.login(), auto_complete=settle is None,
                                     timeout=SECONDS * 1000, prefetch=prefetch)
        received = []
        try:
            while len(received) < count:
                batch = client.receive_message_batch(max_batch_size=min(prefetch, count - len(received)), timeout=SECONDS * 1000)
                if not batch:
                    break
                for message in batch:
                    received.append(b"".join(message.get_data()))
                    if settle:
                        settle(message)
        finally:
            client.close()  # left to the garbage collector, uAMQP crashes
        return received


@check
def messages_come_back(port):
    bodies = [b"text", b"\0\xff" * 100, LARGE.encode()]
    with Server(port) as server:
        results = server.send("q/uamqp", [uamqp.Message(body) for body in bodies])
        expect_equal(results, [constants.MessageState.SendComplete] * 3, "outcomes")
        expect_equal(server.receive("q/uamqp", 3), bodies, "bodies")


@check
def anonymous(port):
    with Server(port) as server:
        expect_equal(server.send("sink", [uamqp.Message(b"x")], auth=server.anonymous()), [constants.MessageState.SendComplete], "outcome")


@check
def refusals(port):
    with Server(port) as server:
        expect_equal(server.send("reject", [uamqp.Message(b"x")]), [constants.MessageState.SendFailed], "outcome at reject")
        try:
            server.receive("refuse", 1)
        except errors.LinkDetach as refusal:
            expect_equal(refusal.condition, constants.ErrorCodes.NotFound, "condition")
        else:
            raise AssertionError("a link to `refuse` is open")


@check
def a_few_messages_with_little_credit(port):
    bodies = [b"%d" % number for number in range(FEW)]
    with Server(port) as server:
        expect_equal(set(server.send("q/few", [uamqp.Message(body) for body in bodies])), {constants.MessageState.SendComplete}, "outcomes")
        expect_equal(server.receive("q/few", FEW, prefetch=3), bodies, "bodies")


@check
def released_messages_come_again(port):
    seen = []

    def settle(message):
        seen.append(message)
        (message.release if len(seen) == 1 else message.accept)()

    with Server(port) as server:
        server.send("q/again", [uamqp.Message(b"again")])
        expect_equal(server.receive("q/again", 2, settle=settle, prefetch=1), [b"again", b"again"], "bodies")


main()
