#include "amqp/codec/wire.hpp"

#include <algorithm>
#include <array>

namespace capstan::amqp::wire {
namespace {

constexpr std::array<encoding, 256> make_encodings() {
    std::array<encoding, 256> all{};
    all[described] = {kind::described, 0};
    all[null] = {kind::null, 0};
    all[true_] = all[false_] = {kind::boolean, 0};
    all[boolean] = {kind::boolean, 1};
    all[ubyte] = {kind::ubyte, 1};
    all[ushort] = {kind::ushort, 2};
    all[uint] = {kind::uint, 4};
    all[small_uint] = {kind::uint, 1};
    all[uint0] = {kind::uint, 0};
    all[ulong] = {kind::ulong, 8};
    all[small_ulong] = {kind::ulong, 1};
    all[ulong0] = {kind::ulong, 0};
    all[byte_] = {kind::byte_, 1};
    all[short_] = {kind::short_, 2};
    all[int_] = {kind::int_, 4};
    all[small_int] = {kind::int_, 1};
    all[long_] = {kind::long_, 8};
    all[small_long] = {kind::long_, 1};
    all[float_] = {kind::float_, 4};
    all[double_] = {kind::double_, 8};
    all[decimal32] = {kind::decimal32, 4};
    all[decimal64] = {kind::decimal64, 8};
    all[decimal128] = {kind::decimal128, 16};
    all[character] = {kind::character, 4};
    all[timestamp] = {kind::timestamp, 8};
    all[uuid] = {kind::uuid, 16};
    all[binary8] = {kind::binary, 1};
    all[binary32] = {kind::binary, 4};
    all[string8] = {kind::string, 1};
    all[string32] = {kind::string, 4};
    all[symbol8] = {kind::symbol, 1};
    all[symbol32] = {kind::symbol, 4};
    all[list0] = {kind::list, 0};
    all[list8] = {kind::list, 1};
    all[list32] = {kind::list, 4};
    all[map8] = {kind::map, 1};
    all[map32] = {kind::map, 4};
    all[array8] = {kind::array, 1};
    all[array32] = {kind::array, 4};
    return all;
}

} // namespace

constexpr std::array<encoding, 256> encodings = make_encodings();

namespace {

bool take(bytes_view& rest, std::size_t size, bytes_view& content) {
    if (size > rest.size()) {
        return false;
    }
    content = rest.first(size);
    rest = rest.subspan(size);
    return true;
}

bool take_variable(bytes_view& rest, bool wide, bytes_view& content) {
    std::uint32_t size = 0;
    return take_size(rest, wide, size) && take(rest, size, content);
}

bool skip_fixed(bytes_view& rest, std::uint8_t code) {
    bytes_view content;
    if (!take(rest, encodings[code].width, content)) {
        return false;
    }
    switch (code) {
    case boolean: return content[0] <= 1;
    case character: return is_code_point(load<std::uint32_t>(content.data()));
    default: return true;
    }
}

/// A list's or a map's frame and, filling it exactly, its elements.
bool skip_compound(bytes_view& rest, bool wide, int depth, bool pairs) {
    bytes_view content;
    std::uint32_t count = 0;
    if (!take_variable(rest, wide, content) || !take_size(content, wide, count) || (pairs && count % 2 != 0)) {
        return false;
    }
    // At most as many steps as there are bytes: each element has at least its constructor.
    for (; count > 0; --count) {
        if (!skip_value(content, depth)) {
            return false;
        }
    }
    return content.empty();
}

bool skip_array(bytes_view& rest, bool wide, int depth) {
    array_frame frame;
    if (!take_array(rest, wide, depth, frame)) {
        return false;
    }
    if (encodings[frame.of.code].width == 0) {
        return true; // no step per element: a few bytes can hold many arrays of many of them
    }
    // At most as many steps as there are bytes: take_array saw to it.
    for (; frame.count > 0; --frame.count) {
        if (!skip_body(frame.bodies, frame.of)) {
            return false;
        }
    }
    return frame.bodies.empty();
}

} // namespace

bool take_array(bytes_view& rest, bool wide, int depth, array_frame& frame) {
    array_frame found;
    bytes_view content;
    if (!take_variable(rest, wide, content) || !take_size(content, wide, found.count)) {
        return false;
    }
    found.body = found.bodies = content;
    if (!skip_constructor(found.bodies, depth, found.of)) {
        return false;
    }
    const std::size_t width = encodings[found.of.code].width;
    frame = found;
    if (width == 0 || found.count == 0) {
        return found.count <= max_zero_width_elements && found.bodies.empty();
    }
    return found.count <= found.bodies.size() / width;
}

bool skip_constructor(bytes_view& rest, int depth, constructor& found) {
    while (!rest.empty() && rest[0] == described) {
        rest = rest.subspan(1);
        if (++depth > max_depth || !skip_value(rest, depth)) {
            return false;
        }
    }
    if (rest.empty() || encodings[rest[0]].what == kind::invalid) {
        return false;
    }
    found = {rest[0], depth};
    rest = rest.subspan(1);
    return true;
}

bool skip_body(bytes_view& rest, constructor of) {
    bytes_view content;
    switch (of.code) {
    case binary8:
    case binary32: return take_variable(rest, of.code == binary32, content);
    case string8:
    case string32: return take_variable(rest, of.code == string32, content) && is_utf8(as_text(content));
    case symbol8:
    case symbol32: return take_variable(rest, of.code == symbol32, content) && is_ascii(as_text(content));
    case list8:
    case list32: return of.depth < max_depth && skip_compound(rest, of.code == list32, of.depth + 1, false);
    case map8:
    case map32: return of.depth < max_depth && skip_compound(rest, of.code == map32, of.depth + 1, true);
    case array8:
    case array32: return of.depth < max_depth && skip_array(rest, of.code == array32, of.depth + 1);
    default: return skip_fixed(rest, of.code);
    }
}

bool skip_value(bytes_view& rest, int depth) {
    constructor found;
    return skip_constructor(rest, depth, found) && skip_body(rest, found);
}

bool skip_bare_array(bytes_view& rest) {
    constexpr std::array<std::uint8_t, 3> narrow = {array8, 1, 0};
    constexpr std::array<std::uint8_t, 9> wide = {array32, 0, 0, 0, 4, 0, 0, 0, 0};
    for (const bytes_view bare : {bytes_view(narrow), bytes_view(wide)}) {
        if (rest.size() >= bare.size() && std::ranges::equal(rest.first(bare.size()), bare)) {
            rest = rest.subspan(bare.size());
            return true;
        }
    }
    return false;
}

} // namespace capstan::amqp::wire
