"""Qpid Proton as the server of our client engine: what is sent to its node "in" can be taken from its node "out".

    proton_server.py ENGINE_CLIENT      starts the server on a free port, runs the program against it, ends with its status.
"""
import os
import socket
import subprocess
import sys
import threading

from proton.handlers import MessagingHandler
from proton.reactor import Container

LIMIT = 60  # seconds; the program ends long before, or not at all


class Server(MessagingHandler):
    def __init__(self):
        super().__init__(prefetch=10, auto_accept=True)
        self.messages, self.receiver, self.status = [], None, 1

    def on_start(self, event):
        self.acceptor = event.container.listen("127.0.0.1:0")
        self.client = threading.Thread(target=self.run_client, args=(port_of(self.acceptor),), daemon=True)
        self.client.start()

    def run_client(self, port):
        self.status = subprocess.run([sys.argv[1], str(port)], timeout=LIMIT).returncode

    def on_link_opening(self, event):
        event.link.source.address = event.link.remote_source.address
        event.link.target.address = event.link.remote_target.address

    def on_message(self, event):
        self.messages.append(event.message)
        self.send()

    def on_link_flow(self, event):
        if not event.link.is_sender:
            return
        self.receiver = event.link
        self.send()
        if event.link.drain_mode:
            event.link.drained()

    def send(self):
        while self.messages and self.receiver and self.receiver.credit > 0:
            self.receiver.send(self.messages.pop(0))

    def on_connection_closing(self, event):
        self.acceptor.close()


def port_of(acceptor):
    with socket.socket(fileno=os.dup(acceptor._selectable.fileno())) as listening:
        return listening.getsockname()[1]


def give_up():
    print("the client did not close in time", file=sys.stderr, flush=True)
    os._exit(1)


def main():
    guard = threading.Timer(LIMIT, give_up)
    guard.daemon = True
    guard.start()
    server = Server()
    Container(server).run()
    server.client.join(LIMIT)
    return server.status


sys.exit(main())
