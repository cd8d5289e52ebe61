#include "amqp/fields.hpp"

#include <capstan/amqp/encoder.hpp>

#include "amqp/codec/wire.hpp"

namespace capstan::amqp {

bool skip_multiple(decoder& from, encoded_view& found) {
    bytes_view rest = from.rest();
    if (!wire::skip_bare_array(rest))
        return from.skip(found);
    found = {};
    from = decoder(rest);
    return true;
}

bool skip_terminus(decoder& from, encoded_view& found) {
    if (from.skip(found))
        return true;
    decoder after = from;
    decoder fields{{}};
    std::uint32_t count = 0;
    if (!after.enter_described() || !after.skip() || !after.read_list(fields, count))
        return false;
    encoded_view field;
    for (; count > 0; --count)
        if (!skip_multiple(fields, field))
            return false;
    if (!fields.at_end())
        return false;
    found.raw = from.rest().first(from.rest().size() - after.rest().size());
    from = after;
    return true;
}

bytes repeatable(encoded_view terminus) {
    decoder from(terminus.raw);
    if (!terminus || decoder(from).skip())
        return {terminus.raw.begin(), terminus.raw.end()};
    bytes out;
    encoder to(out);
    encoded_view descriptor, field;
    decoder fields{{}};
    std::uint32_t count = 0;
    if (!from.enter_described() || !from.skip(descriptor) || !from.read_list(fields, count))
        return out;
    to.descriptor(descriptor);
    const auto open = to.begin_list();
    for (std::uint32_t index = 0; index < count && skip_multiple(fields, field); ++index)
        to.write(field);
    to.end(open, count);
    return out;
}

} // namespace capstan::amqp
