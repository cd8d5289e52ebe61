#include "client/batch_settlement.hpp"

#include <boost/asio/system_executor.hpp>
#include <boost/json.hpp>

#include <capstan/amqp/message.hpp>

#include "client/iso_time.hpp"

namespace capstan {

void feedback_batch::settle(const settlement& held, bool done, detail::handler<> then) {
    if (!held)
        return client::completion<>(std::move(then), asio::system_executor())
            .fail(client_error(errc::invalid_argument, "a batch that was not received"));
    auto state = done ? amqp::delivery_state::accepted() : amqp::delivery_state::released();
    held->settle(std::move(state), client::completion<>(std::move(then), held->strand()));
}

namespace client {
namespace {

namespace json = boost::json;

std::string text(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    return found && found->is_string() ? std::string(found->as_string()) : std::string();
}

wall_clock_time time(const json::object& from, std::string_view name) {
    return parse_iso_time(text(from, name)).value_or(wall_clock_time());
}

delivery_status status_of(std::string_view word) {
    if (word == "Success")
        return delivery_status::success;
    if (word == "Expired")
        return delivery_status::expired;
    if (word == "DeliveryCountExceeded")
        return delivery_status::delivery_count_exceeded;
    if (word == "Rejected")
        return delivery_status::rejected;
    return word == "Purged" ? delivery_status::purged : delivery_status::unknown;
}

feedback_record to_record(const json::object& from) {
    feedback_record made;
    made.message_id = text(from, "originalMessageId");
    made.device_id = text(from, "deviceId");
    made.device_generation_id = text(from, "deviceGenerationId");
    made.status_text = text(from, from.contains("statusCode") ? "statusCode" : "description"); // hubs of 2015 sent only the second
    made.status = status_of(made.status_text);
    made.time = time(from, "enqueuedTimeUtc");
    return made;
}

/// The body as JSON; null for anything else.
json::value body_of(const amqp::message_view& message) {
    const auto data = message.joined_data();
    boost::system::error_code error;
    auto parsed = json::parse(std::string_view(reinterpret_cast<const char*>(data.data()), data.size()), error);
    return error ? json::value() : parsed;
}

} // namespace

feedback_batch batch_settlement::to_batch(const std::shared_ptr<receiver_link>& on, const asio::any_io_executor& strand,
                                          const incoming& what) {
    feedback_batch made;
    made.settlement_ = std::make_shared<batch_settlement>(on, strand, what);
    const auto view = amqp::message_view::parse(what.payload);
    if (!view)
        return made;
    const auto body = body_of(*view);
    if (body.is_array())
        for (const auto& each : body.as_array())
            if (each.is_object())
                made.records_.push_back(to_record(each.as_object()));
    const auto decoded = amqp::decode_value(view->message_annotations().content);
    const auto* annotations = decoded ? decoded->get<amqp::map>() : nullptr;
    const auto* enqueued = annotations ? annotations->find("iothub-enqueuedtime") : nullptr;
    if (const auto* when = enqueued ? enqueued->get<amqp::timestamp>() : nullptr)
        made.enqueued_time_ = wall_clock_time(std::chrono::milliseconds(when->milliseconds));
    return made;
}

const settlement& batch_settlement::of(const feedback_batch& batch) { return *batch.settlement_; }

file_notification to_file_notification(amqp::bytes_view payload) {
    file_notification made;
    const auto view = amqp::message_view::parse(payload);
    const auto body = view ? body_of(*view) : json::value();
    if (!body.is_object())
        return made;
    const auto& from = body.as_object();
    made.device_id = text(from, "deviceId");
    made.blob_uri = text(from, "blobUri");
    made.blob_name = text(from, "blobName");
    made.last_updated = time(from, "lastUpdatedTime");
    made.enqueued_time = time(from, "enqueuedTimeUtc");
    if (const auto* size = from.if_contains("blobSizeInBytes"); size && size->is_int64() && size->as_int64() >= 0)
        made.blob_size = static_cast<std::uint64_t>(size->as_int64());
    return made;
}

} // namespace client
} // namespace capstan
