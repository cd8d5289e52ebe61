#pragma once
// AMQP frames as text, for scripts of tests. It shares nothing with the engine's codec: what one of them writes wrongly, the other
// does not read.
//
//     open["peer", "host", 65536, 8191]           a performative on channel 0; numbers get the types of the standard's fields
//     3: begin[~, 0, 2048, 2048]                  on channel 3; ~ is null
//     attach["l", 0, true, ~, ~, source["a"], target["b"]]
//     transfer[0, 0, <74>, 0] + "payload"         <74> is binary; + 1000*x is a payload of a thousand x
//     close[error['amqp:not-found', _]]           'symbol'; _ (in what is expected) is anything at all
//     mechanisms[('PLAIN', 'ANONYMOUS')]          (array); {'key'="value"} is a map, [1, 2] a list
//     0x99[ubyte:1]                               any descriptor, any type; 'amqp:open:list'["peer"] a symbolic one
//     #<005310c00101>                             the body's bytes as they are; also as a value within a list
//     header amqp | header sasl | header tls | heartbeat

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace capstan::amqp::test {

using octets = std::vector<std::uint8_t>;

struct node {
    enum class kind { any, null, number, string, symbol, binary, list, map, array, described, raw };
    kind what = kind::null;
    std::string type; ///< of a number or truth: "uint"…, "boolean"; of a described value: its name. Empty: as the field's
    std::string text; ///< content of a scalar; a number in decimal; truth as true or false
    std::vector<node> items;
};

/// What one side writes at a time.
struct unit {
    enum class kind { header, frame } what = kind::frame;
    std::string header;      ///< "amqp", "sasl", "tls", or hex
    std::uint16_t channel = 0;
    std::optional<node> body; ///< none: a heartbeat
    octets payload;
    std::size_t size = 0;    ///< on the wire; of a unit that was read
};

/// Throws std::invalid_argument: a test that is written wrongly.
unit parse_unit(std::string_view text);
octets encode_unit(std::string_view text);
octets from_hex_text(std::string_view hex);

/// The unit at the start; none when it is not whole. Throws when it is malformed.
std::optional<unit> decode_unit(const octets& from, std::size_t at);
std::string to_text(const unit& what);

/// A performative matches one with fewer fields than it has; other lists match with nothing but nulls behind.
bool matches(const unit& expected, const unit& actual);

} // namespace capstan::amqp::test
