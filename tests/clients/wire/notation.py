"""AMQP frames as text, for tables of what is sent and what must come back. The C++ scripts (tests/support/amqp_notation.hpp) read much
the same; this one is written from the standard alone and shares no code with the hub or with the other tests.

    open["peer", ~, 512]                      a performative; ~ is null, numbers get the types of the standard's fields
    3: begin[~, 0, 10, 10]                    on channel 3
    attach["l", 0, true, ~, ~, source["a"], target["b"]]
    transfer[0, 0, <74>, 0] + properties["id"] data<78>     <74> is binary; behind the + come sections, or any values
    close[error['amqp:not-found']]            'symbol'
    'amqp:end:list'[]  0x99[ulong:1, {"k"=int:-1}]          any descriptor, any type
    #<5304>                                   raw octets in the place of a value
    amqp | sasl | empty                       protocol headers, the empty frame
"""
import re
import struct

FIELDS = {  # name: (descriptor, fields; the type of those that are numbers)
    "open": (0x10, "container-id hostname max-frame-size:uint channel-max:ushort idle-time-out:uint outgoing-locales incoming-locales "
                   "offered-capabilities desired-capabilities properties"),
    "begin": (0x11, "remote-channel:ushort next-outgoing-id:uint incoming-window:uint outgoing-window:uint handle-max:uint "
                    "offered-capabilities desired-capabilities properties"),
    "attach": (0x12, "name handle:uint role snd-settle-mode:ubyte rcv-settle-mode:ubyte source target unsettled incomplete-unsettled "
                     "initial-delivery-count:uint max-message-size:ulong offered-capabilities desired-capabilities properties"),
    "flow": (0x13, "next-incoming-id:uint incoming-window:uint next-outgoing-id:uint outgoing-window:uint handle:uint "
                   "delivery-count:uint link-credit:uint available:uint drain echo properties"),
    "transfer": (0x14, "handle:uint delivery-id:uint delivery-tag message-format:uint settled more rcv-settle-mode:ubyte state resume "
                       "aborted batchable"),
    "disposition": (0x15, "role first:uint last:uint settled state batchable"),
    "detach": (0x16, "handle:uint closed error"),
    "end": (0x17, "error"),
    "close": (0x18, "error"),
    "error": (0x1D, "condition description info"),
    "received": (0x23, "section-number:uint section-offset:ulong"),
    "accepted": (0x24, ""),
    "rejected": (0x25, "error"),
    "released": (0x26, ""),
    "modified": (0x27, "delivery-failed undeliverable-here message-annotations"),
    "source": (0x28, "address durable:uint expiry-policy timeout:uint dynamic dynamic-node-properties distribution-mode filter"),
    "target": (0x29, "address durable:uint expiry-policy timeout:uint dynamic"),
    "coordinator": (0x30, "capabilities"),
    "mechanisms": (0x40, "sasl-server-mechanisms"),
    "init": (0x41, "mechanism initial-response hostname"),
    "response": (0x43, "response"),
    "outcome": (0x44, "code:ubyte additional-data"),
    "header": (0x70, "durable priority:ubyte ttl:uint"),
    "delivery-annotations": (0x71, ""),
    "message-annotations": (0x72, ""),
    "properties": (0x73, ""),
    "application-properties": (0x74, ""),
    "data": (0x75, ""),
    "sequence": (0x76, ""),
    "value": (0x77, ""),
    "footer": (0x78, ""),
}
NAMES = {code: name for name, (code, _) in FIELDS.items()}
SASL_PERFORMATIVES = ("mechanisms", "init", "response", "outcome")
HEADERS = {"amqp": b"AMQP\0\1\0\0", "sasl": b"AMQP\3\1\0\0"}
NUMBERS = {"ubyte": (0x50, "B"), "ushort": (0x60, "H"), "uint": (0x70, "I"), "ulong": (0x80, "Q"), "byte": (0x51, "b"),
           "short": (0x61, "h"), "int": (0x71, "i"), "long": (0x81, "q"), "timestamp": (0x83, "q")}
SMALL = {"uint": (0x43, 0x52), "ulong": (0x44, 0x53)}  # zero, and below 256
TOKEN = re.compile(r"""\s*(?:(?P<raw>\#<[0-9a-f ]*>) | (?P<binary><[0-9a-f ]*>) | "(?P<string>[^"]*)" | '(?P<symbol>[^']*)'
                       | (?P<number>(?:[a-z]+:)?-?\d+(?![\dx])) | (?P<word>[a-z][a-z-]*|0x[0-9a-f]+)
                       | (?P<mark>[~\[\]{},=+]))""", re.VERBOSE)


