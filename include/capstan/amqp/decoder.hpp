#pragma once
// Reading encoded values (part 1 of the standard) from memory that somebody else owns. Nothing is allocated.

#include <optional>

#include <capstan/amqp/types.hpp>

namespace capstan::amqp {

/// What a value is, whichever of its encodings was used.
enum class kind : std::uint8_t {
    null,
    boolean,
    ubyte,
    ushort,
    uint,
    ulong,
    byte_,
    short_,
    int_,
    long_,
    float_,
    double_,
    decimal32,
    decimal64,
    decimal128,
    character,
    timestamp,
    uuid,
    binary,
    string,
    symbol,
    list,
    map,
    array,
    described,
    invalid,
};

/// How deep values may be nested: real messages stay below ten; the bound keeps the stack safe from a hostile one.
constexpr int max_depth = 32;

/// How many elements an array may have when they take no bytes (null, true, the short zeros): a bound on what a few bytes can ask for.
constexpr std::uint32_t max_zero_width_elements = 65'536;

/// A cursor over encoded values. Each read either consumes one value and says true, or says false and leaves the cursor where it
/// was: at a value of another kind, at a malformed one, or at the end. Views that it hands out point into the input.
class decoder {
public:
    explicit decoder(bytes_view input) : rest_(input) {}

    bool at_end() const { return rest_.empty(); }
    bytes_view rest() const { return rest_; }
    /// The kind of the value at the cursor, as far as its constructor tells.
    kind peek() const;

    bool read_null();
    bool read(bool& value);
    bool read(std::uint8_t& value);
    bool read(std::uint16_t& value);
    bool read(std::uint32_t& value);
    bool read(std::uint64_t& value);
    bool read(std::int8_t& value);
    bool read(std::int16_t& value);
    bool read(std::int32_t& value);
    bool read(std::int64_t& value);
    bool read(float& value);
    bool read(double& value);
    bool read(decimal<4>& value);
    bool read(decimal<8>& value);
    bool read(decimal<16>& value);
    bool read(character& value);
    bool read(timestamp& value);
    bool read(uuid& value);
    bool read(bytes_view& binary);
    bool read(std::string_view& string); ///< UTF-8, checked
    bool read(symbol_view& value);       ///< ASCII, checked
    /// A list's or map's elements: a decoder over them, and how many there are (for a map: keys and values, an even number).
    bool read_list(decoder& elements, std::uint32_t& count);
    bool read_map(decoder& elements, std::uint32_t& count);
    /// An array: its element constructor (with descriptor, if any) and its bodies lie behind each other in `body`.
    bool read_array(std::uint32_t& count, bytes_view& body);
    /// The 0x00 of a described value: the descriptor is the next value, the described value the one after.
    bool enter_described();
    /// A descriptor in its numeric or its symbolic form; a symbolic one that is not known gives no number (part 1, section 1.2).
    bool read_descriptor(std::optional<std::uint64_t>& code, std::string_view& name);

    /// Steps over any one value, after checking that it is well-formed all the way down. The view gets what was stepped over.
    bool skip(encoded_view& value);
    bool skip();

private:
    template<class T> bool read_fixed(std::uint8_t code, T& value);
    template<class T> bool read_zero(std::uint8_t code, T& value);
    template<class Small, class T> bool read_integer(std::uint8_t code, std::uint8_t small_code, T& value);
    template<std::size_t Width> bool read_octets(std::uint8_t code, std::array<std::uint8_t, Width>& octets);
    bool read_variable(std::uint8_t code8, std::uint8_t code32, bytes_view& content);
    bool read_compound(std::uint8_t code8, std::uint8_t code32, decoder& elements, std::uint32_t& count);

    bytes_view rest_;
};

/// Text that is valid UTF-8 without surrogates (part 1, section 1.6.20); text of a symbol (1.6.21); a character (1.6.16).
bool is_utf8(std::string_view text);
bool is_ascii(std::string_view text);
bool is_code_point(std::uint32_t number);

/// The number of a descriptor of the standard that is known by its symbolic name.
std::optional<std::uint64_t> descriptor_code(std::string_view name);

} // namespace capstan::amqp
