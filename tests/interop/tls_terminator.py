"""TLS in front of a plain port, for clients that speak nothing else (uAMQP): a certificate of its own, one thread a direction."""
import pathlib
import select
import socket
import ssl
import subprocess
import tempfile
import threading


class TlsTerminator:
    """`port` is the TLS port, `certificate` what to trust."""

    def __init__(self, plain_port):
        self.plain_port = plain_port
        self.folder = tempfile.TemporaryDirectory(prefix="interop-")
        self.certificate = str(pathlib.Path(self.folder.name, "certificate.pem"))
        key = str(pathlib.Path(self.folder.name, "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", self.certificate],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listening.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self.listening.close()
        self.folder.cleanup()

    def accept(self):
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        """Reads from whichever has something, so that the TLS socket is only ever touched by one thread."""
        with self.context.wrap_socket(client, server_side=True) as secured, \
                socket.create_connection(("127.0.0.1", self.plain_port)) as plain:
            ready = []
            try:
                while all(copy(source, plain if source is secured else secured) for source in ready):
                    ready = [secured] if secured.pending() else select.select([secured, plain], [], [])[0]
            except OSError:
                pass


def copy(source, sink):
    """False at the end of the source."""
    octets = source.recv(65536)
    sink.sendall(octets)
    return bool(octets)
