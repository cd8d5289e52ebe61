// Checks of text: strings (part 1, section 1.6.20), symbols (1.6.21), characters (1.6.16).
#include <cstring>

#include <capstan/amqp/decoder.hpp>

namespace capstan::amqp {
namespace {

std::uint64_t word_at(const char* from) {
    std::uint64_t word;
    std::memcpy(&word, from, sizeof word);
    return word;
}

struct sequence {
    std::size_t size;           ///< of the whole sequence; 0 for a byte that cannot start one
    std::uint32_t first_bits;   ///< the bits that the first byte brings
    std::uint32_t least;        ///< a smaller code point has a shorter encoding, which is the only valid one
};

sequence sequence_of(std::uint8_t first) {
    if (first < 0x80) {
        return {1, first, 0};
    }
    if ((first & 0xe0) == 0xc0) {
        return {2, first & 0x1fu, 0x80};
    }
    if ((first & 0xf0) == 0xe0) {
        return {3, first & 0x0fu, 0x800};
    }
    if ((first & 0xf8) == 0xf0) {
        return {4, first & 0x07u, 0x10000};
    }
    return {0, 0, 0};
}

/// The length of the valid sequence at the front; 0 when there is none.
std::size_t valid_sequence(std::string_view text) {
    const sequence s = sequence_of(static_cast<std::uint8_t>(text[0]));
    if (s.size > text.size()) {
        return 0;
    }
    std::uint32_t code_point = s.first_bits;
    for (std::size_t i = 1; i < s.size; ++i) {
        const auto next = static_cast<std::uint8_t>(text[i]);
        if ((next & 0xc0) != 0x80) {
            return 0;
        }
        code_point = code_point << 6 | (next & 0x3fu);
    }
    return code_point >= s.least && is_code_point(code_point) ? s.size : 0;
}

} // namespace

bool is_code_point(std::uint32_t number) { return number < 0xd800 || (number > 0xdfff && number <= 0x10ffff); }

/// By words, the last of which may overlap the one before it: text is short, and each value's text is checked.
bool is_ascii(std::string_view text) {
    constexpr std::uint64_t high_bits = 0x8080808080808080;
    std::uint64_t seen = 0;
    if (text.size() < sizeof seen) {
        for (const char c : text) {
            seen |= static_cast<std::uint8_t>(c);
        }
        return (seen & high_bits) == 0;
    }
    for (std::size_t at = 0; at + sizeof seen <= text.size(); at += sizeof seen) {
        seen |= word_at(text.data() + at);
    }
    seen |= word_at(text.data() + text.size() - sizeof seen);
    return (seen & high_bits) == 0;
}

bool is_utf8(std::string_view text) {
    if (is_ascii(text)) {
        return true;
    }
    while (!text.empty()) {
        const std::size_t size = valid_sequence(text);
        if (size == 0) {
            return false;
        }
        text.remove_prefix(size);
    }
    return true;
}

} // namespace capstan::amqp
