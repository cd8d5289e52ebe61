#include "client/events/event_hub_questions.hpp"

#include "client/classify.hpp"

namespace capstan::client {
namespace {

/// The body of an answer that says yes.
std::expected<amqp::map, client_error> map_in(const std::expected<reply, client_error>& answer) {
    if (!answer)
        return std::unexpected(answer.error());
    if (answer->status != 200)
        return std::unexpected(classify_status(answer->status, answer->description));
    const auto* body = answer->body.get<amqp::map>();
    if (!body)
        return std::unexpected(client_error(errc::hub_unavailable, "the event hub's answer is none"));
    return *body;
}

std::int64_t number(const amqp::map& from, std::string_view name, std::int64_t otherwise) {
    const auto* value = from.find(name);
    return value ? value->integer().value_or(otherwise) : otherwise;
}

void read_partition(const amqp::map& from, partition_info& into) {
    into.first_sequence_number = number(from, "begin_sequence_number", 0);
    into.last_sequence_number = number(from, "last_enqueued_sequence_number", -1);
    const auto* offset = from.find("last_enqueued_offset");
    into.last_offset = offset ? std::string(offset->text().value_or("")) : std::string();
    const auto* time = from.find("last_enqueued_time_utc");
    if (const auto* when = time ? time->get<amqp::timestamp>() : nullptr)
        into.last_enqueued_time = wall_clock_time(std::chrono::milliseconds(when->milliseconds));
}

} // namespace

void event_hub_questions::ask_partitions(answer then) {
    auto done = [weak = weak_from_this(), then = std::move(then)](const std::expected<reply, client_error>& got) mutable {
        const auto self = weak.lock();
        if (!self)
            return;
        const auto body = map_in(got);
        if (!body)
            return then(std::unexpected(body.error()));
        const auto* ids = body->find("partition_ids");
        auto found = std::make_shared<std::vector<partition_info>>();
        if (const auto* array = ids ? ids->get<amqp::array>() : nullptr)
            for (const auto& each : array->elements) {
                found->emplace_back();
                found->back().id = std::string(each.text().value_or(""));
            }
        self->ask_partition(found, 0, std::move(then));
    };
    management_.ask(question("com.microsoft:eventhub"), {}, std::move(done));
}

void event_hub_questions::ask_partition(std::shared_ptr<std::vector<partition_info>> found, std::size_t index, answer then) {
    if (index == found->size())
        return then(std::move(*found));
    auto properties = question("com.microsoft:partition");
    properties.entries.emplace_back("partition", (*found)[index].id);
    auto done = [weak = weak_from_this(), found, index, then = std::move(then)](const std::expected<reply, client_error>& got) mutable {
        const auto self = weak.lock();
        if (!self)
            return;
        const auto body = map_in(got);
        if (!body)
            return then(std::unexpected(body.error()));
        read_partition(*body, (*found)[index]);
        self->ask_partition(found, index + 1, std::move(then));
    };
    management_.ask(properties, {}, std::move(done));
}

amqp::map event_hub_questions::question(std::string_view type) const {
    amqp::map properties;
    properties.entries.emplace_back("operation", "READ");
    properties.entries.emplace_back("name", entity_);
    properties.entries.emplace_back("type", type);
    return properties;
}

} // namespace capstan::client
