#include "store/rocksdb/record_search.hpp"

#include <fmt/format.h>

#include "store/block_builder.hpp"
#include "store/rocksdb/keys.hpp"
#include "store/rocksdb/values.hpp"

namespace capstan::store {
namespace {

/// Walks over the records of a partition.
class record_cursor {
public:
    record_cursor(database& in, partition_id partition, sequence_number begin)
        : partition_(partition), begin_(keys::sequence(begin)), begin_slice_(begin_) {
        rocksdb::ReadOptions options;
        options.iterate_lower_bound = &begin_slice_; // what was trimmed is not walked over
        at_ = in.iterate(in.events(partition), options);
    }

    /// To the record that holds the number; or else to the next one.
    void seek(sequence_number number) {
        const std::string key = keys::sequence(number);
        at_->SeekForPrev(key);
        if (!at_->Valid())
            return at_->SeekToFirst();
        if (const std::optional<event_record> record = get(); record && record->first + record->count <= number)
            at_->Next();
    }
    void seek_last() { at_->SeekToLast(); }
    void next() { at_->Next(); }

    /// Check it when get() may be called no more: the end of the records, or a failing disk.
    bool valid() const { return at_->Valid(); }
    outcome<void> status() const {
        if (at_->status().ok())
            return {};
        return std::unexpected(to_failure(at_->status(), fmt::format("cannot read partition {}", partition_)));
    }

    bytes_view value() const { return keys::view(at_->value()); }
    /// Points into value(), which the next move invalidates. None: it does not decode.
    std::optional<event_record> get(bytes_view value) const { return values::decode_record(keys::view(at_->key()), value); }
    std::optional<event_record> get() const { return get(value()); }

    failure damage() const {
        bytes_reader key(keys::view(at_->key()));
        return corrupt(fmt::format("partition {}, the record of event {}", partition_, key.fixed<std::uint64_t>()), value().size());
    }

private:
    partition_id partition_;
    std::string begin_;
    rocksdb::Slice begin_slice_;
    std::unique_ptr<rocksdb::Iterator> at_;
};

} // namespace

outcome<event_block> read_events(database& from, partition_id partition, const partition_state& known, sequence_number first,
                                 read_limits limits) {
    block_builder block(first, limits);
    record_cursor at(from, partition, known.begin);
    for (at.seek(std::max(first, known.begin)); at.valid() && !block.full(); at.next()) {
        const auto memory = std::make_shared<const bytes>(at.value().begin(), at.value().end());
        const std::optional<event_record> record = at.get(*memory);
        if (record && block.add(*record, memory))
            continue;
        if (block.empty())
            return std::unexpected(at.damage());
        break; // the next read comes upon the damage; what lies before it is good
    }
    if (const outcome<void> status = at.status(); !status && block.empty())
        return std::unexpected(status.error());
    return block.take();
}

/// A binary search over sequence numbers, as they have no gap and the times of records never decrease. Numbers that were
/// trimmed meanwhile count as too early, which they were.
outcome<sequence_number> find_event_after(database& in, partition_id partition, const partition_state& known, wall_time time) {
    record_cursor at(in, partition, known.begin);
    sequence_number low = known.begin;
    sequence_number high = known.next;
    while (low < high) {
        const sequence_number middle = low + (high - low) / 2;
        at.seek(middle);
        if (!at.valid()) {
            if (const outcome<void> status = at.status(); !status)
                return std::unexpected(status.error());
            break;
        }
        const std::optional<event_record> record = at.get();
        if (!record)
            return std::unexpected(at.damage());
        if (record->first > middle) // what lay there was trimmed
            low = std::min(record->first, high);
        else if (record->enqueued > time)
            high = std::max(low, record->first);
        else
            low = std::min(record->first + record->count, high);
    }
    return high;
}

outcome<partition_state> recover_partition(database& in, partition_id partition) {
    const auto trimmed = in.get(in.meta(), keys::partition_state(partition));
    if (!trimmed)
        return std::unexpected(trimmed.error());
    partition_state state;
    if (*trimmed) {
        const auto decoded = values::decode_partition_state(as_bytes(**trimmed));
        if (!decoded)
            return std::unexpected(corrupt(fmt::format("the state of partition {}", partition), (**trimmed).size()));
        state = *decoded;
    }
    record_cursor last(in, partition, state.begin);
    last.seek_last();
    if (!last.valid()) {
        if (const outcome<void> status = last.status(); !status)
            return std::unexpected(status.error());
        return state;
    }
    const std::optional<event_record> record = last.get();
    if (!record)
        return std::unexpected(last.damage());
    state.next = record->first + record->count;
    state.last_enqueued = record->enqueued;
    return state;
}

} // namespace capstan::store
