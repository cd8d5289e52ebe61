#include <capstan/amqp/terminus.hpp>

namespace capstan::amqp {
namespace {

constexpr std::uint64_t received_code = 0x23, accepted_code = 0x24, rejected_code = 0x25, released_code = 0x26, modified_code = 0x27;

std::uint64_t code_of(delivery_state::shape what) {
    switch (what) {
    case delivery_state::shape::received: return received_code;
    case delivery_state::shape::accepted: return accepted_code;
    case delivery_state::shape::rejected: return rejected_code;
    case delivery_state::shape::released: return released_code;
    case delivery_state::shape::modified: return modified_code;
    case delivery_state::shape::none:
    case delivery_state::shape::other: break;
    }
    return 0;
}

delivery_state::shape shape_of(std::optional<std::uint64_t> code, std::string_view name) {
    using shape = delivery_state::shape;
    if (code == received_code || name == "amqp:received:list")
        return shape::received;
    if (code == accepted_code || name == "amqp:accepted:list")
        return shape::accepted;
    if (code == rejected_code || name == "amqp:rejected:list")
        return shape::rejected;
    if (code == released_code || name == "amqp:released:list")
        return shape::released;
    if (code == modified_code || name == "amqp:modified:list")
        return shape::modified;
    return shape::other;
}

/// The fields that matter: rejected has its error first, modified its two flags.
bool read_state_fields(decoder& fields, std::uint32_t count, delivery_state& state) {
    for (std::uint32_t index = 0; index < count; ++index) {
        if (state.what == delivery_state::shape::modified && index == 0 && fields.read(state.delivery_failed))
            continue;
        if (state.what == delivery_state::shape::modified && index == 1 && fields.read(state.undeliverable_here))
            continue;
        encoded_view field;
        if (!fields.skip(field))
            return false;
        if (state.what == delivery_state::shape::rejected && index == 0)
            state.error = decode_error(field);
    }
    return true;
}

} // namespace

std::expected<delivery_state, error> decode_state(encoded_view what) {
    delivery_state state;
    if (!what)
        return state;
    decoder from(what.raw);
    std::optional<std::uint64_t> code;
    std::string_view name;
    decoder fields{{}};
    std::uint32_t count = 0;
    if (!from.enter_described() || !from.read_descriptor(code, name) || !from.read_list(fields, count))
        return std::unexpected(error(condition::invalid_field, "a delivery state is a described list"));
    state.what = shape_of(code, name);
    if (!read_state_fields(fields, count, state))
        return std::unexpected(error(condition::decode_error, "a delivery state is malformed"));
    return state;
}

bytes encode(const delivery_state& state) {
    bytes out;
    const auto code = code_of(state.what);
    if (code == 0)
        return out;
    encoder to(out);
    to.descriptor(code);
    const auto fields = to.begin_list();
    std::uint32_t count = 0;
    if (state.what == delivery_state::shape::rejected && state.error) {
        to.write(encoded_view{encode(state.error)});
        count = 1;
    } else if (state.what == delivery_state::shape::modified) {
        to.write(state.delivery_failed);
        to.write(state.undeliverable_here);
        count = 2;
    }
    to.end(fields, count);
    return out;
}

} // namespace capstan::amqp
