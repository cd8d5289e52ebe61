#include "client/events/partition_link.hpp"

#include <capstan/amqp/encoder.hpp>
#include <capstan/amqp/value.hpp>

#include "client/events/event_codec.hpp"

namespace capstan::client {
namespace {

constexpr std::string_view selector_filter = "apache.org:selector-filter:string";

} // namespace

amqp::bytes source_with_selector(std::string_view address, std::string_view selector) {
    amqp::map filter;
    const amqp::symbol name{std::string(selector_filter)};
    filter.entries.emplace_back(amqp::value(name), amqp::value(amqp::described(amqp::value(name), amqp::value(selector))));
    amqp::list fields;
    fields.elements = {amqp::value(address), {}, {}, {}, {}, {}, {}, amqp::value(std::move(filter))}; // part 3, section 3.5.3
    constexpr std::uint64_t source_code = 0x28;
    return amqp::encode(amqp::value(amqp::described(amqp::value(source_code), amqp::value(std::move(fields)))));
}

amqp::attach_request partition_link::request() {
    const auto address = how_.entity + "/ConsumerGroups/" + how_.consumer_group + "/Partitions/" + how_.partition;
    const auto selector = last_ ? event_position::after_sequence_number(*last_).selector() : how_.selector;
    amqp::attach_request asked;
    asked.name = "events-" + how_.partition;
    asked.role = amqp::role::receiver;
    asked.source = source_with_selector(address, selector);
    asked.target = amqp::encode_target(asked.name);
    if (how_.owner_level) {
        amqp::map properties;
        properties.entries.emplace_back(amqp::value(amqp::symbol{"com.microsoft:epoch"}), amqp::value(*how_.owner_level));
        asked.properties = amqp::encode(amqp::value(std::move(properties)));
    }
    asked.credit = how_.prefetch - std::min(how_.prefetch, waiting_);
    return asked;
}

void partition_link::on_delivery(const amqp::delivery& message) {
    if (!message.settled)
        engine().settle(id(), message.id, message.id, amqp::delivery_state::accepted()), wake();
    auto came = event_decoder::decode(message.payload, how_.partition);
    if (last_ && came.sequence_number() <= *last_)
        return; // had been on its way when the link was lost
    last_ = came.sequence_number();
    ++waiting_;
    arrived_(std::move(came));
}

/// Room here is credit there, in portions of half the prefetch.
void partition_link::taken() {
    --waiting_;
    if (!up())
        return;
    const auto room = how_.prefetch - std::min(how_.prefetch, waiting_);
    const auto left = std::min(room, engine().credit_left(id()));
    if (room - left < (how_.prefetch + 1) / 2)
        return;
    engine().set_credit(id(), room);
    wake();
}

} // namespace capstan::client