# --- text to octets -------------------------------------------------------------------------------------------------------------


def octets(text):
    """What the text says: headers and frames, with ; between them."""
    return b"".join(_unit(unit.strip()) for unit in text.split(";") if unit.strip())


def values(text):
    """Values or sections one behind the other, without a frame."""
    tokens, found = _Tokens(text), b""
    while tokens.kind:
        found += _value(tokens)
        tokens.skip("+")
    return found


def frame(body, channel=0, kind=0, offset=2, extended=b"", size=None):
    size = 8 + len(extended) + len(body) if size is None else size
    return struct.pack(">IBBH", size, offset, kind, channel) + extended + body


def _unit(text):
    if text in HEADERS:
        return HEADERS[text]
    channel, text = re.fullmatch(r"(?:(\d+): )?(.*)", text, re.DOTALL).groups()
    if text == "empty":
        return frame(b"", int(channel or 0))
    sasl = text.startswith(SASL_PERFORMATIVES) or text.startswith("'amqp:sasl-")
    return frame(values(text), int(channel or 0), kind=1 if sasl else 0)


class _Tokens:
    def __init__(self, text):
        self.rest = text
        self.take()

    def take(self):
        """Gives the present token and goes on to the next."""
        taken = getattr(self, "kind", None), getattr(self, "text", None)
        match = TOKEN.match(self.rest)
        if not match and self.rest.strip():
            raise ValueError(f"notation: {self.rest[:40]!r}")
        self.kind, self.text = (match.lastgroup, match[match.lastgroup]) if match else (None, None)
        self.rest = self.rest[match.end():] if match else ""
        return taken

    def skip(self, mark):
        if (self.kind, self.text) == ("mark", mark):
            return bool(self.take())
        return False


def _value(tokens, number_type="uint"):
    kind, text = tokens.take()
    if kind in ("raw", "binary"):
        content = bytes.fromhex(text.strip("#<>"))
        return content if kind == "raw" else _variable(0xA0, content)
    if kind == "symbol" and tokens.text in ("[", "{") and tokens.kind == "mark":
        return b"\0" + _variable(0xA3, text.encode()) + _value_of(tokens, text.split(":")[1])
    if kind in ("string", "symbol"):
        return _variable(0xA1 if kind == "string" else 0xA3, text.encode())
    if kind == "number":
        named, _, digits = text.rpartition(":")
        return _number(named or number_type, int(digits))
    if kind == "word":
        if text in ("true", "false"):
            return b"\x41" if text == "true" else b"\x42"
        return b"\0" + _number("ulong", FIELDS[text][0] if text in FIELDS else int(text, 16)) + _value_of(tokens, text)
    return {"~": lambda: b"\x40", "[": lambda: _list(tokens, ""), "{": lambda: _map(tokens)}[text]()


def _value_of(tokens, name):
    """The list of a composite, whose numbers get its fields' types; or whatever stands there."""
    return _list(tokens, name) if tokens.skip("[") else _value(tokens)


def _list(tokens, name):
    types = [field.partition(":")[2] or "uint" for field in FIELDS.get(name, (0, ""))[1].split()]
    items = []
    while not tokens.skip("]"):
        items.append(_value(tokens, types[len(items)] if len(items) < len(types) else "uint"))
        tokens.skip(",")
    return _compound(0xC0, items) if items else b"\x45"


def _map(tokens):
    items = []
    while not tokens.skip("}"):
        items.append(_value(tokens))
        if not tokens.skip("="):
            tokens.skip(",")
    return _compound(0xC1, items)


def _compound(code, items):
    body = b"".join(items)
    if len(body) < 255 and len(items) < 256:
        return struct.pack(">BBB", code, len(body) + 1, len(items)) + body
    return struct.pack(">BII", code + 0x10, len(body) + 4, len(items)) + body


def _variable(code, content):
    size = struct.pack(">BB", code, len(content)) if len(content) < 256 else struct.pack(">BI", code + 0x10, len(content))
    return size + content


def _number(name, number):
    if name in SMALL and number < 256:
        zero, small = SMALL[name]
        return bytes([small, number]) if number else bytes([zero])
    code, layout = NUMBERS[name]
    return struct.pack(">B" + layout, code, number)


