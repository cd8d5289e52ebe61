#pragma once
// Encoded messages, good and bad: for the tests of messages and as seeds of their fuzzer.

#include <string_view>
#include <vector>

namespace capstan::amqp::test {

struct message_row {
    std::string_view name;
    std::string_view hex;      ///< as from_hex takes it
    std::string_view sections; ///< the names of those that are there, in the standard's order
    std::size_t body_size;
    std::size_t accounted_size;
};

struct bad_message_row {
    std::string_view name;
    std::string_view hex;
    std::string_view why;
};

std::vector<message_row> message_rows();
std::vector<bad_message_row> bad_message_rows();
/// The bytes of the row of that name, as hex.
std::string_view message_hex(std::string_view name);

} // namespace capstan::amqp::test
