#pragma once
// Encoded values, good and bad. The tests of the codec and the seeds of the fuzzers come from the same rows; what a fuzzer finds
// becomes a row.

#include <capstan/amqp/value.hpp>

namespace capstan::amqp::test {

struct value_row {
    std::string_view name;
    std::string_view hex; ///< see from_hex
    value what;
};

struct bad_row {
    std::string_view name;
    std::string hex;
};

std::vector<value_row> value_rows();
/// Not one of them is a well-formed value.
std::vector<bad_row> bad_rows();

/// Pairs of hex digits; blanks are passed over, and ff*12 stands for twelve times ff (a blank or the end must follow).
bytes from_hex(std::string_view text);

} // namespace capstan::amqp::test
