#include <capstan/amqp/terminus.hpp>

#include "amqp/composites.hpp"

namespace capstan::amqp {
namespace {

terminus::shape shape_of(std::optional<std::uint64_t> code, std::string_view name) {
    if (code == source_fields::code || name == source_fields::name)
        return terminus::shape::source;
    if (code == target_fields::code || name == target_fields::name)
        return terminus::shape::target;
    if (code == coordinator_fields::code || name == coordinator_fields::name)
        return terminus::shape::coordinator;
    return terminus::shape::unknown;
}

template<class Fields> std::expected<terminus, error> read_as(decoder& from, terminus::shape what) {
    const auto fields = read_fields<Fields>(from);
    if (!fields)
        return std::unexpected(fields.error());
    terminus result;
    result.what = what;
    if constexpr (requires { fields->address; }) {
        result.address = fields->address.value_or("");
        result.dynamic = fields->dynamic;
    }
    if constexpr (requires { fields->filter; })
        result.filter.assign(fields->filter.raw.begin(), fields->filter.raw.end());
    return result;
}

bytes encode_address(std::uint64_t code, std::string_view address, std::uint32_t field_count) {
    bytes out;
    encoder to(out);
    to.descriptor(code);
    const auto fields = to.begin_list();
    to.write(address);
    for (std::uint32_t index = 1; index < field_count; ++index)
        to.null();
    to.end(fields, field_count);
    return out;
}

} // namespace

std::expected<terminus, error> decode_terminus(encoded_view what) {
    if (!what)
        return terminus();
    decoder from(what.raw);
    std::optional<std::uint64_t> code;
    std::string_view name;
    if (!from.enter_described() || !from.read_descriptor(code, name))
        return std::unexpected(error(condition::invalid_field, "a terminus is a described list"));
    const auto shape = shape_of(code, name);
    if (shape == terminus::shape::unknown)
        return terminus{.what = shape, .address = {}, .dynamic = false, .filter = {}};
    if (from.peek() != kind::list)
        return std::unexpected(error(condition::invalid_field, "a terminus is a described list"));
    switch (shape) {
    case terminus::shape::source: return read_as<source_fields>(from, shape);
    case terminus::shape::target: return read_as<target_fields>(from, shape);
    default: return read_as<coordinator_fields>(from, shape);
    }
}

bytes encode_source(std::string_view address) { return encode_address(source_fields::code, address, 11); }
bytes encode_target(std::string_view address) { return encode_address(target_fields::code, address, 7); }

} // namespace capstan::amqp
