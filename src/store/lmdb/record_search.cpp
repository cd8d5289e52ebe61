#include "store/lmdb/record_search.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "store/block_builder.hpp"
#include "store/lmdb/records.hpp"

namespace capstan::store::lmdb {
namespace {

/// Walks over the records of a partition, from segment to segment.
class record_cursor {
public:
    record_cursor(const segment_list& in, partition_id partition) : in_(in), partition_(partition) {}

    /// To the record that holds the number; or else to the next one.
    void seek(sequence_number number) {
        rest_ = in_.from(partition_, number);
        enter([number](segment_cursor& at) { return at.seek(number); });
        const std::optional<event_record> record = valid() ? get() : std::nullopt;
        if (record && record->first + record->count <= number)
            next();
    }

    void next() {
        take(at_->next());
        if (!there_ && !failed_)
            enter([](segment_cursor& at) { return at.seek(0); });
    }

    /// Check it when get() may be called no more: the end of the records, or a failing disk.
    bool valid() const { return there_; }
    outcome<void> status() const { return failed_ ? outcome<void>(std::unexpected(*failed_)) : outcome<void>(); }

    /// Points into the file, until the next move. None: it is damaged, or does not decode.
    std::optional<event_record> get() const {
        const auto record = at_->record();
        return record ? records::decode(at_->first(), *record) : std::nullopt;
    }
    std::optional<bytes_view> record() const { return at_->record(); }
    sequence_number first() const { return at_->first(); }
    void let_go() const { at_->let_go(); }

    failure damage() const {
        return {errc::corrupt,
                fmt::format("partition {}, the record of event {} does not decode: {} bytes", partition_, at_->first(), at_->size())};
    }

private:
    /// To the first segment from here on in which `find` finds something.
    template<class Find> void enter(Find find) {
        there_ = false;
        while (!rest_.empty() && !there_ && !failed_) {
            auto opened = segment_cursor::open(std::move(rest_.front()), partition_);
            rest_.erase(rest_.begin());
            end_ = rest_.empty() ? std::numeric_limits<sequence_number>::max() : rest_.front()->first(partition_);
            if (!opened)
                failed_ = opened.error();
            else
                take(find(*(at_ = *std::move(opened))));
        }
    }
    /// What is beyond where the next segment begins is of a round that failed, and turned out to be there: its numbers have been given
    /// again.
    void take(const outcome<bool>& moved) {
        there_ = moved && *moved && at_->first() < end_;
        if (!moved)
            failed_ = moved.error();
    }

    const segment_list& in_;
    partition_id partition_;
    std::vector<std::shared_ptr<const segment>> rest_; ///< behind the one that it is in
    std::unique_ptr<segment_cursor> at_;
    sequence_number end_ = 0; ///< where the segment behind that begins
    bool there_ = false;
    std::optional<failure> failed_;
};

} // namespace

outcome<event_block> read_events(const segment_list& from, partition_id partition, const partition_state& known, sequence_number first,
                                 read_limits limits) {
    block_builder block(first, limits);
    if (std::max(first, known.begin) >= known.next)
        return block.take();
    record_cursor at(from, partition);
    for (at.seek(std::max(first, known.begin)); at.valid() && at.first() < known.next && !block.full(); at.next()) {
        const std::optional<bytes_view> here = at.record();
        const auto memory = here ? std::make_shared<const bytes>(here->begin(), here->end()) : nullptr;
        at.let_go();
        const std::optional<event_record> record = memory ? records::decode(at.first(), *memory) : std::nullopt;
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
outcome<sequence_number> find_event_after(const segment_list& in, partition_id partition, const partition_state& known, wall_time time) {
    record_cursor at(in, partition);
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

} // namespace capstan::store::lmdb
