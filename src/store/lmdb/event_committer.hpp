#pragma once
// Group commit of events. Batches from all threads queue up; one thread numbers and dates what waits, writes it into the newest segment as
// ONE transaction, and answers when it is durable. While a round is being synced the next one gathers: batching adapts to the disk by
// itself, and an idle log commits a single batch at once.

#include <thread>

#include "base/clock.hpp"
#include "store/commit_trouble.hpp"
#include "store/event_framing.hpp"
#include "store/lmdb/segment_list.hpp"
#include "store/watch_list.hpp"

namespace capstan::store::lmdb {

/// A batch of a partition; or that what is before an event is to be forgotten.
class event_request final : public commit_request {
public:
    event_request(reply_to<void> reply, std::size_t size, partition_id to)
        : commit_request(reply.home, size), partition(to), done_(std::move(reply.done)) {}
    void answer(const failure* why_not) override { done_(why_not ? outcome<void>(std::unexpected(*why_not)) : outcome<void>()); }

    partition_id partition;
    event_batch batch;
    sequence_number keep_from = 0;

private:
    completion<void> done_;
};

class event_committer {
public:
    struct surroundings {
        std::filesystem::path folder;              ///< of the segments
        std::uint64_t disk_reserve;                ///< bytes that stay free where it lies: below that no event is taken
        std::chrono::milliseconds retry_when_full; ///< how often it is looked whether there is space again
    };

    /// All that is handed in, and the run queues of all requests, outlive the committer.
    event_committer(segment_list& segments, watch_list& watchers, const wall_clock& clock, surroundings where);
    ~event_committer() { stop(); }

    /// Finds out where the partitions are, and begins. Once, before anything else.
    outcome<void> start();
    /// Commits what was submitted before, then returns. What is submitted later is answered with errc::closed.
    void stop();

    // Thread-safe:

    /// Taken in this order.
    void submit(std::unique_ptr<event_request> request) { queue_.submit(std::move(request)); }
    partition_state state(partition_id partition) const;
    std::optional<failure> trouble() const { return trouble_.get(); }
    commit_counts commits() const { return counter_.counts(); }

private:
    using requests = commit_queue<event_request>::requests;
    using time_point = commit_trouble::clock::time_point;

    /// What a round does to a partition. Between rounds `after` is what is durable.
    struct round_of_partition {
        std::vector<event_batch> batches;
        bool trimmed = false;
        partition_state after;
    };

    void run();
    std::optional<time_point> next_look() const;
    void commit(requests waiting);
    void apply(event_request& request);
    outcome<void> write(std::size_t size);
    outcome<void> write_in(const segment& newest);
    failure failed_to_write(std::size_t size, failure why);
    std::unexpected<failure> give_up(failure why);
    outcome<void> put_records(partition_id partition, segment_writer& round);
    outcome<void> put_record(partition_id partition, std::span<const event_run> runs, segment_writer& round);
    void committed();
    void abandoned();
    void publish();
    outcome<void> begin_segment();
    bool is_half_forgotten(const segment& newest) const;
    void forget_files();
    void try_again();
    void try_to_leave_trouble();

    segment_list& segments_;
    watch_list& watchers_;
    const wall_clock& clock_;
    const surroundings where_;
    commit_queue<event_request> queue_;
    std::vector<round_of_partition> round_; ///< committer's thread only, once started
    bool torn_ = false;                     ///< a write failed: only another segment can be written to. Committer's thread only
    bool file_due_ = false;                 ///< a segment that could not be begun, or gone. Committer's thread only
    commit_trouble trouble_;
    commit_counter counter_;
    mutable std::mutex mutex_; ///< guards states_
    std::vector<partition_state> states_;
    std::thread thread_;
};

} // namespace capstan::store::lmdb
