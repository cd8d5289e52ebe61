"""AMQP 1.0 by hand: a small codec and a client that sends exactly the bytes it is told to, for probing what the hub does with them."""
import json
import socket
import ssl
import struct
import uuid

OPEN, BEGIN, ATTACH, FLOW, TRANSFER, DISPOSITION, DETACH, END, CLOSE = range(0x10, 0x19)
ERROR, SOURCE, TARGET = 0x1D, 0x28, 0x29
ACCEPTED, REJECTED, RELEASED, MODIFIED = range(0x24, 0x28)
SASL_MECHANISMS, SASL_INIT, SASL_OUTCOME = 0x40, 0x41, 0x44
HEADER, DELIVERY_ANNOTATIONS, ANNOTATIONS, PROPERTIES, APPLICATION, DATA, SEQUENCE, VALUE, FOOTER = range(0x70, 0x79)
AMQP_HEADER, SASL_HEADER = b"AMQP\0\1\0\0", b"AMQP\3\1\0\0"
SENDER, RECEIVER = False, True  # the role field
BATCH_FORMAT = 0x80013700
SELECTOR_FILTER = "apache.org:selector-filter:string"


class Symbol(str):
    pass


class Described:
    def __init__(self, descriptor, value):
        self.descriptor, self.value = descriptor, value

    def __repr__(self):
        return f"Described({self.descriptor!r}, {self.value!r})"


class Array(list):
    """An array of symbols, the only kind that these tests send."""


class _Number(int):
    code = layout = None

    def encoded(self):
        return struct.pack(">B" + self.layout, self.code, self)


def _number(name, code, layout):
    return type(name, (_Number,), {"code": code, "layout": layout})


UByte, UShort = _number("UByte", 0x50, "B"), _number("UShort", 0x60, "H")
UInt, ULong = _number("UInt", 0x70, "I"), _number("ULong", 0x80, "Q")
Byte, Short, Int, Long = _number("Byte", 0x51, "b"), _number("Short", 0x61, "h"), _number("Int", 0x71, "i"), _number("Long", 0x81, "q")
Timestamp = _number("Timestamp", 0x83, "q")


def encode(value):
    if value is None:
        return b"\x40"
    if isinstance(value, bool):
        return b"\x41" if value else b"\x42"
    if isinstance(value, _Number):
        return value.encoded()
    if isinstance(value, Described):
        descriptor = b"\x53" + bytes([value.descriptor]) if type(value.descriptor) is int else encode(value.descriptor)
        return b"\0" + descriptor + encode(value.value)
    if isinstance(value, uuid.UUID):
        return b"\x98" + value.bytes
    if isinstance(value, (bytes, str)):
        return _variable(value)
    return _compound(value)


def _variable(value):
    code = 0xB0 if isinstance(value, bytes) else 0xB3 if isinstance(value, Symbol) else 0xB1
    octets = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">BI", code, len(octets)) + octets


def _compound(value):
    if isinstance(value, Array):
        body = b"\xb3" + b"".join(encode(Symbol(item))[1:] for item in value)
        return struct.pack(">BII", 0xF0, len(body) + 4, len(value)) + body
    items = [part for pair in value.items() for part in pair] if isinstance(value, dict) else value
    body = b"".join(map(encode, items))
    return struct.pack(">BII", 0xD1 if isinstance(value, dict) else 0xD0, len(body) + 4, len(items)) + body


_FIXED = {0x50: (UByte, "B"), 0x60: (UShort, "H"), 0x70: (UInt, "I"), 0x80: (ULong, "Q"), 0x52: (UInt, "B"), 0x53: (ULong, "B"),
          0x51: (Byte, "b"), 0x61: (Short, "h"), 0x71: (Int, "i"), 0x81: (Long, "q"), 0x54: (Int, "b"), 0x55: (Long, "b"),
          0x83: (Timestamp, "q"), 0x72: (float, "f"), 0x82: (float, "d"), 0x56: (bool, "B")}
_EMPTY = {0x40: lambda: None, 0x41: lambda: True, 0x42: lambda: False, 0x43: lambda: UInt(0), 0x44: lambda: ULong(0), 0x45: list}
_TEXT = {0xA0: bytes, 0xB0: bytes, 0xA1: bytes.decode, 0xB1: bytes.decode,
         0xA3: lambda octets: Symbol(octets.decode()), 0xB3: lambda octets: Symbol(octets.decode())}


def decode(octets, at=0):
    """(value, where it ends)"""
    code = octets[at]
    if code == 0:
        descriptor, at = decode(octets, at + 1)
        value, at = decode(octets, at)
        return Described(descriptor, value), at
    return _decode_as(code, octets, at + 1)


