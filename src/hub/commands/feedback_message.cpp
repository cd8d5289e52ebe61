#include "hub/commands/feedback_message.hpp"

#include <capstan/amqp/message.hpp>

#include "store/device_registry.hpp"

namespace capstan::hub {

std::string_view to_text(store::feedback_status status) {
    switch (status) {
    case store::feedback_status::success: return "Success";
    case store::feedback_status::expired: return "Expired";
    case store::feedback_status::delivery_count_exceeded: return "DeliveryCountExceeded";
    case store::feedback_status::rejected: return "Rejected";
    case store::feedback_status::purged: return "Purged";
    }
    return "Rejected";
}

boost::json::array feedback_json(const std::vector<store::feedback_record>& batch, boost::json::storage_ptr memory) {
    boost::json::array records(memory);
    records.reserve(batch.size());
    wall_time time{};
    std::string time_text; // what is committed together has one time
    for (const auto& record : batch) {
        if (time_text.empty() || record.time != time)
            time_text = iso_time(time = record.time);
        auto& entry = records.emplace_back(boost::json::object_kind).get_object();
        entry.reserve(6);
        entry.emplace("originalMessageId", record.original_message_id);
        entry.emplace("description", to_text(record.status));
        entry.emplace("deviceGenerationId", record.generation_id);
        entry.emplace("deviceId", store::device_in(record.device_id)); // Azure's records name no module
        entry.emplace("enqueuedTimeUtc", time_text);
        entry.emplace("statusCode", to_text(record.status));
    }
    return records;
}

bytes write_feedback(const locked_feedback& batch, std::string_view hub_name) {
    bytes out;
    amqp::message_builder message(out);
    message.message_annotations(
        [&](amqp::map_writer& entries) { entries.add("iothub-enqueuedtime", amqp::timestamp{batch.enqueued.time_since_epoch().count()}); });
    amqp::message_properties properties;
    properties.user_id = as_bytes(hub_name);
    properties.content_type = feedback_type;
    boost::json::monotonic_resource memory; // of one batch: nothing is freed one by one
    message.properties(properties).data(boost::json::serialize(feedback_json(*batch.records, &memory)));
    return out;
}

} // namespace capstan::hub
