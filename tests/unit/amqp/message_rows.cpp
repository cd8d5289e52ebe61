#include "unit/amqp/message_rows.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace capstan::amqp::test {

std::vector<message_row> message_rows() {
    return {
        // Written by rhea 3.0.5 (message.encode).
        {"rhea telemetry",
         "0053704500 5373d00000004200000008a1036d2d3140a11a2f646576696365732f642f6d657373616765732f6576656e7473404040a3106170706c69"
         "636174696f6e2f6a736f6ea3057574662d380053 74d10000002d00000006a1056c6576656ca1047761726da105636f756e74700000012ca105726174"
         "696f823fe0000000000000005375a0087b2274223a32317d",
         "header properties application-properties data", 8, 89},
        {"rhea several data", "0053704500537345005375a0026162005375a003636465", "header properties data", 5, 5},
        {"rhea sequences", "0053704500537345005376d000000009000000025201a10178005376d000000006000000015202",
         "header properties amqp-sequence", 31, 31},
        {"rhea value",
         "005370d00000000f0000000541500770000003e8415202005371d10000000900000002a301615201005372d10000001000000002a307782d6f70742d"
         "62a1016300537345005378d10000000900000002a101665201005377a10568656c6c6f",
         "header delivery-annotations message-annotations properties amqp-value footer", 5, 5},
        {"rhea all properties",
         "0053704500 5373d0000000490000000d5307a00475736572a10174a10173a10172980123456789abcdef0123456789abcdefa3026374a302636583"
         "0000018bcfe56800830000018bcfe56801a101675209a1027267005375a000",
         "header properties data", 0, 58},
        // Written by Qpid Proton 0.37 (Message.encode of its Python binding).
        {"proton command",
         "005370c008034140700000ea60005371d10000000a00000002a30178a10179005372d10000001d00000002a315782d6f70742d73657175656e63652d"
         "6e756d6265725307005373c05509a1036d2d31a003687562a11f2f646576696365732f642f6d657373616765732f646576696365626f756e64404098"
         "0123456789abcdef0123456789abcdefa30a746578742f706c61696e40830000018bcfe56800005374d10000001b00000004a10a696f746875622d61"
         "636ba10466756c6ca1016e5405005375a0077061796c6f6164",
         "header delivery-annotations message-annotations properties application-properties data", 7, 97},
        {"proton without a body", "0053704500537345", "header properties", 0, 0},
        {"proton map as value", "00537045005373c00301532a005377d10000001100000002a10673746174757371000000c8",
         "header properties amqp-value", 22, 30},
        {"proton sequence", "0053704500537345005376d00000000b000000025501a10374776f", "header properties amqp-sequence", 19, 19},
        {"proton batched", "0053704500537345005374d10000000a00000002a1016ba10176005375a0036f6e65",
         "header properties application-properties data", 3, 5},
        // Written by Azure's uAMQP for Python 1.5 (Message.encode_message, BatchMessage).
        {"uamqp telemetry",
         "005372c11a02a113782d6f70742d706172746974696f6e2d6b6579a102706b005373c01907a1036d2d3140a10174404040a30a746578742f706c6169"
         "6e005374c10c04a1016ba10176a1016e5405005375a0077061796c6f6164",
         "message-annotations properties application-properties data", 7, 28},
        {"uamqp batch", "005375a007005375a0026530005375a007005375a0026531", "data", 14, 14},
        // By hand, from part 3 of the standard.
        {"empty payload", "", "", 0, 0},
        {"annotations behind application properties", // the order of Azure's C SDK: contract/iothub-amqp.md, 8.1
         "005373c00401a1016d 005374c10702a1016ba10176 005372c10702a30161a10162 005375a00178",
         "message-annotations properties application-properties data", 1, 4},
        {"properties behind the body", "005375a00178 005373c00401a1016d", "properties data", 1, 2},
        {"names for descriptors", "00a314616d71703a70726f706572746965733a6c69737445 00a310616d71703a646174613a62696e617279a00178",
         "properties data", 1, 1},
        {"long descriptors", "0080000000000000007345 00800000000000000075a00178", "properties data", 1, 1},
        {"long binary", "005375b00000000178", "data", 1, 1},
        {"null as value", "00537740", "amqp-value", 0, 0},
        {"described as value", "005377 00a3016141", "amqp-value", 5, 5},
    };
}

std::vector<bad_message_row> bad_message_rows() {
    return {
        {"not described", "a00178", "a section without a descriptor"},
        {"descriptor of another kind", "00a10161 40", "a section without a descriptor"},
        {"cut behind the descriptor", "005375", "section data is malformed"},
        {"cut inside the body", "005375a00578", "section data is malformed"},
        {"unknown number", "00536f45", "unknown section 111"},
        {"unknown number behind the last", "00537945", "unknown section 121"},
        {"unknown name", "00a30378793a45", "unknown section xy:"},
        {"name of something else", "00a30e616d71703a6f70656e3a6c69737445", "unknown section 16"},
        {"properties are a map", "005373c10100", "section properties is malformed"},
        {"annotations are a list", "00537245", "section message-annotations is malformed"},
        {"data is a string", "005375a10178", "section data is malformed"},
        {"map with bad text", "005374c10702a1016ba10180", "section application-properties is malformed"},
        {"array without a constructor as an application property", "005374c10702a1016be00100",
         "section application-properties is malformed"},
        {"array without a constructor as an annotation", "005372c10702a3016be00100", "section message-annotations is malformed"},
        {"array without a constructor as a value", "005377e00100", "section amqp-value is malformed"},
        {"array without a constructor in a sequence", "005376c00401e00100", "section amqp-sequence is malformed"},
        {"header twice", "00537045 00537045", "section header twice"},
        {"value twice", "00537740 00537740", "section amqp-value twice"},
        {"data and value", "005375a00178 00537740", "section amqp-value in a body of data"},
        {"value and data", "00537740 005375a00178", "section data in a body of amqp-value"},
        {"body in two places", "005375a00178 00537345 005375a00178", "other sections between those of the body"},
        {"bytes behind the last section", "005375a00178 40", "a section without a descriptor"},
    };
}

std::string_view message_hex(std::string_view name) {
    for (const message_row& row : message_rows()) {
        if (row.name == name) {
            return row.hex;
        }
    }
    throw std::invalid_argument("no message of the name " + std::string(name));
}

} // namespace capstan::amqp::test
