#include "hub/endpoints/management.hpp"

#include "hub/telemetry/event_hub.hpp"
#include "hub/telemetry/position.hpp"

namespace capstan::hub {
namespace {

amqp::timestamp to_amqp(wall_time time) { return {time.time_since_epoch().count()}; }

} // namespace

response management_endpoint::answer(const request& asked) {
    namespace condition = amqp::condition;
    const auto name = asked.text("name");
    const auto refuse = [&](int status, std::string_view condition, std::string_view text) {
        return request_endpoint::refuse(status, describe_as_event_hub(condition, text, with_.now()), name);
    };
    if (!allowed(asked))
        return refuse(401, condition::unauthorized_access,
                      "Unauthorized access. 'Listen' claim(s) are required to perform this operation.");
    if (asked.text("operation") != "READ")
        return refuse(400, condition::not_allowed, "The operation must be READ.");
    const auto* hub = with_.hub.find_event_hub(auth::make_segment(name));
    if (hub == nullptr)
        return refuse(404, condition::not_found, fmt::format("The messaging entity '{}' could not be found.", name));
    if (asked.text("type") == "com.microsoft:eventhub")
        return describe(*hub);
    if (asked.text("type") != "com.microsoft:partition")
        return refuse(400, condition::not_allowed, "The type must be com.microsoft:eventhub or com.microsoft:partition.");
    const auto partition = parse_partition(asked.text("partition"), hub->log().partition_count());
    if (!partition)
        return refuse(404, condition::not_found, fmt::format("The partition '{}' could not be found.", asked.text("partition")));
    return describe_partition(*hub, *partition);
}

/// By a token put on $cbs before, or by one that the request brings along: some clients put none for $management.
bool management_endpoint::allowed(const request& asked) {
    const auto* hub = with_.hub.find_event_hub(auth::make_segment(asked.text("name")));
    const auto path = "/" + (hub ? hub->name() : with_.hub.config().event_hub) + "/$management";
    if (with_.identities.for_service(path))
        return true;
    const auto shown = with_.hub.access().check_token(asked.text("security_token"));
    if (!shown || !with_.hub.access().may_use_service(*shown, path))
        return false;
    with_.identities.add(*shown); // who signs in like this alone is no stranger
    return true;
}

response management_endpoint::describe(const event_hub& hub) const {
    const auto count = hub.log().partition_count();
    amqp::array ids;
    for (store::partition_id id = 0; id < count; ++id)
        ids.elements.emplace_back(std::to_string(id));
    amqp::map body;
    body.entries.emplace_back("name", hub.name());
    body.entries.emplace_back("type", "com.microsoft:eventhub");
    body.entries.emplace_back("created_at", to_amqp(with_.hub.config().created));
    body.entries.emplace_back("partition_count", static_cast<std::int32_t>(count));
    body.entries.emplace_back("partition_ids", std::move(ids));
    body.entries.emplace_back("georeplication_factor", std::int32_t{1});
    return {.body = std::move(body)};
}

response management_endpoint::describe_partition(const event_hub& hub, store::partition_id id) const {
    const auto state = hub.log().state(id);
    const auto last = static_cast<std::int64_t>(state.next) - 1;
    amqp::map body;
    body.entries.emplace_back("name", hub.name());
    body.entries.emplace_back("type", "com.microsoft:partition");
    body.entries.emplace_back("partition", std::to_string(id));
    body.entries.emplace_back("begin_sequence_number", static_cast<std::int64_t>(state.begin));
    body.entries.emplace_back("last_enqueued_sequence_number", last);
    body.entries.emplace_back("last_enqueued_offset", last < 0 ? std::string("-1") : offset_of(state.next - 1));
    body.entries.emplace_back("last_enqueued_time_utc", to_amqp(state.last_enqueued));
    body.entries.emplace_back("is_partition_empty", state.begin == state.next);
    body.entries.emplace_back("runtime_info_retrieval_time_utc", to_amqp(with_.now()));
    return {.body = std::move(body)};
}

} // namespace capstan::hub
