"""A TCP proxy between a client and a hub that breaks connections in the ways in which networks do. A thread of its own."""
import collections
import random
import socket
import struct
import threading
import time


class FaultyProxy:
    """`with FaultyProxy(port) as proxy:` takes connections on proxy.port and passes them on to `port` of this machine.

    The faults are for the connections that stand when they are called: reset() ends them with RST, close() with FIN, stall() lets
    nothing through any more though they stay open, half_open() forgets the hub's side only. delay() holds back what comes from now on.
    attempts() says what becomes of the next connections: "refuse" ends one as it comes, "hold" lets it through only behind the next one
    that is let through.
    """

    def __init__(self, target):
        self.target = target
        self.connections = []
        self.seconds = 0.0  # of delay, at most; random below
        self.refusing = False
        self.script, self.held = [], []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.accepted = 0
        self.done = collections.Counter()  # what has hit a connection, by name

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                what = self.script.pop(0) if self.script else "pass"
            self.done[what] += 1
            if self.refusing or what == "refuse":
                client.close()
            elif what == "hold":
                self.held.append(client)
            else:
                held, self.held = self.held, []
                for each in [client, *held]:
                    self._let_through(each)

    def _let_through(self, client):
        self.accepted += 1
        hub = socket.create_connection(("127.0.0.1", self.target))
        pair = Pair(self, client, hub)
        with self.lock:
            self.connections = [each for each in self.connections if each.alive] + [pair]
        pair.start()

    def _each(self, act):
        with self.lock:
            standing = [each for each in self.connections if each.alive]
        for each in standing:
            act(each)
            self.done[act.__name__] += 1
        return len(standing)

    def reset(self):
        return self._each(Pair.reset)

    def close(self):
        return self._each(Pair.close)

    def stall(self):
        return self._each(Pair.stall)

    def half_open(self):
        return self._each(Pair.half_open)

    def attempts(self, *what):
        with self.lock:
            self.script = list(what)

    def delay(self, seconds):
        self.seconds = seconds


class Pair:
    def __init__(self, proxy, client, hub):
        self.proxy, self.client, self.hub = proxy, client, hub
        self.alive, self.stalled = True, False

    def start(self):
        for source, target in ((self.client, self.hub), (self.hub, self.client)):
            threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source, target):
        try:
            while chunk := source.recv(65536):
                if self.proxy.seconds:
                    time.sleep(random.uniform(0, self.proxy.seconds))
                if not self.stalled:
                    target.sendall(chunk)
        except OSError:
            pass
        if not self.stalled:
            self.close()

    def reset(self):
        linger_0 = struct.pack("ii", 1, 0)
        for each in (self.client, self.hub):
            try:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_0)
            except OSError:
                pass
        self.close()

    def close(self):
        self.alive = False
        for each in (self.client, self.hub):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def stall(self):
        self.stalled, self.alive = True, False

    def half_open(self):
        """The hub sees the end, the client does not."""
        self.stalled, self.alive = True, False
        try:
            self.hub.shutdown(socket.SHUT_RDWR)  # which a mere close is not while the pump reads from it
        except OSError:
            pass
        self.hub.close()
