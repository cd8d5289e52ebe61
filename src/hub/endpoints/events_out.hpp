#pragma once
#include "hub/endpoints/endpoint.hpp"
#include "hub/telemetry/event_hub.hpp"
#include "hub/telemetry/position.hpp"
#include "hub/telemetry/reading_pace.hpp"

namespace capstan::hub {

/// {event hub}/ConsumerGroups/{group}/Partitions/{id}: a service reads telemetry, from where it likes, and then follows the tail.
/// contract/event-hubs.md, sections 4 and 5.
class events_out_endpoint final : public endpoint {
public:
    events_out_endpoint(conversation& with, amqp::link_id link, event_hub& from, std::string consumer_group, store::partition_id partition);
    ~events_out_endpoint() override;

    void open() override;
    void on_credit() override { pump(); }
    void on_second() override;

private:
    void refuse(amqp::error why);
    bool enter();
    void begin(store::sequence_number first);
    void pump();
    void end_drain();
    bool send(const store::event_view& event);
    void read(store::sequence_number end);
    void wait_for_relief();
    void on_block(store::outcome<store::event_block> block);
    void fail(const store::failure& failure);

    event_hub& from_;
    const std::string consumer_group_;
    const store::partition_id partition_;
    bool metrics_ = false;
    std::optional<readers::reader_id> reader_;
    std::optional<store::telemetry_log::watch_id> watch_;

    store::sequence_number next_ = 0; ///< to send
    bool begun_ = false, reading_ = false;
    bool waiting_ = false; ///< for relief
    store::event_block block_;        ///< read, and sent up to block_at_
    std::size_t block_at_ = 0;
    reading_pace pace_;
    bytes head_, metrics_head_;       ///< scratch
};

} // namespace capstan::hub
