"""One connection that writes what a table says and puts down what comes back, and the tables' rows judged one by one."""
import fnmatch
import socket
import ssl
import time

from harness.hub import expect

from .notation import Frame, octets

LIMIT = 5  # seconds; for what comes at once
MARK = 4000  # a channel that no table uses


class Conversation:
    def __init__(self, hub):
        plain = socket.create_connection((hub.hostname, hub.amqps_port), LIMIT)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a record a write
        self._socket = ssl.create_default_context(cafile=hub.ca).wrap_socket(plain, server_hostname=hub.hostname)
        self._unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    # --- beginnings ---------------------------------------------------------------------------------------------------------------

    def sign_in(self, username, password, opened='open["peer"]', begun="begin[~, 0, 5000, 5000]"):
        response = b"\0%s\0%s" % (username.encode(), password.encode())
        expect(self.exchange(f"sasl; init['PLAIN', <{response.hex()}>]", 3)[2]["code"] == "0", "SASL PLAIN was refused")
        self.exchange(f"amqp; {opened}", 2)
        if begun:
            self.exchange(begun, 1)
        return self

    def device(self, device, **more):
        return self.sign_in(device.username, device.token(), **more)

    def service(self, hub, policy="service", **more):
        return self.sign_in(hub.policy_username(policy), hub.policy_token(policy), **more)

    def anonymous(self):
        self.exchange('amqp; open["peer"]; begin[~, 0, 5000, 5000]', 3)
        return self

    # --- writing and reading --------------------------------------------------------------------------------------------------------

    def send(self, what, step=None):
        """Text in the notation, or octets; in records of `step` octets. What the hub has closed meanwhile takes no more."""
        raw = octets(what) if isinstance(what, str) else what
        try:
            for at in range(0, len(raw), step or len(raw) or 1):
                self._socket.sendall(raw[at:at + step] if step else raw)
        except OSError:
            pass
        return self

    def exchange(self, what, count):
        """The next `count` things that come after `what`."""
        self.send(what)
        return [self.next() for _ in range(count)]

    def next(self):
        """A Frame; "amqp" or "sasl" for a protocol header; None at the end of the stream."""
        if not self._gather(8):
            return None
        if self._unread.startswith(b"AMQP"):
            return {0: "amqp", 3: "sasl"}[self._take(8)[4]]
        size = int.from_bytes(self._unread[:4], "big")
        return Frame(self._take(size)) if self._gather(size) else None

    def until(self, *names):
        """All up to the first of these, or to the end of the stream."""
        found = [self.next()]
        while found[-1] is not None and getattr(found[-1], "name", "") not in names:
            found.append(self.next())
        return found

    def answers(self, what=""):
        """All that the hub says to `what` before it answers a begin; or until the end of the stream, for which its close is answered.
        What it says on its disk's account comes later."""
        self.send(what).send(f"{MARK}: begin[~, 0, 1, 1]")
        found = []
        while True:
            frame = self.next()
            if getattr(frame, "name", "") == "begin" and frame["remote-channel"] == str(MARK):
                self.exchange(f"{MARK}: end[]", 1)
                return found
            found.append(frame)
            if frame is None:
                return found
            if getattr(frame, "name", "") == "close":
                self.send("close[]")

    def _gather(self, size):
        deadline = time.monotonic() + LIMIT
        while len(self._unread) < size:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                received = self._socket.recv(65536)
            except (ConnectionError, ssl.SSLError):
                received = b""
            if not received:
                return False
            self._unread += received
        return True

    def _take(self, size):
        taken, self._unread = self._unread[:size], self._unread[size:]
        return taken


def said(frames):
    """In one line: what came, each with the condition or outcome that it carries."""
    return " ".join("eof" if frame is None else str(frame) for frame in frames)


class Verdicts:
    """Goes on after what is wrong, so that one run shows all of it."""

    def __init__(self):
        self.count, self.wrong = 0, []

    def judge(self, what, got, wanted):
        """`wanted` is a pattern as of file names: * is anything; several with | between them."""
        self.count += 1
        right = any(fnmatch.fnmatchcase(got, each.strip()) for each in wanted.split("|"))
        if not right:
            self.wrong.append(f"{what}: got {got!r}, wanted {wanted!r}")
        return right

    def answer(self, what, act, wanted):
        """The same of what `act` gives, and of its failure."""
        try:
            got = act()
        except (TimeoutError, ValueError, KeyError, AttributeError) as error:
            got = f"{type(error).__name__} {error}"
        return self.judge(what, got, wanted)

    def check(self):
        expect(not self.wrong, f"{len(self.wrong)} of {self.count} differ\n" + "\n".join(self.wrong))