def _decode_as(code, octets, at):
    if code in _EMPTY:
        return _EMPTY[code](), at
    if code in _FIXED:
        kind, layout = _FIXED[code]
        end = at + struct.calcsize(layout)
        return kind(struct.unpack(">" + layout, octets[at:end])[0]), end
    if code == 0x98:
        return uuid.UUID(bytes=bytes(octets[at:at + 16])), at + 16
    width = 1 if code >> 4 in (0xA, 0xC, 0xE) else 4
    size, at = int.from_bytes(octets[at:at + width], "big"), at + width
    if code in _TEXT:
        return _TEXT[code](bytes(octets[at:at + size])), at + size
    count = int.from_bytes(octets[at:at + width], "big")
    if code >> 4 in (0xE, 0xF):
        return _decode_array(count, octets, at + width), at + size
    items, inner = [], at + width
    for _ in range(count):
        value, inner = decode(octets, inner)
        items.append(value)
    return (dict(zip(items[::2], items[1::2])) if code in (0xC1, 0xD1) else items), at + size


def _decode_array(count, octets, at):
    code, at, items = octets[at], at + 1, Array()
    for _ in range(count):
        value, at = _decode_as(code, octets, at)
        items.append(value)
    return items


def message(body=b"", *, properties=None, application=None, annotations=None):
    """An encoded message; `properties` is the list of the section's fields in the standard's order."""
    sections = [(ANNOTATIONS, annotations), (PROPERTIES, properties), (APPLICATION, application), (DATA, body)]
    return b"".join(encode(Described(code, value)) for code, value in sections if value is not None)


def sections(octets):
    """{section code: value}; the data sections are joined."""
    found, at = {}, 0
    while at < len(octets):
        section, at = decode(octets, at)
        joined = section.descriptor == DATA and DATA in found
        found[int(section.descriptor)] = found[DATA] + section.value if joined else section.value
    return found


def frame(channel, performative, arguments, payload=b"", kind=0):
    body = encode(Described(performative, arguments)) + payload
    return struct.pack(">IBBH", len(body) + 8, 2, kind, channel) + body


class Frame:
    def __init__(self, channel, performative, arguments, payload):
        self.channel, self.performative, self.arguments, self.payload = channel, performative, arguments, payload

    def argument(self, index):
        return self.arguments[index] if index < len(self.arguments) else None

    def __repr__(self):
        return f"<frame {self.performative:#x} on {self.channel}: {self.arguments}>"


def condition(error):
    """The symbol of an error field (or None), to be compared with a plain string."""
    return str(error.value[0]) if isinstance(error, Described) else None


def refusal(error):
    """Condition and errorCode of the hub's JSON; no code where the description is a sentence that ends in a tracking id."""
    if not isinstance(error, Described):
        return None, None
    description = str(error.value[1] or "")
    if description.startswith("{"):
        told = json.loads(description)
        assert len(told["trackingId"]) > 32 and told["message"] and told["timestampUtc"], description
        return condition(error), told["errorCode"]
    assert "TrackingId:" in description, description
    return condition(error), None


def tracking_id(error):
    return json.loads(str(error.value[1]))["trackingId"]


