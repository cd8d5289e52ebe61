#include "store/rocksdb/telemetry_log.hpp"

#include <utility>

#include <rocksdb/convenience.h>

#include "store/rocksdb/keys.hpp"
#include "store/rocksdb/record_search.hpp"
#include "store/rocksdb/values.hpp"

namespace capstan::store {
namespace {

// A read fetches whole records. This keeps what it fetches in vain small, and the cost of a key still disappears.
constexpr std::size_t record_size_max = 256 * 1024;

} // namespace

rocksdb_telemetry_log::rocksdb_telemetry_log(database_slot& data, committer& writes, read_pool& reads, const wall_clock& clock)
    : data_(data), writes_(writes), reads_(reads), clock_(clock), round_(data.get()->partition_count()), states_(round_.size()) {}

// ---- writing: append() and trim() by any thread, the rest by the committer's

outcome<void> rocksdb_telemetry_log::recover(database& data) {
    for (partition_id partition = 0; partition < partition_count(); ++partition) {
        const outcome<partition_state> found = recover_partition(data, partition);
        if (!found)
            return std::unexpected(found.error());
        round_[partition] = {{}, false, *found};
    }
    publish();
    return {};
}

void rocksdb_telemetry_log::append(partition_id partition, event_batch batch, reply_to<void> reply) {
    const std::size_t size = batch.framed().size();
    round_of_partition& part = round_.at(partition);
    writes_.submit<void>(size, std::move(reply), [&part, batch = std::move(batch)](write_round&) mutable {
        if (batch.count() > 0)
            part.batches.push_back(std::move(batch));
        return outcome<void>();
    });
}

void rocksdb_telemetry_log::seal(write_round& round) {
    for (partition_id partition = 0; partition < partition_count(); ++partition) {
        round_of_partition& part = round_[partition];
        if (!part.batches.empty())
            put_records(partition, part, round);
        if (part.trimmed)
            round.changes.Put(round.data.meta(), keys::partition_state(partition), keys::slice(values::encode(part.after)));
    }
}

void rocksdb_telemetry_log::put_records(partition_id partition, round_of_partition& part, write_round& round) {
    part.after.last_enqueued = std::max(part.after.last_enqueued, clock_.now()); // the wall clock may be set back
    const std::vector<event_run> runs = cut_into_runs(part.batches, record_size_max);
    std::span<const event_run> rest = runs;
    while (!rest.empty()) {
        std::size_t count = 1;
        for (std::size_t size = rest[0].size(); count < rest.size(); ++count) {
            size += rest[count].size();
            if (size > record_size_max)
                break;
        }
        put_record(partition, rest.first(count), part.after, round);
        rest = rest.subspan(count);
    }
}

/// The runs are gathered by RocksDB straight into its own batch.
void rocksdb_telemetry_log::put_record(partition_id partition, std::span<const event_run> runs, partition_state& after,
                                       write_round& round) {
    std::size_t count = 0;
    for (const event_run& run : runs)
        count += run.count;
    const bytes header = values::record_header(after.last_enqueued, count);
    std::vector<rocksdb::Slice> pieces{keys::slice(header)};
    for (const event_run& run : runs) { // stamp and events lie behind each other but where a batch was cut
        pieces.push_back(keys::slice(run.stamp));
        pieces.push_back(keys::slice(run.events));
    }
    const std::string first = keys::sequence(after.next);
    const rocksdb::Slice key = first;
    round.changes.Put(round.data.events(partition), rocksdb::SliceParts(&key, 1),
                      rocksdb::SliceParts(pieces.data(), static_cast<int>(pieces.size())));
    after.next += count;
}

void rocksdb_telemetry_log::committed() {
    publish();
    for (partition_id partition = 0; partition < partition_count(); ++partition) {
        round_[partition].batches.clear();
        if (std::exchange(round_[partition].trimmed, false))
            free_files_before(partition, round_[partition].after.begin);
    }
}

void rocksdb_telemetry_log::publish() {
    std::vector<watch_list::change> changes;
    {
        const std::lock_guard lock(mutex_);
        for (partition_id partition = 0; partition < partition_count(); ++partition) {
            const partition_state before = std::exchange(states_[partition], round_[partition].after);
            if (before.next != states_[partition].next)
                changes.emplace_back(partition, states_[partition]);
        }
    }
    if (!changes.empty())
        watchers_.publish(changes);
}

void rocksdb_telemetry_log::abandoned() {
    for (partition_id partition = 0; partition < partition_count(); ++partition)
        round_[partition] = {{}, false, state(partition)};
}

/// The search may wait for the disk: it runs in the read pool, and hands its answer to the committer.
void rocksdb_telemetry_log::trim(partition_id partition, wall_time time, reply_to<void> reply) {
    const partition_state known = state(partition);
    reads_.submit([this, data = data_.get(), partition, time, known, reply = std::move(reply)](const failure* refused) mutable {
        if (refused)
            return answer(std::move(reply), std::unexpected(*refused));
        const auto begin = find_event_after(*data, partition, known, time - std::chrono::milliseconds(1));
        if (!begin)
            return answer(std::move(reply), std::unexpected(begin.error()));
        writes_.submit<void>(0, std::move(reply),
                             [this, partition, begin = *begin](write_round& round) { return forget_before(partition, begin, round); });
    });
}

/// Leaves the partition's state behind: when no record is left, the numbers still go on from it.
outcome<void> rocksdb_telemetry_log::forget_before(partition_id partition, sequence_number begin, write_round& round) {
    round_of_partition& part = round_[partition];
    if (begin <= part.after.begin)
        return {};
    round.changes.DeleteRange(round.data.events(partition), keys::sequence(part.after.begin), keys::sequence(begin));
    part.after.begin = begin;
    part.trimmed = true;
    return {};
}

/// The range deletion alone would give space back only with the next compaction, which ascending keys hardly ever cause.
void rocksdb_telemetry_log::free_files_before(partition_id partition, sequence_number begin) {
    reads_.submit([data = data_.get(), partition, begin](const failure* refused) {
        const std::string from = keys::sequence(0);
        const std::string to = keys::sequence(begin);
        const rocksdb::Slice from_slice = from;
        const rocksdb::Slice to_slice = to;
        if (!refused)
            rocksdb::DeleteFilesInRange(&data->db(), data->events(partition), &from_slice, &to_slice, false);
    });
}

// ---- reading

void rocksdb_telemetry_log::read(partition_id partition, sequence_number from, read_limits limits, reply_to<event_block> reply) {
    const partition_state known = state(partition);
    reads_.read<event_block>(std::move(reply), [data = data_.get(), partition, known, from, limits] {
        return read_events(*data, partition, known, from, limits);
    });
}

void rocksdb_telemetry_log::find_after(partition_id partition, wall_time time, reply_to<sequence_number> reply) {
    const partition_state known = state(partition);
    reads_.read<sequence_number>(std::move(reply),
                                 [data = data_.get(), partition, known, time] { return find_event_after(*data, partition, known, time); });
}

partition_state rocksdb_telemetry_log::state(partition_id partition) const {
    const std::lock_guard lock(mutex_);
    return states_.at(partition);
}

telemetry_log::watch_id rocksdb_telemetry_log::watch(partition_id partition, run_queue& home, std::function<void(partition_state)> notify) {
    return watchers_.add(partition, home, std::move(notify));
}

} // namespace capstan::store
