#include <capstan/amqp/value.hpp>

#include "amqp/codec/wire.hpp"

namespace capstan::amqp {
namespace {

/// Makes values from what the decoder finds, as long as the budget lasts.
class builder {
public:
    bool build(decoder& from, value& into, int depth);

private:
    /// The view types of the decoder become types that own.
    static bytes own(bytes_view content) { return {content.begin(), content.end()}; }
    static std::string own(std::string_view content) { return std::string(content); }
    static symbol own(symbol_view content) { return {std::string(content.text)}; }
    template<class T> static T own(T content) { return content; }

    template<class T> static bool scalar(decoder& from, value& into) {
        T content{};
        if (!from.read(content)) {
            return false;
        }
        into = value(own(content));
        return true;
    }

    bool build_list(decoder& from, value& into, int depth);
    bool build_map(decoder& from, value& into, int depth);
    bool build_array(decoder& from, value& into, int depth);
    bool build_described(decoder& from, value& into, int depth);
    bool spend(std::size_t values);

    std::size_t budget_ = max_decoded_values;
};

bool builder::spend(std::size_t values) {
    if (values > budget_) {
        return false;
    }
    budget_ -= values;
    return true;
}

bool builder::build_list(decoder& from, value& into, int depth) {
    decoder elements({});
    std::uint32_t count = 0;
    if (!from.read_list(elements, count) || !spend(count)) {
        return false;
    }
    list made;
    made.elements.resize(count);
    for (value& element : made.elements) {
        if (!build(elements, element, depth + 1)) {
            return false;
        }
    }
    into = value(std::move(made));
    return elements.at_end();
}

bool builder::build_map(decoder& from, value& into, int depth) {
    decoder elements({});
    std::uint32_t count = 0;
    if (!from.read_map(elements, count) || !spend(count)) {
        return false;
    }
    map made;
    made.entries.resize(count / 2);
    for (auto& [key, content] : made.entries) {
        if (!build(elements, key, depth + 1) || !build(elements, content, depth + 1)) {
            return false;
        }
    }
    into = value(std::move(made));
    return elements.at_end();
}

/// An element is its array's constructor and its own body; brought together they are a value like any other.
bool builder::build_array(decoder& from, value& into, int depth) {
    std::uint32_t count = 0;
    bytes_view body;
    if (!from.read_array(count, body) || !spend(count)) {
        return false;
    }
    array made;
    if (count == 0) {
        into = value(std::move(made));
        return true;
    }
    bytes_view bodies = body;
    wire::constructor of;
    if (!wire::skip_constructor(bodies, depth + 1, of)) {
        return false;
    }
    const bytes_view constructor = body.first(body.size() - bodies.size());
    // A descriptor is made anew for each element: a long one is paid for each time.
    if (!spend((constructor.size() - 1) * count)) {
        return false;
    }
    made.elements.resize(count);
    for (value& element : made.elements) {
        const bytes_view start = bodies;
        if (!wire::skip_body(bodies, of)) {
            return false;
        }
        bytes whole = own(constructor);
        whole.insert(whole.end(), start.begin(), bodies.begin());
        decoder alone{whole};
        if (!build(alone, element, depth + 1)) {
            return false;
        }
    }
    into = value(std::move(made));
    return bodies.empty();
}

bool builder::build_described(decoder& from, value& into, int depth) {
    value descriptor;
    value content;
    if (!from.enter_described() || !spend(2) || !build(from, descriptor, depth + 1) || !build(from, content, depth + 1)) {
        return false;
    }
    into = value(described(std::move(descriptor), std::move(content)));
    return true;
}

bool builder::build(decoder& from, value& into, int depth) {
    const kind what = from.peek();
    if (depth >= max_depth && (what == kind::list || what == kind::map || what == kind::array || what == kind::described)) {
        return false;
    }
    switch (what) {
    case kind::null: return from.read_null();
    case kind::boolean: return scalar<bool>(from, into);
    case kind::ubyte: return scalar<std::uint8_t>(from, into);
    case kind::ushort: return scalar<std::uint16_t>(from, into);
    case kind::uint: return scalar<std::uint32_t>(from, into);
    case kind::ulong: return scalar<std::uint64_t>(from, into);
    case kind::byte_: return scalar<std::int8_t>(from, into);
    case kind::short_: return scalar<std::int16_t>(from, into);
    case kind::int_: return scalar<std::int32_t>(from, into);
    case kind::long_: return scalar<std::int64_t>(from, into);
    case kind::float_: return scalar<float>(from, into);
    case kind::double_: return scalar<double>(from, into);
    case kind::decimal32: return scalar<decimal<4>>(from, into);
    case kind::decimal64: return scalar<decimal<8>>(from, into);
    case kind::decimal128: return scalar<decimal<16>>(from, into);
    case kind::character: return scalar<character>(from, into);
    case kind::timestamp: return scalar<timestamp>(from, into);
    case kind::uuid: return scalar<uuid>(from, into);
    case kind::binary: return scalar<bytes_view>(from, into);
    case kind::string: return scalar<std::string_view>(from, into);
    case kind::symbol: return scalar<symbol_view>(from, into);
    case kind::list: return build_list(from, into, depth);
    case kind::map: return build_map(from, into, depth);
    case kind::array: return build_array(from, into, depth);
    case kind::described: return build_described(from, into, depth);
    case kind::invalid: return false;
    }
    return false;
}

} // namespace

std::optional<value> decode_value(decoder& from) {
    decoder after = from;
    value made;
    if (!builder().build(after, made, 0)) {
        return std::nullopt;
    }
    from = after;
    return made;
}

std::optional<value> decode_value(encoded_view from) {
    if (!from) {
        return value();
    }
    decoder whole(from.raw);
    return decode_value(whole);
}

} // namespace capstan::amqp
