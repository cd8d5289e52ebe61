#pragma once
// The words of the AMQP 1.0 standard that have a C++ type of their own. Everything else is a built-in type.

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace capstan::amqp {

using bytes = std::vector<std::uint8_t>;
using bytes_view = std::span<const std::uint8_t>;
using steady_time = std::chrono::steady_clock::time_point;

/// Part 2, section 2.8.1. On the wire: false is sender, true is receiver.
enum class role : bool { sender = false, receiver = true };

/// Part 2, sections 2.8.2 and 2.8.3.
enum class sender_settle_mode : std::uint8_t { unsettled = 0, settled = 1, mixed = 2 };
enum class receiver_settle_mode : std::uint8_t { first = 0, second = 1 };

/// A link of one connection, as its owner names it: never used twice during the connection's life.
enum class link_id : std::uint32_t {};
/// A transfer-number of one session (part 2, section 2.8.4): counts deliveries, modulo 2^32.
enum class delivery_id : std::uint32_t {};

/// Symbolic values (part 1, section 1.6.21): ASCII text.
struct symbol {
    std::string text;
    bool operator==(const symbol&) const = default;
};
struct symbol_view {
    std::string_view text;
    bool operator==(const symbol_view&) const = default;
};

/// Milliseconds since the Unix epoch (part 1, section 1.6.17).
struct timestamp {
    std::int64_t milliseconds = 0;
    bool operator==(const timestamp&) const = default;
};

/// In the order of RFC 4122 (part 1, section 1.6.18).
struct uuid {
    std::array<std::uint8_t, 16> octets{};
    bool operator==(const uuid&) const = default;
};

/// A UTF-32 code point (part 1, section 1.6.16).
struct character {
    std::uint32_t code_point = 0;
    bool operator==(const character&) const = default;
};

/// IEEE 754 decimals, as the bytes on the wire: this engine carries them, it does not calculate with them.
template<std::size_t Width> struct decimal {
    std::array<std::uint8_t, Width> octets{};
    bool operator==(const decimal&) const = default;
};

/// One whole encoded value, constructor included, that has been checked to be well-formed; empty stands for an absent or null one.
struct encoded_view {
    bytes_view raw;
    explicit operator bool() const { return !raw.empty(); }
};

/// Serial numbers (RFC 1982) as part 2, section 2.8.10 uses them: a < b modulo 2^32.
constexpr bool serial_less(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) < 0; }

inline bytes_view as_bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }
inline std::string_view as_text(bytes_view raw) { return {reinterpret_cast<const char*>(raw.data()), raw.size()}; }

} // namespace capstan::amqp
