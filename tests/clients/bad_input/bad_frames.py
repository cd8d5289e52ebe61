"""Bytes that are not what the standard asks for: each ends its own connection in an orderly way, never the hub or another client."""
import os
import socket
import ssl
import struct

from harness.hub import Hub, expect, expect_equal, main, wait_readable
from harness.raw_amqp import (ACCEPTED, AMQP_HEADER, ATTACH, BEGIN, CLOSE, DETACH, END, OPEN, SASL_HEADER, SENDER, TRANSFER, Described,
                              RawClient, Symbol, UByte, UInt, UShort, encode, frame, message, tracking_id)


def framed(body, size=None, offset=2, kind=0, channel=0):
    return struct.pack(">IBBH", len(body) + 8 if size is None else size, offset, kind, channel) + body


def performative(code, value):
    return framed(encode(Described(code, value)))


OPENED = {  # sent after OPEN and BEGIN; each must be answered with a CLOSE, END or DETACH that names an error
    "a frame size below the header": framed(b"", size=4),
    "a frame larger than agreed": framed(b"", size=0x7FFFFFFF),
    "a data offset of 1": framed(b"\0\x53\x12\x45", offset=1),
    "a data offset behind the frame": framed(b"\0\x53\x12\x45", offset=200),
    "an unknown frame type": framed(b"\0\x53\x12\x45", kind=7),
    "a performative without its list": framed(b"\0\x53"),
    "an unknown performative": performative(0x99, []),
    "a body that is no described type": framed(encode("text")),
    "a list longer than the frame": framed(b"\0\x53\x12\xd0\0\0\xff\xff\0\0\0\x0e"),
    "a count that promises four thousand million items": framed(b"\0\x53\x12\xd0\0\0\0\x04\xff\xff\xff\xff"),
    "an unknown constructor": framed(b"\0\x53\x12\xc0\x03\x01\x3f\0"),
    "descriptors within descriptors": framed(b"\0" * 30000),
    "lists within lists": framed(b"\0\x53\x12" + b"\xd0\0\0\x40\0\0\0\0\x01" * 3000),
    "a field of the wrong type": performative(ATTACH, [UInt(1), UInt(0), True]),
    "a missing mandatory field": performative(ATTACH, ["name"]),
    "text that is not UTF-8": framed(b"\0\x53\x12\xc0\x08\x03\xa1\x02\xff\xfe\x52\x00\x41"),
    "a second OPEN": performative(OPEN, ["again"]),
    "a transfer on an unknown handle": performative(TRANSFER, [UInt(77), UInt(0), b"t", UInt(0), False]),
    "a channel above the maximum": framed(encode(Described(BEGIN, [None, UInt(0), UInt(1), UInt(1)])), channel=65535),
    "a handle above the maximum": performative(ATTACH, ["n", UInt(4294967295), False, UByte(0), UByte(0), None, None]),
}
TOLERATED = {  # clients send these when they tidy up in the wrong order (contract/event-hubs.md, 2.5)
    "an empty frame": framed(b""),
    "a detach on a channel that never began": framed(encode(Described(DETACH, [UInt(0), False])), channel=9),
    "an end on a channel that never began": framed(encode(Described(END, [None])), channel=9),
}
FIRST = {  # sent as the first bytes of a connection
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "another version": b"AMQP\0\2\0\0",
    "another protocol id": b"AMQP\7\1\0\0",
    "a frame without a header": performative(OPEN, ["x"]),
    "OPEN where SASL is due": SASL_HEADER + performative(OPEN, ["x"]),
    "an unknown mechanism": SASL_HEADER + frame(0, 0x41, [Symbol("NTLM"), b"x", None], kind=1),
    "PLAIN without separators": SASL_HEADER + frame(0, 0x41, [Symbol("PLAIN"), b"no separators", None], kind=1),
    "BEGIN before OPEN": AMQP_HEADER + performative(BEGIN, [None, UInt(0), UInt(1), UInt(1)]),
    "a first frame without end": AMQP_HEADER + b"\xff" * 5000,
    "an OPEN without a container": AMQP_HEADER + performative(OPEN, [None, "host", UInt(65536), UShort(10)]),
}


def check_first_bytes(hub):
    for what, octets in FIRST.items():
        with RawClient(hub, limit=10) as client:
            client.send(octets)
            expect(client.closed_by_peer(), f"the hub neither answered nor closed after {what}")


def check_opened(hub, device):
    for what, octets in OPENED.items():
        with RawClient(hub, limit=10).connect_as(device.username, device.token()) as client:
            client.send(octets)
            error = error_of_end(client)
            expect(error is not None, f"neither CLOSE, END nor DETACH with an error after {what}")
            expect(tracking_id(error) in hub.log.read_text(errors="replace"), f"the log has no tracking id of the error after {what}")


def check_tolerated(hub, device):
    with RawClient(hub).connect_as(device.username, device.token()) as client:
        client.attach(SENDER, 1, device.address("messages/events"))
        for what, octets in TOLERATED.items():
            client.send(octets)
            client.transfer(1, message(b"t"))
            expect_equal(client.outcome()[0], ACCEPTED, f"a message after {what}")


def error_of_end(client):
    """The error of a CLOSE, END or DETACH. The end of the stream alone says nothing of what was wrong."""
    try:
        while True:
            found = client.next_frame()
            error = found.argument({CLOSE: 0, END: 0, DETACH: 2}.get(found.performative, 99))
            if error is not None:
                return error
    except (EOFError, TimeoutError):
        return None


def check_plain_text_and_silence(hub):
    """No TLS, half a TLS record, and a client that says nothing: they hold no one up."""
    sockets = [socket.create_connection((hub.hostname, hub.amqps_port), 10) for _ in range(20)]
    sockets[0].sendall(AMQP_HEADER)
    sockets[1].sendall(b"\x16\x03\x01\x02\x00\x01")
    sockets[2].sendall(os.urandom(4096))
    expect(wait_readable(sockets[0], 10), "the hub holds a plain-text connection open")
    return sockets


def check_old_tls(hub):
    context = ssl.create_default_context(cafile=hub.ca)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection((hub.hostname, hub.amqps_port), 10) as plain, \
            context.wrap_socket(plain, server_hostname=hub.hostname) as secured:
        expect_equal(secured.version(), "TLSv1.2", "version with a TLS 1.2 client")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(hub.ca)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    try:
        with socket.create_connection((hub.hostname, hub.amqps_port), 10) as plain:
            context.wrap_socket(plain, server_hostname=hub.hostname)
    except (ssl.SSLError, ConnectionError):
        return
    raise AssertionError("the hub speaks TLS 1.1")


def test():
    with Hub() as hub:
        device = hub.create_device("known")
        bystander_device = hub.create_device("bystander")
        bystander = RawClient(hub).connect_as(bystander_device.username, bystander_device.token())
        bystander.attach(SENDER, 1, bystander_device.address("messages/events"))
        silent = check_plain_text_and_silence(hub)
        check_first_bytes(hub)
        check_opened(hub, device)
        check_tolerated(hub, device)
        check_old_tls(hub)
        for n in range(3):
            bystander.transfer(1, message(b"%d" % n))
            expect_equal(bystander.outcome()[0], ACCEPTED, "outcome on a connection opened before")
        for each in silent:
            each.close()
    return f"{len(FIRST)} bad first bytes and {len(OPENED)} bad frames end their own connection only; TLS 1.2 yes, 1.1 no"


main(test)
