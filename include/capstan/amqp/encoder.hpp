#pragma once
// Writing encoded values (part 1 of the standard) behind what a buffer already holds, each in its smallest form.

#include <capstan/amqp/types.hpp>

namespace capstan::amqp {

/// Appends to `out`, which must outlive the encoder.
class encoder {
public:
    explicit encoder(bytes& out) : out_(out) {}

    void null() { out_.push_back(0x40); }
    void write(bool value) { out_.push_back(value ? 0x41 : 0x42); }
    void write(std::uint8_t value);
    void write(std::uint16_t value);
    void write(std::uint32_t value);
    void write(std::uint64_t value);
    void write(std::int8_t value);
    void write(std::int16_t value);
    void write(std::int32_t value);
    void write(std::int64_t value);
    void write(float value);
    void write(double value);
    template<std::size_t Width> void write(const decimal<Width>& value);
    void write(character value);
    void write(timestamp value);
    void write(const uuid& value);
    void write(bytes_view binary);
    void write(std::string_view string);
    void write(const char* string) { write(std::string_view(string)); }
    void write(symbol_view value);
    /// An already encoded value; an absent one is written as null.
    void write(encoded_view value);

    /// The descriptor in front of the next value.
    void descriptor(std::uint64_t code);
    void descriptor(symbol_view name);
    void descriptor(encoded_view any);

    /// A compound value under construction: begin_…, then the elements, then end() with how many there are (keys and values
    /// both count in a map). Compounds may be nested; they are ended in the opposite order.
    struct compound {
        std::size_t start;
        std::uint8_t code8;
    };
    compound begin_list() { return begin(0xc0); }
    compound begin_map() { return begin(0xc1); }
    compound begin_array() { return begin(0xe0); } ///< its first "element" is the constructor, which does not count
    void end(compound open, std::uint32_t count);

    /// An array of symbols or strings; written as an array even when it has one element or none.
    void array(std::span<const symbol_view> elements);
    void array(std::span<const std::string> elements);

private:
    compound begin(std::uint8_t code8);
    void raw(bytes_view more) { out_.insert(out_.end(), more.begin(), more.end()); }
    template<class T> void fixed(std::uint8_t code, T value);
    template<class Text> void text_array(std::span<const Text> elements, std::uint8_t code8);
    void variable(std::uint8_t code8, std::uint8_t code32, bytes_view content);

    bytes& out_;
};

} // namespace capstan::amqp
