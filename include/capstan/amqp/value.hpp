#pragma once
// Any AMQP value as a C++ object that owns what it holds: for properties, filters and bodies that somebody has to look into.
// The path of a telemetry message does without.

#include <expected>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include <capstan/amqp/decoder.hpp>
#include <capstan/amqp/encoder.hpp>

namespace capstan::amqp {

class value;

/// Is T one of the types that this variant holds? (Asked by name alone, as values hold values.)
template<class T, class Variant> constexpr bool is_held_by = false;
template<class T, class... Held> constexpr bool is_held_by<T, std::variant<Held...>> = (std::same_as<T, Held> || ...);

struct list {
    std::vector<value> elements;
    bool operator==(const list&) const;
};
/// In the order of the wire. Keys are compared as values: "a" and the symbol a are different keys.
struct map {
    std::vector<std::pair<value, value>> entries;
    /// The entry whose key is this text, as a symbol or as a string; null when there is none.
    const value* find(std::string_view key) const;
    bool operator==(const map&) const;
};
/// All elements are of one kind, and described alike if at all: others cannot be written as an array and are written as a list.
struct array {
    std::vector<value> elements;
    bool operator==(const array&) const;
};
struct described {
    std::unique_ptr<value> descriptor;
    std::unique_ptr<value> content;
    described() = default;
    described(value descriptor, value content);
    described(const described& other);
    described(described&&) noexcept = default;
    described& operator=(described other) noexcept;
    ~described();
    bool operator==(const described&) const;
};

class value {
public:
    using variant = std::variant<std::monostate, bool, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t, std::int8_t, std::int16_t,
                                 std::int32_t, std::int64_t, float, double, decimal<4>, decimal<8>, decimal<16>, character, timestamp, uuid,
                                 bytes, std::string, symbol, list, map, array, described>;

    value() = default;
    template<class T> requires is_held_by<std::remove_cvref_t<T>, variant>
    value(T&& content) : content_(std::in_place_type<std::remove_cvref_t<T>>, std::forward<T>(content)) {}
    value(const char* text) : content_(std::string(text)) {}
    value(std::string_view text) : content_(std::string(text)) {}

    bool is_null() const { return std::holds_alternative<std::monostate>(content_); }
    template<class T> const T* get() const { return std::get_if<T>(&content_); }
    /// The text of a string, a symbol or a binary (some clients confuse them); none for other kinds.
    std::optional<std::string_view> text() const;
    /// The number of any integer kind that fits; none for other kinds.
    std::optional<std::int64_t> integer() const;
    /// What is behind the descriptor, if this is a described value; otherwise the value itself.
    const value& content() const;

    const variant& held() const { return content_; }
    bool operator==(const value&) const;

private:
    variant content_;
};

/// How many values one decode may make: a message's maps hold dozens; the bound keeps a small hostile one from filling memory.
constexpr std::size_t max_decoded_values = 65'536;

/// Reads the value at the cursor. None when it is malformed, nested too deep or too large; the cursor then stays.
std::optional<value> decode_value(decoder& from);
std::optional<value> decode_value(encoded_view from);
void encode(encoder& to, const value& what);
bytes encode(const value& what);

/// For people and logs: a JSON-like text. Binary is shown in hex and cut at 64 bytes.
std::string to_text(const value& what);
/// Lower case with hyphens: 8-4-4-4-12 (RFC 4122, section 3).
std::string to_text(const uuid& what);
std::string hex(bytes_view octets); ///< lower case

} // namespace capstan::amqp
