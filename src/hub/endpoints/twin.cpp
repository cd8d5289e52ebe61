#include "hub/endpoints/twin.hpp"

#include <capstan/amqp/message.hpp>

namespace capstan::hub {
namespace {

constexpr std::uint32_t request_credit = 1000;
constexpr std::size_t max_waiting = 64;

std::string_view annotation(const amqp::map& annotations, std::string_view key) {
    const auto* found = annotations.find(key);
    return found ? found->text().value_or("") : "";
}

struct answered {
    std::int32_t status;
    std::string_view body; ///< empty: none
};

answered answer(std::string_view operation, std::string_view resource) {
    if (operation == "GET")
        return {200, R"({"desired":{"$version":1},"reported":{"$version":1}})"};
    const bool subscription = resource == "/notifications/twin/properties/desired";
    if ((operation == "PUT" || operation == "DELETE") && subscription)
        return {200, {}};
    if (operation == "PATCH")
        return {501, R"({"errorCode":501000,"message":"This hub does not keep twins yet."})"};
    return {400, R"({"errorCode":400004,"message":"Unknown twin operation."})"};
}

amqp::bytes write_answer(const amqp::value& correlation_id, const answered& what) {
    amqp::bytes out;
    amqp::message_builder message(out);
    message.message_annotations([&](amqp::map_writer& entries) { entries.add("status", what.status); });
    amqp::message_properties properties;
    properties.correlation_id = correlation_id;
    message.properties(properties);
    if (!what.body.empty())
        message.data(what.body);
    return out;
}

} // namespace

void twin_out_endpoint::open() {
    engine().accept(link_, {.snd_settle_mode = 1, .rcv_settle_mode = 0});
    with_.twin_links[owner_] = weak<twin_out_endpoint>();
    pump();
}

/// A later link may have taken its place.
void twin_out_endpoint::on_detached() {
    const auto listed = with_.twin_links.find(owner_);
    if (listed != with_.twin_links.end() && listed->second.lock().get() == this)
        with_.twin_links.erase(listed);
}

void twin_out_endpoint::put(amqp::bytes answer) {
    if (waiting_.size() == max_waiting)
        waiting_.pop_front();
    waiting_.push_back(std::move(answer));
    pump();
}

void twin_out_endpoint::pump() {
    static constexpr std::array<std::uint8_t, 16> tag{};
    while (!waiting_.empty() && engine().credit(link_) > 0) {
        const bytes_view piece = waiting_.front();
        engine().send(link_, tag, {&piece, 1}, {.settled = true});
        waiting_.pop_front();
    }
    if ((waiting_.empty() || engine().credit_left(link_) == 0) && engine().draining(link_))
        engine().drained(link_);
}

void twin_in_endpoint::open() { engine().accept(link_, {.snd_settle_mode = 1, .rcv_settle_mode = 0, .credit = request_credit}); }

void twin_in_endpoint::on_delivery(const amqp::delivery& delivery) {
    const auto message = amqp::message_view::parse(delivery.payload);
    if (!message)
        return reject(delivery, describe(errc::invalid_format, message.error(), with_.now()));
    auto properties = amqp::read_properties(message->properties().content);
    if (!properties)
        return reject(delivery, describe(errc::invalid_format, properties.error(), with_.now()));
    accept(delivery);
    top_up(request_credit);
    amqp::map annotations;
    if (const auto decoded = amqp::decode_value(message->message_annotations().content))
        if (const auto* map = decoded->get<amqp::map>())
            annotations = *map;
    const auto out = with_.twin_links.find(owner_);
    const auto link = out == with_.twin_links.end() ? nullptr : std::static_pointer_cast<twin_out_endpoint>(out->second.lock());
    // Without a link to answer on, the asker does not want to know.
    if (!link)
        return;
    link->put(write_answer(properties->correlation_id, answer(annotation(annotations, "operation"), annotation(annotations, "resource"))));
}

void methods_endpoint::open() {
    const bool receives = info().role == amqp::role::receiver;
    engine().accept(link_, {.snd_settle_mode = 1, .rcv_settle_mode = 0, .credit = receives ? request_credit : 0});
}

void methods_endpoint::on_delivery(const amqp::delivery& delivery) {
    accept(delivery);
    top_up(request_credit);
}

} // namespace capstan::hub
