#pragma once
// A device with commands, the service that sends them, and what became of them.

#include <boost/json.hpp>

#include <capstan/amqp/message.hpp>

#include "hub/commands/dead_letters.hpp"
#include "hub/commands/feedback_center.hpp"
#include "hub/registry/registry.hpp"
#include "support/hub_fixture.hpp"

namespace capstan::test {

inline amqp::bytes command(std::string_view id, std::string_view ack = "full", std::string_view to = "/devices/dev1/messages/devicebound") {
    amqp::bytes out;
    amqp::message_properties properties;
    properties.message_id = amqp::value(id);
    properties.to = to;
    amqp::message_builder(out)
        .properties(properties)
        .application_properties([&](amqp::map_writer& entries) {
            entries.add("iothub-ack", ack);
            entries.add("number", std::int32_t{7});
        })
        .data("do it");
    return out;
}

class commands_fixture : public hub_fixture {
protected:
    explicit commands_fixture(std::size_t threads = 1) : hub_fixture(threads) { add_device("dev1"); }

    amqp::delivery_state say(std::string_view id, std::string_view ack = "full",
                             std::string_view to = "/devices/dev1/messages/devicebound") {
        if (!service) {
            service = &connect_service();
            service_link = sender(*service, "/messages/devicebound");
        }
        service->news.disposed.clear();
        send(*service, service_link, command(id, ack, to));
        EXPECT_EQ(service->news.disposed.size(), 1u);
        return service->news.disposed.empty() ? amqp::delivery_state() : service->news.disposed[0].state;
    }
    hub_client& listen(std::uint32_t credit = 10) {
        auto& device = connect_device("dev1");
        receiver(device, "/devices/dev1/messages/devicebound", credit);
        return device;
    }
    void answer(hub_client& device, std::size_t index, const amqp::delivery_state& state, bool settled = true) {
        const auto& message = device.news.messages[index];
        device.engine().settle(message.link, message.id, message.id, state, settled);
        hub_fixture::settle();
    }
    std::vector<store::command> dead_letters() {
        std::vector<store::command> found;
        hub::list_dead_letters(*instance, "dev1", queue,
                               [&](store::outcome<std::vector<store::command>> all) { found = std::move(all).value(); });
        hub_fixture::settle();
        return found;
    }
    std::optional<std::string> requeue(std::uint64_t sequence) {
        std::optional<std::string> condition;
        hub::requeue_dead_letter(*instance, "dev1", sequence, queue, [&](std::optional<amqp::error> refused) {
            if (refused)
                condition = refused->condition;
        });
        hub_fixture::settle();
        return condition;
    }
    store::feedback_record feedback_of_now(std::string_view message_id) const {
        store::feedback_record record;
        record.time = clock.now();
        record.original_message_id = message_id;
        record.device_id = "dev1";
        record.generation_id = "1";
        return record;
    }
    std::size_t stored_feedback() {
        std::size_t count = 0;
        store->feedback().read(0, 1'000'000, {queue, [&](const auto& found) { count = found->size(); }});
        hub_fixture::settle();
        return count;
    }
    /// The records of the first batch of feedback that a service gets.
    boost::json::array feedback() {
        auto& reader = connect_service();
        receiver(reader, "/messages/serviceBound/feedback", 10);
        if (reader.news.messages.empty())
            return {};
        const auto view = amqp::message_view::parse(reader.news.messages[0].payload);
        EXPECT_EQ(amqp::read_properties(view->properties().content)->content_type, "application/vnd.microsoft.iothub.feedback.json");
        const auto body = view->joined_data();
        return boost::json::parse(std::string(body.begin(), body.end())).as_array();
    }

    hub_client* service = nullptr;
    amqp::link_id service_link{};
};

} // namespace capstan::test