class RawClient:
    def __init__(self, hub, limit=15):
        context = ssl.create_default_context(cafile=hub.ca)
        plain = socket.create_connection((hub.hostname, hub.amqps_port), limit)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname=hub.hostname)
        self.socket.settimeout(limit)
        self.next_delivery = self.frames_sent = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    # --- bytes ------------------------------------------------------------------------------------------------------------

    def send(self, octets):
        self.socket.sendall(octets)

    def read(self, count):
        """Exactly `count` bytes; EOFError when the hub closes first."""
        octets = b""
        while len(octets) < count:
            try:
                more = self.socket.recv(count - len(octets))
            except (ConnectionResetError, ssl.SSLError) as error:
                if isinstance(error, TimeoutError):
                    raise
                more = b""
            if not more:
                raise EOFError("the hub closed the connection")
            octets += more
        return octets

    def closed_by_peer(self):
        """Reads whatever is still coming; true once the hub has closed the stream."""
        try:
            while True:
                self.read(1)
        except EOFError:
            return True
        except TimeoutError:
            return False

    # --- frames -----------------------------------------------------------------------------------------------------------

    def perform(self, performative, *arguments, channel=0, payload=b""):
        self.send(frame(channel, performative, list(arguments), payload))

    def next_frame(self):
        while True:
            size, offset, _, channel = struct.unpack(">IBBH", self.read(8))
            body = self.read(size - 8)[offset * 4 - 8:]
            if body:  # an empty frame only says that the hub is alive
                performative, end = decode(body)
                return Frame(channel, int(performative.descriptor), performative.value, body[end:])

    def expect(self, *performatives):
        """The next frame of one of these kinds. A FLOW or DISPOSITION that nobody asked for is passed over."""
        while True:
            found = self.next_frame()
            if found.performative in performatives:
                return found
            if found.performative not in (FLOW, DISPOSITION):
                raise AssertionError(f"wanted {[hex(code) for code in performatives]}, got {found}")

    # --- conversations ----------------------------------------------------------------------------------------------------

    def sasl(self, mechanism, response=None):
        """The outcome's code; 0 is success."""
        self.send(SASL_HEADER)
        assert self.read(8) == SASL_HEADER
        self.mechanisms = self.expect(SASL_MECHANISMS).argument(0)
        self.send(frame(0, SASL_INIT, [Symbol(mechanism), response, None], kind=1))
        return self.expect(SASL_OUTCOME).argument(0)

    def plain(self, username, password):
        return self.sasl("PLAIN", f"\0{username}\0{password}".encode())

    def open(self, max_frame=65536, container="raw"):
        self.send(AMQP_HEADER)
        assert self.read(8) == AMQP_HEADER
        self.perform(OPEN, container, "localhost", UInt(max_frame), UShort(100))
        return self.expect(OPEN)

    def begin(self, channel=0):
        self.perform(BEGIN, None, UInt(0), UInt(2048), UInt(2048), UInt(255), channel=channel)
        return self.expect(BEGIN)

    def connect_as(self, username, password):
        """Through SASL PLAIN, OPEN and BEGIN."""
        code = self.plain(username, password)
        assert code == 0, f"SASL outcome {code} for {username}"
        self.open()
        self.begin()
        return self

    def attach(self, role, handle, address, *, name=None, other=None, channel=0, filters=None):
        """The frame that decides: the hub's ATTACH, or the DETACH that refuses the link."""
        source, target = (address, other or "here") if role == RECEIVER else (other or "here", address)
        terminus = Described(SOURCE, [source, None, None, None, None, None, None, filters])
        self.perform(ATTACH, name or f"link-{handle}", UInt(handle), role, UByte(0), UByte(0), terminus, Described(TARGET, [target]),
                     None, None, UInt(0) if role == SENDER else None, channel=channel)
        answer = self.expect(ATTACH)
        terminus_of_hub = answer.argument(5 if role == RECEIVER else 6)
        if terminus_of_hub is None:
            return self.expect(DETACH)
        if role == SENDER:
            credit = self.expect(FLOW, DETACH)
            answer = answer if credit.performative == FLOW else credit
        return answer

    def credit(self, handle, count, delivery_count=0, drain=False, channel=0):
        self.perform(FLOW, UInt(0), UInt(2048), UInt(self.frames_sent), UInt(2048), UInt(handle), UInt(delivery_count), UInt(count),
                     None, drain, channel=channel)

    def transfer(self, handle, payload, *, settled=False, more=False, message_format=0, channel=0):
        """Sends one TRANSFER frame; the delivery id."""
        delivery = self.next_delivery
        self.perform(TRANSFER, UInt(handle), UInt(delivery), struct.pack(">I", delivery), UInt(message_format), settled, more,
                     channel=channel, payload=payload)
        self.frames_sent += 1
        if not more:
            self.next_delivery += 1
        return delivery

    def outcome(self, *also):
        """The state of the next DISPOSITION (its descriptor code and fields), or the frame of a kind in `also`."""
        while True:
            found = self.next_frame()
            if found.performative == DISPOSITION:
                state = found.argument(4)
                return int(state.descriptor), state.value
            if found.performative in also:
                return found
            if found.performative != FLOW:
                raise AssertionError(f"wanted a disposition, got {found}")

    def put_token(self, token, name, handles=(100, 101)):
        """CBS: (status-code, status-description)."""
        sender, receiver = handles
        self.attach(SENDER, sender, "$cbs", name="cbs-sender", other="$cbs")
        self.attach(RECEIVER, receiver, "$cbs", name="cbs-receiver", other="$cbs")
        self.credit(receiver, 10)
        application = {"operation": "put-token", "type": "servicebus.windows.net:sastoken", "name": name}
        request = [Described(PROPERTIES, ["put-1"]), Described(APPLICATION, application), Described(VALUE, token)]
        self.transfer(sender, b"".join(map(encode, request)))
        reply = sections(self.expect(TRANSFER).payload)[APPLICATION]
        return int(reply["status-code"]), reply["status-description"]
