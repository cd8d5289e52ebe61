"""AMQP by hand over a WebSocket by hand (RFC 6455)."""
import base64
import os
import socket
import ssl
import struct

from .raw_amqp import RawClient

CONTINUATION, TEXT, BINARY, CLOSE = 0x0, 0x1, 0x2, 0x8


class WebSocket:
    """What RawClient asks of a socket: each sendall() is one binary message, and recv() gives what binary messages carry."""

    def __init__(self, stream, host, path):
        self._stream, self._data, self.close_code = stream, b"", None
        key = base64.b64encode(os.urandom(16)).decode()
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                       f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: AMQPWSB10\r\n\r\n".encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += self._exactly(1)
        assert answer.startswith(b"HTTP/1.1 101 "), answer

    def sendall(self, octets):
        self.send_frame(BINARY, octets)

    def send_frame(self, opcode, octets):
        mask = os.urandom(4)
        size = bytes([0x80 | len(octets)]) if len(octets) < 126 else struct.pack(">BH", 0xFE, len(octets))
        masked = bytes(octet ^ mask[at % 4] for at, octet in enumerate(octets))
        self._stream.sendall(bytes([0x80 | opcode]) + size + mask + masked)

    def recv(self, count):
        """Empty once the hub has closed; `close_code` says how."""
        while not self._data and self.close_code is None:
            opcode, octets = self._frame()
            if opcode == BINARY:
                self._data = octets
            elif opcode == CLOSE:
                self.close_code = int.from_bytes(octets[:2], "big")
                self.send_frame(CLOSE, octets[:2])
        octets, self._data = self._data[:count], self._data[count:]
        return octets

    def close(self):
        self._stream.close()

    def _frame(self):
        opcode, size = self._exactly(2)
        if size == 126:
            size = int.from_bytes(self._exactly(2), "big")
        return opcode & 0x0F, self._exactly(size)

    def _exactly(self, count):
        octets = b""
        while len(octets) < count:
            more = self._stream.recv(count - len(octets))
            if not more:
                raise ConnectionResetError("the hub ended the WebSocket without a close")
            octets += more
        return octets


class WebSocketClient(RawClient):
    def __init__(self, hub, limit=15, path="/$iothub/websocket"):
        context = ssl.create_default_context(cafile=hub.ca)
        plain = socket.create_connection((hub.hostname, hub.https_port), limit)
        self.socket = WebSocket(context.wrap_socket(plain, server_hostname=hub.hostname), hub.hostname, path)
        self.next_delivery = self.frames_sent = 0
