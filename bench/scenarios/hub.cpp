// Through the hub and back, both ends of the connection counted: client engine, hub, memory store.

#include <array>
#include <memory>

#include "hub/routing/sender.hpp"
#include "hub/telemetry/telemetry_batch.hpp"
#include "scenario.hpp"
#include "support/hub_fixture.hpp"
#include "unit/hub/commands_fixture.hpp"

namespace capstan::bench {
namespace {

constexpr std::uint32_t messages = 10'000, burst = 100, batched = 50;

amqp::bytes telemetry() {
    amqp::bytes out;
    amqp::message_builder(out).properties({}).data(std::string(256, 'x'));
    return out;
}

/// A hub with one device, one connection of it, and a link that sends.
class small_hub : public test::hub_fixture {
public:
    small_hub() {
        add_device("thermometer");
        device_ = &connect_device("thermometer");
        to_hub_ = sender(*device_, "/devices/thermometer/messages/events");
    }
    void TestBody() override {}

    bool send(std::uint32_t count, amqp::bytes_view message, std::uint32_t format = 0) {
        device_->news.disposed.clear();
        for (std::uint32_t number = 0; number < count; ++number) {
            const std::uint8_t tag[] = {static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(number >> 8)};
            if (!device_->engine().send(to_hub_, tag, {&message, 1}, {.message_format = format}))
                return false;
        }
        settle();
        return !device_->news.disposed.empty() && device_->news.disposed.front().state.what == amqp::delivery_state::shape::accepted;
    }

    /// Reads both partitions to the end.
    bool read(std::uint32_t expected) {
        auto& service = connect_service();
        for (const char* partition : {"0", "1"})
            receiver(service, std::string("hub/ConsumerGroups/$Default/Partitions/") + partition, 2 * messages);
        return service.news.messages.size() == expected;
    }

    bool connect_again() {
        auto& another = connect_device("thermometer");
        const bool there = another.engine().is_open();
        another.engine().close();
        settle();
        clients.pop_back();
        return there;
    }

    /// Through the part of the hub that looks at telemetry, stamps it and appends it, without an engine.
    bool append(std::uint32_t count, amqp::bytes_view message) {
        const hub::routing::sender who{.device = "thermometer", .module = "", .generation_id = "1", .auth_method = "{}", .model_id = ""};
        hub::telemetry_batch batch(*instance, who);
        bool durable = true;
        for (std::uint32_t number = 0; number < count; ++number) {
            if (!batch.take(message, 0, clock.now()))
                return false;
            if (number % burst == burst - 1)
                batch.append(queue, [&](const store::outcome<void>& result) { durable = durable && result; });
            queue.drain();
        }
        return durable;
    }

private:
    test::hub_client* device_;
    amqp::link_id to_hub_;
};

/// A hub with a device that waits for commands, and a service that sends them.
class commanding_hub : public test::commands_fixture {
public:
    commanding_hub() : device_(&listen(burst)) {}
    void TestBody() override {}

    /// Send, deliver, complete, keep the feedback.
    bool round_trips(int count) {
        for (int number = 0; number < count; ++number) {
            if (say("command").what != amqp::delivery_state::shape::accepted || device_->news.messages.size() != 1)
                return false;
            answer(*device_, 0, amqp::delivery_state::accepted());
            device_->news.messages.clear();
            device_->engine().set_credit(link(), burst);
        }
        return true;
    }

private:
    amqp::link_id link() const { return device_->news.attached.front(); }
    test::hub_client* device_;
};

work take_telemetry() {
    auto hub = std::make_shared<small_hub>();
    hub->send(burst, telemetry());
    return [hub, message = telemetry()] {
        for (std::uint32_t sent = 0; sent < messages; sent += burst)
            if (!hub->send(burst, message))
                return false;
        return true;
    };
}

work take_batches() {
    amqp::bytes batch;
    amqp::message_builder builder(batch);
    for (std::uint32_t number = 0; number < batched; ++number)
        builder.data(telemetry());
    auto hub = std::make_shared<small_hub>();
    hub->send(1, batch, amqp::batched_message_format);
    return [hub, batch] {
        for (std::uint32_t sent = 0; sent < messages; sent += 4 * batched)
            if (!hub->send(4, batch, amqp::batched_message_format))
                return false;
        return true;
    };
}

work append_telemetry() {
    auto hub = std::make_shared<small_hub>();
    return [hub, message = telemetry()] { return hub->append(messages, message); };
}

work read_telemetry() {
    auto hub = std::make_shared<small_hub>();
    for (std::uint32_t sent = 0; sent < messages; sent += burst)
        if (!hub->send(burst, telemetry()))
            return [] { return false; };
    return [hub] { return hub->read(messages); };
}

work connect_devices() {
    auto hub = std::make_shared<small_hub>();
    hub->connect_again();
    return [hub] {
        for (int number = 0; number < 100; ++number)
            if (!hub->connect_again())
                return false;
        return true;
    };
}

work command_device() {
    auto hub = std::make_shared<commanding_hub>();
    hub->round_trips(1);
    return [hub] { return hub->round_trips(500); };
}

const std::array scenarios{
    scenario{"hub_takes_telemetry", messages, take_telemetry},     scenario{"hub_takes_batches", messages, take_batches},
    scenario{"hub_appends_telemetry", messages, append_telemetry}, scenario{"hub_is_read", messages, read_telemetry},
    scenario{"command_round_trip", 500, command_device},           scenario{"device_connects", 100, connect_devices},
};

} // namespace

std::span<const scenario> hub_scenarios() { return scenarios; }

} // namespace capstan::bench
