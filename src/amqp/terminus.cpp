#include <capstan/amqp/terminus.hpp>

namespace capstan::amqp {
namespace {

constexpr std::uint64_t source_code = 0x28;
constexpr std::uint64_t target_code = 0x29;
constexpr std::uint64_t coordinator_code = 0x30;

/// Both termini begin address, durable, expiry-policy, timeout, dynamic, dynamic-node-properties; a source goes on with
/// distribution-mode, filter, default-outcome, outcomes, capabilities (part 3, sections 3.5.3 and 3.5.4).
constexpr std::uint32_t address_field = 0, dynamic_field = 4, filter_field = 7;

terminus::shape shape_of(std::optional<std::uint64_t> code, std::string_view name) {
    if (code == source_code || name == "amqp:source:list")
        return terminus::shape::source;
    if (code == target_code || name == "amqp:target:list")
        return terminus::shape::target;
    if (code == coordinator_code || name == "amqp:coordinator:list")
        return terminus::shape::coordinator;
    return terminus::shape::unknown;
}

/// Addresses are strings; a symbol says the same (some clients send one).
bool read_address(decoder& fields, std::string& address) {
    std::string_view text;
    symbol_view name;
    if (fields.read(text))
        address = text;
    else if (fields.read(name))
        address = name.text;
    else
        return fields.read_null() || fields.skip();
    return true;
}

bool read_field(decoder& fields, std::uint32_t index, terminus& result) {
    if (index == address_field)
        return read_address(fields, result.address);
    if (index == dynamic_field && fields.read(result.dynamic))
        return true;
    encoded_view skipped;
    if (!fields.skip(skipped))
        return false;
    if (index == filter_field && result.what == terminus::shape::source && decoder(skipped.raw).peek() == kind::map)
        result.filter.assign(skipped.raw.begin(), skipped.raw.end());
    return true;
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
    terminus result;
    if (!what)
        return result;
    decoder from(what.raw);
    std::optional<std::uint64_t> code;
    std::string_view name;
    decoder fields{{}};
    std::uint32_t count = 0;
    if (!from.enter_described() || !from.read_descriptor(code, name))
        return std::unexpected(error(condition::invalid_field, "a terminus is a described list"));
    result.what = shape_of(code, name);
    if (result.what == terminus::shape::unknown)
        return result;
    if (!from.read_list(fields, count))
        return std::unexpected(error(condition::invalid_field, "a terminus is a described list"));
    for (std::uint32_t index = 0; index < count; ++index)
        if (!read_field(fields, index, result))
            return std::unexpected(error(condition::decode_error, "a terminus is malformed"));
    return result;
}

bytes encode_source(std::string_view address) { return encode_address(source_code, address, 11); }
bytes encode_target(std::string_view address) { return encode_address(target_code, address, 7); }

} // namespace capstan::amqp
