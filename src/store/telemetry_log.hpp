#pragma once
// The log of device telemetry: partitions of events in the order of their commits. contract/event-hubs.md, section 5.

#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "store/failure.hpp"

namespace capstan::store {

using partition_id = std::uint16_t;
/// Counts events within a partition: 0, 1, 2, … without a gap.
using sequence_number = std::uint64_t;

/// Events of one partition on their way into the log, framed as they will lie on disk: add() is the only copy that an event's
/// bytes make between the socket and the store.
class event_batch {
public:
    /// What all events of the batch say alike: pair_count encoded AMQP key-value pairs, which a reader's message-annotations will hold
    /// after the log's own. Before the first event.
    void stamp(std::uint32_t pair_count, bytes_view annotations);
    /// annotations: further pairs, of this event. message: the sections from properties (0x73) onwards, in pieces that are joined.
    void add(std::uint32_t pair_count, bytes_view annotations, std::span<const bytes_view> message);

    void reserve(std::size_t bytes) { framed_.reserve(bytes); }

    std::size_t count() const { return count_; }
    bytes_view framed() const { return framed_; }
    bytes_view framed_stamp() const { return framed().first(stamp_size_); }   ///< what the next begins with
    bytes_view framed_events() const { return framed().subspan(stamp_size_); }

private:
    bytes framed_;
    std::size_t stamp_size_ = 0;
    std::size_t count_ = 0;
};

/// One stored event. The views point into the event_block that the event came in.
struct event_view {
    sequence_number sequence;
    wall_time enqueued;
    std::uint32_t pair_count; ///< of stamp and annotations
    bytes_view stamp;         ///< pairs that it shares with others
    bytes_view annotations;   ///< pairs of its own
    bytes_view message;
};

/// What a read gives: some events, in order and without a gap, and the memory they lie in.
struct event_block {
    std::vector<event_view> events;
    std::vector<std::shared_ptr<const bytes>> memory;
    std::size_t size = 0; ///< bytes of the events' stamps, annotations and messages
};

struct partition_state {
    sequence_number begin = 0; ///< the oldest event that is kept; equals next when the partition is empty
    sequence_number next = 0;  ///< what the next event will get
    wall_time last_enqueued{}; ///< of event next - 1; the epoch when nothing was ever stored
};

struct read_limits {
    std::size_t events;
    std::size_t bytes; ///< reached by at most one event more
};

/// Thread-safe. Nothing here blocks the caller.
class telemetry_log {
public:
    virtual ~telemetry_log() = default;

    virtual partition_id partition_count() const = 0;

    /// Durable when `reply` runs without a failure: the events are on disk in this order, together or not at all. The number of
    /// an event is known only to who reads it back (a distributed log numbers later than it accepts).
    virtual void append(partition_id partition, event_batch batch, reply_to<void> reply) = 0;

    /// Events from `from` on; from the oldest kept when `from` is older; none when `from` is at or beyond the end.
    virtual void read(partition_id partition, sequence_number from, read_limits limits, reply_to<event_block> reply) = 0;

    /// The first event enqueued after `time`; the partition's next number when there is none.
    virtual void find_after(partition_id partition, wall_time time, reply_to<sequence_number> reply) = 0;

    /// As of the last commit. Cheap.
    virtual partition_state state(partition_id partition) const = 0;

    /// `notify` runs on `home` after commits to the partition, at least once after the last of them, with what state() then says,
    /// until unwatch() has been called on the same queue.
    using watch_id = std::uint64_t;
    virtual watch_id watch(partition_id partition, run_queue& home, std::function<void(partition_state)> notify) = 0;
    virtual void unwatch(watch_id id) = 0;

    /// Forgets the events that were enqueued before `time`. Space is given back in the background.
    virtual void trim(partition_id partition, wall_time time, reply_to<void> reply) = 0;
};

} // namespace capstan::store
