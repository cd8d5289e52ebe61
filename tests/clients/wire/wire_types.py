"""Part 1 of the standard: each type in each of its encodings, sent in a message and read back from the event hub octet by octet."""
from harness.hub import Hub, main
from wire.conversation import Verdicts
from wire.notation import values
from wire.telemetry import Telemetry, check_events

CONSTRUCTORS = {  # section 1.6, with the least, the greatest and some odd contents of each
    "40": [""], "41": [""], "42": [""], "56": ["00", "01"], "43": [""], "44": [""], "45": [""],
    "50": ["00", "ff"], "51": ["80", "7f"], "52": ["00", "ff"], "53": ["00", "ff"], "54": ["80", "7f"], "55": ["80", "7f"],
    "60": ["0000", "ffff"], "61": ["8000", "7fff"], "70": ["00000000", "ffffffff"], "71": ["80000000", "7fffffff"],
    "72": ["00000000", "ff800000", "7fc00001"], "73": ["00000041", "0001f600", "0010ffff"], "74": ["00000000", "ffffffff"],
    "80": ["00" * 8, "ff" * 8], "81": ["80" + "00" * 7, "7f" + "ff" * 7], "82": ["00" * 8, "7ff0000000000000", "7ff8000000000001"],
    "83": ["80" + "00" * 7, "7f" + "ff" * 7], "84": ["22" * 8], "94": ["22" * 16], "98": ["000102030405060708090a0b0c0d0e0f"],
    "a0": ["00", "030001ff", "ff" + "62" * 255], "b0": ["00000000", "0000000162", "00000100" + "62" * 256],
    "a1": ["00", "05c3a9e29883", "ff" + "73" * 255], "b1": ["00000000", "0000000173", "00000100" + "73" * 256],
    "a3": ["00", "0173", "ff" + "73" * 255], "b3": ["00000000", "0000000173"],
    "c0": ["0100", "0b045201a1016140c0020141"], "d0": ["0000000400000000", "000000050000000140"],
    "c1": ["0100", "0702a10161a30162"], "d1": ["0000000400000000", "00000006000000024041"],
    "e0": ["020050", "04025000ff"], "f0": ["000000050000000050"],
}
COMPOUND = ("00", "45", "c0", "d0", "c1", "d1", "e0", "f0")  # these are no values of application properties (part 3, 3.2.5)
DESCRIBED = [  # by a number, a symbol, text, a list; one in another; whose descriptor is described; arrays of them
    "005377a10176", "00a303613a6240", "00a1036f64645201", "0045c00100", "00a303613a6200530500a30178a10179", "00005301520253" "03",
    "00800000468c00000004a10161", "e0050200532445", "e0090200a3023a62500102",
]


def encodings():
    """Every constructor with each content, and an array of all its contents; described values."""
    for code, contents in CONSTRUCTORS.items():
        yield from (bytes.fromhex(code + content) for content in contents)
        elements = bytes.fromhex(code + "".join(contents))
        yield b"\xf0" + (4 + len(elements)).to_bytes(4, "big") + len(contents).to_bytes(4, "big") + elements
    yield from map(bytes.fromhex, DESCRIBED)


def test():
    verdicts, accepted = Verdicts(), []
    with Hub() as hub:
        with Telemetry(hub, hub.create_device("known")) as telemetry:
            for encoding in encodings():
                named = [] if encoding.hex().startswith(COMPOUND) else [f'application-properties{{"k"=#<{encoding.hex()}>}} data<78>']
                for what in [f"value#<{encoding.hex()}>"] + named:
                    if verdicts.judge(what, telemetry.outcome(values(what)), "disposition(accepted)"):
                        accepted.append(values(what))
        check_events(verdicts, hub, accepted)
    verdicts.check()
    return f"{len(accepted)} messages with values of {len(CONSTRUCTORS)} constructors, in arrays and described, come back as they were sent"


main(test)
