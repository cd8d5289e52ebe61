#include "store/lmdb/telemetry_log.hpp"

#include <stdexcept>
#include <utility>

#include "store/lmdb/record_search.hpp"

namespace capstan::store::lmdb {

lmdb_telemetry_log::lmdb_telemetry_log(std::unique_ptr<segment_list> segments, read_pool& reads, const wall_clock& clock,
                                       event_committer::surroundings where)
    : partitions_(static_cast<partition_id>(segments->newest()->partition_count())), segments_(std::move(segments)), reads_(reads),
      writes_(*segments_, watchers_, clock, std::move(where)) {}

void lmdb_telemetry_log::append(partition_id partition, event_batch batch, reply_to<void> reply) {
    if (partition >= partitions_)
        throw std::out_of_range("there is no such partition");
    if (!segments_->newest()->could_hold(batch.framed().size()))
        return answer(std::move(reply), fail(errc::failed, "the batch is too large for the store"));
    auto request = std::make_unique<event_request>(std::move(reply), batch.framed().size(), partition);
    request->batch = std::move(batch);
    writes_.submit(std::move(request));
}

/// The search may wait for the disk: it runs in the read pool, and hands its answer to the committer.
void lmdb_telemetry_log::trim(partition_id partition, wall_time time, reply_to<void> reply) {
    const partition_state known = state(partition);
    reads_.submit([this, partition, time, known, reply = std::move(reply)](const failure* refused) mutable {
        if (refused)
            return answer(std::move(reply), std::unexpected(*refused));
        const auto begin = find_event_after(*segments_, partition, known, time - std::chrono::milliseconds(1));
        if (!begin)
            return answer(std::move(reply), std::unexpected(begin.error()));
        auto request = std::make_unique<event_request>(std::move(reply), 0, partition);
        request->keep_from = *begin;
        writes_.submit(std::move(request));
    });
}

void lmdb_telemetry_log::read(partition_id partition, sequence_number from, read_limits limits, reply_to<event_block> reply) {
    const partition_state known = state(partition);
    reads_.read<event_block>(std::move(reply),
                             [this, partition, known, from, limits] { return read_events(*segments_, partition, known, from, limits); });
}

void lmdb_telemetry_log::find_after(partition_id partition, wall_time time, reply_to<sequence_number> reply) {
    const partition_state known = state(partition);
    reads_.read<sequence_number>(std::move(reply),
                                 [this, partition, known, time] { return find_event_after(*segments_, partition, known, time); });
}

telemetry_log::watch_id lmdb_telemetry_log::watch(partition_id partition, run_queue& home, std::function<void(partition_state)> notify) {
    return watchers_.add(partition, home, std::move(notify));
}

} // namespace capstan::store::lmdb