# --- octets to text -------------------------------------------------------------------------------------------------------------

FIXED = {0x40: "~", 0x41: "true", 0x42: "false", 0x43: "0", 0x44: "0", 0x45: "[]"}
WIDTHS = {0x50: "B", 0x51: "b", 0x52: "B", 0x53: "B", 0x54: "b", 0x55: "b", 0x56: "?", 0x60: "H", 0x61: "h", 0x70: "I", 0x71: "i",
          0x72: "f", 0x73: "I", 0x74: "4s", 0x80: "Q", 0x81: "q", 0x82: "d", 0x83: "q", 0x84: "8s", 0x94: "16s", 0x98: "16s"}
VARIABLE = {0xA0: lambda content: f"<{content.hex()}>", 0xA1: lambda content: f'"{content.decode()}"',
            0xA3: lambda content: f"'{content.decode('ascii')}'", 0xE0: lambda content: f"({content.hex()})"}


class Frame:
    """A frame that came in: its performative's name, its fields as text by name, and the payload's octets."""

    def __init__(self, raw):
        self.size, offset, self.type, self.channel = struct.unpack(">IBBH", raw[:8])
        self.name, self.fields, self.payload = "empty", {}, b""
        if len(raw) == 4 * offset:
            return
        code, start = read_descriptor(raw, 4 * offset)
        items, end = _items(raw, start)
        self.name, self.payload = NAMES[code], raw[end:]
        self.fields = dict(zip((field.partition(":")[0] for field in FIELDS[self.name][1].split()), items))

    def __getitem__(self, field):
        return self.fields.get(field, "~")

    def __str__(self):
        """The name, and in brackets the condition or outcome that it carries."""
        state = self["state"] if self.name == "disposition" else self["error"]
        said = re.search(r"error\['([^']+)'", state) or re.match(r"([a-z]+)\[", state)
        outcome = "rejected " if said and state.startswith("rejected[error") else ""
        return f"{self.name}({outcome}{said[1]})" if said else self.name


def read_descriptor(raw, at):
    """The code of the described value that begins there, and where its content begins: all of the hub's have a small ulong."""
    if raw[at:at + 2] != b"\0\x53":
        raise ValueError(f"no descriptor of one octet but {raw[at:at + 12].hex()}")
    return raw[at + 2], at + 3


def sections(payload):
    """[(the section's name, its content as text, its octets)]"""
    found, at = [], 0
    while at < len(payload):
        code, start = read_descriptor(payload, at)
        text, end = read_value(payload, start)
        found.append((NAMES[code], text, payload[at:end]))
        at = end
    return found


def read_value(raw, at):
    """One value as text, and where it ends."""
    code = raw[at]
    if code == 0:
        descriptor, at = read_value(raw, at + 1)
        text, at = read_value(raw, at)
        known = NAMES.get(int(descriptor)) if descriptor.isdigit() else None
        return (known or f"@{descriptor}") + text, at
    return read_content(code, raw, at + 1)


def read_content(code, raw, at):
    if code in FIXED:
        return FIXED[code], at
    if code in WIDTHS:
        end = at + struct.calcsize(WIDTHS[code])
        content = struct.unpack(">" + WIDTHS[code], raw[at:end])[0]
        return f"<{content.hex()}>" if isinstance(content, bytes) else str(content).lower(), end
    width = 4 if code & 0x10 else 1
    end = at + width + int.from_bytes(raw[at:at + width], "big")
    content = raw[at + width:end]
    kind = code & 0xEF
    if kind in VARIABLE:
        return VARIABLE[kind](content), end
    items, _ = _items(raw, at - 1)
    if kind == 0xC0:
        return "[" + ", ".join(items) + "]", end
    return "{" + ", ".join(f"{key}={item}" for key, item in zip(items[::2], items[1::2])) + "}", end


def _items(raw, at):
    """The elements of the list or map at this constructor, and where it ends."""
    if raw[at] == 0x45:
        return [], at + 1
    width = 4 if raw[at] & 0x10 else 1
    size, count = (int.from_bytes(raw[at + 1 + n * width:at + 1 + (n + 1) * width], "big") for n in (0, 1))
    items, end = [], at + 1 + width + size
    at += 1 + 2 * width
    for _ in range(count):
        text, at = read_value(raw, at)
        items.append(text)
    if at != end:
        raise ValueError("a compound value is longer than its elements")
    return items, end
