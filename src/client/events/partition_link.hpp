#pragma once
#include <functional>

#include <capstan/event_consumer.hpp>

#include "client/link.hpp"

namespace capstan::client {

/// Reads one partition, from its position on and, after each lost connection, behind the last event that came.
class partition_link final : public link {
public:
    struct settings {
        std::string entity, consumer_group, partition;
        std::string selector;                     ///< where to begin
        std::optional<std::int64_t> owner_level;
        std::uint32_t prefetch;
    };
    using arrival = std::function<void(event)>;
    using failure = std::function<void(const std::string& partition, const client_error&)>;
    partition_link(settings how, arrival arrived, failure failed)
        : how_(std::move(how)), arrived_(std::move(arrived)), failed_(std::move(failed)) {}

    const std::string& partition() const { return how_.partition; }
    /// An event of this partition was taken: there is room for another.
    void taken();

    amqp::attach_request request() override;
    void on_delivery(const amqp::delivery& message) override;
    void on_failed(const client_error& why) override { failed_(how_.partition, why); }

private:
    void on_lost(const client_error&) override {}

    settings how_;
    arrival arrived_;
    failure failed_;
    std::optional<std::int64_t> last_; ///< sequence number of the last event that came
    std::uint32_t waiting_ = 0;        ///< events that came and were not taken
};

/// The filter of a source with a selector, as Event Hubs' clients write it.
amqp::bytes source_with_selector(std::string_view address, std::string_view selector);

} // namespace capstan::client
