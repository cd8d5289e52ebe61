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

boost::json::array feedback_json(const std::vector<store::feedback_record>& batch) {
    boost::json::array records;
    for (const auto& record : batch)
        records.push_back(boost::json::object{{"originalMessageId", record.original_message_id},
                                              {"description", to_text(record.status)},
                                              {"deviceGenerationId", record.generation_id},
                                              {"deviceId", store::device_in(record.device_id)}, // Azure's records name no module
                                              {"enqueuedTimeUtc", iso_time(record.time)},
                                              {"statusCode", to_text(record.status)}});
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
    message.properties(properties).data(boost::json::serialize(feedback_json(*batch.records)));
    return out;
}

} // namespace capstan::hub
