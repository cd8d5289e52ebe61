#include "hub/routing/enrich.hpp"

#include <algorithm>

#include <boost/algorithm/string/predicate.hpp>

namespace capstan::hub::routing {
namespace {

void add_others(amqp::encoded_view map, std::span<const property> added, amqp::map_writer& to) {
    amqp::decoder entries({});
    std::uint32_t count = 0;
    if (!amqp::decoder(map.raw).read_map(entries, count))
        return;
    for (std::string_view name; entries.read(name);) {
        amqp::encoded_view content;
        if (!entries.skip(content))
            return;
        if (std::ranges::none_of(added, [&](const property& each) { return boost::iequals(each.name, name); }))
            to.add(name, content);
    }
}

} // namespace

void enrich(const amqp::message_view& message, std::span<const property> added, bytes& out) {
    bytes scratch;
    bytes whole; // with descriptors as readers know them
    const auto bare = message.bare(scratch);
    for (const auto piece : bare.pieces())
        append(whole, piece);
    const auto parts = amqp::message_view::parse(whole).value();
    out.clear();
    append(out, parts.properties().whole.raw);
    amqp::message_builder(out).application_properties([&](amqp::map_writer& to) {
        add_others(parts.application_properties().content, added, to);
        for (const auto& each : added)
            to.add(each.name, std::string_view(each.value));
    });
    append(out, parts.body());
    append(out, parts.footer().whole.raw);
}

} // namespace capstan::hub::routing
