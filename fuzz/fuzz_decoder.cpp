// Any bytes as encoded values: what is decoded was well-formed, and survives encoding and decoding.
#include <capstan/amqp/value.hpp>

#include "check.hpp"

using namespace capstan::amqp;
using capstan::fuzz::check;

namespace {

template<class T> void try_read(decoder from) {
    const std::size_t before = from.rest().size();
    T content{};
    const bool taken = from.read(content);
    check(taken == (from.rest().size() < before), "a read moves the cursor if and only if it takes something");
}

template<class... T> void try_reads(decoder from) { (try_read<T>(from), ...); }

void try_compounds(decoder from) {
    decoder elements({});
    std::uint32_t count = 0;
    bytes_view body;
    std::optional<std::uint64_t> code;
    std::string_view name;
    if (decoder(from).read_list(elements, count) || decoder(from).read_map(elements, count)) {
        check(count <= elements.rest().size(), "a count fits the bytes");
    }
    if (decoder(from).read_array(count, body)) {
        check(count <= body.size() || count <= max_zero_width_elements, "an array's count is bounded");
    }
    if (from.enter_described()) {
        from.read_descriptor(code, name);
    }
}

/// Steps through the values one behind the other.
void walk(bytes_view input) {
    decoder from(input);
    encoded_view whole;
    do {
        try_reads<bool, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t, std::int8_t, std::int16_t, std::int32_t, std::int64_t,
                  float, double, decimal<4>, decimal<8>, decimal<16>, character, timestamp, uuid, bytes_view, std::string_view,
                  symbol_view>(from);
        try_compounds(from);
    } while (from.skip(whole));
}

void make_value(bytes_view input) {
    decoder from(input);
    const auto decoded = decode_value(from);
    decoder skipped(input);
    if (!decoded) {
        return; // malformed, or well-formed and too large
    }
    check(skipped.skip() && skipped.rest().size() == from.rest().size(), "a decoded value is well-formed");
    const bytes encoded = encode(*decoded);
    const auto again = decode_value(encoded_view{encoded});
    check(again.has_value(), "what was encoded can be decoded");
    check(encode(*again) == encoded, "encoding is stable"); // the values may differ: a NaN differs from itself
    (void)to_text(*decoded);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const bytes_view input(data, size);
    walk(input);
    make_value(input);
    return 0;
}
