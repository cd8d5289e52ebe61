#include <capstan/amqp/terminus.hpp>

#include "amqp/composites.hpp"

namespace capstan::amqp {
namespace {

std::uint64_t code_of(delivery_state::shape what) {
    switch (what) {
    case delivery_state::shape::received: return received_fields::code;
    case delivery_state::shape::accepted: return accepted_fields::code;
    case delivery_state::shape::rejected: return rejected_fields::code;
    case delivery_state::shape::released: return released_fields::code;
    case delivery_state::shape::modified: return modified_fields::code;
    case delivery_state::shape::none:
    case delivery_state::shape::other: break;
    }
    return 0;
}

delivery_state::shape shape_of(std::optional<std::uint64_t> code, std::string_view name) {
    using shape = delivery_state::shape;
    if (code == received_fields::code || name == received_fields::name)
        return shape::received;
    if (code == accepted_fields::code || name == accepted_fields::name)
        return shape::accepted;
    if (code == rejected_fields::code || name == rejected_fields::name)
        return shape::rejected;
    if (code == released_fields::code || name == released_fields::name)
        return shape::released;
    if (code == modified_fields::code || name == modified_fields::name)
        return shape::modified;
    return shape::other;
}

/// The fields that matter go into the state: rejected has its error, modified its two flags.
template<class Fields> std::expected<delivery_state, error> read_as(decoder& from, delivery_state state) {
    const auto fields = read_fields<Fields>(from);
    if (!fields)
        return std::unexpected(fields.error());
    if constexpr (std::same_as<Fields, rejected_fields>)
        state.error = decode_error(fields->error);
    if constexpr (std::same_as<Fields, modified_fields>) {
        state.delivery_failed = fields->delivery_failed;
        state.undeliverable_here = fields->undeliverable_here;
    }
    return state;
}

} // namespace

std::expected<delivery_state, error> decode_state(encoded_view what) {
    delivery_state state;
    if (!what)
        return state;
    decoder from(what.raw);
    std::optional<std::uint64_t> code;
    std::string_view name;
    if (!from.enter_described() || !from.read_descriptor(code, name) || from.peek() != kind::list)
        return std::unexpected(error(condition::invalid_field, "a delivery state is a described list"));
    state.what = shape_of(code, name);
    switch (state.what) {
    case delivery_state::shape::received: return read_as<received_fields>(from, std::move(state));
    case delivery_state::shape::accepted: return read_as<accepted_fields>(from, std::move(state));
    case delivery_state::shape::rejected: return read_as<rejected_fields>(from, std::move(state));
    case delivery_state::shape::released: return read_as<released_fields>(from, std::move(state));
    case delivery_state::shape::modified: return read_as<modified_fields>(from, std::move(state));
    case delivery_state::shape::none:
    case delivery_state::shape::other: break;
    }
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
