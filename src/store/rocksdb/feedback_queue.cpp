#include "store/rocksdb/feedback_queue.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "store/rocksdb/keys.hpp"
#include "store/rocksdb/values.hpp"

namespace capstan::store {
namespace {

constexpr std::uint64_t single_removals_max = 256;

std::uint64_t sequence_at(const rocksdb::Iterator& at) { return bytes_reader(keys::view(at.key())).fixed<std::uint64_t>(); }

outcome<std::vector<feedback_record>> records_from(database& data, std::uint64_t from, std::size_t limit) {
    std::vector<feedback_record> found;
    const auto at = data.iterate(data.feedback());
    for (at->Seek(keys::sequence(from)); at->Valid() && found.size() < limit; at->Next()) {
        const std::uint64_t sequence = sequence_at(*at);
        auto record = values::decode_feedback(sequence, keys::view(at->value()));
        if (!record)
            return std::unexpected(corrupt(fmt::format("feedback record {}", sequence), at->value().size()));
        found.push_back(*std::move(record));
    }
    if (!at->status().ok())
        return std::unexpected(to_failure(at->status(), "cannot read the feedback queue"));
    return found;
}

} // namespace

outcome<void> rocksdb_feedback_queue::recover(database& data) {
    const auto last_removal = data.get(data.meta(), keys::feedback_state);
    if (!last_removal)
        return std::unexpected(last_removal.error());
    next_ = 1;
    if (*last_removal) {
        const auto decoded = values::decode_next(as_bytes(**last_removal));
        if (!decoded)
            return std::unexpected(corrupt("the state of the feedback queue", (**last_removal).size()));
        next_ = *decoded;
    }
    const auto last = data.iterate(data.feedback());
    last->SeekToLast();
    if (last->Valid())
        next_ = std::max(next_, sequence_at(*last) + 1);
    if (!last->status().ok())
        return std::unexpected(to_failure(last->status(), "cannot read the feedback queue"));
    next_after_round_ = next_;
    return {};
}

void rocksdb_feedback_queue::append(const std::vector<feedback_record>& records) {
    for (const feedback_record& record : records)
        changes_.put(keys::sequence(next_after_round_++), values::encode(record));
}

void rocksdb_feedback_queue::read(std::uint64_t from, std::size_t limit, reply_to<std::vector<feedback_record>> reply) {
    reads_.read<std::vector<feedback_record>>(std::move(reply),
                                              [data = data_.get(), from, limit] { return records_from(*data, from, limit); });
}

void rocksdb_feedback_queue::remove(std::uint64_t first, std::uint64_t last, reply_to<void> reply) {
    writes_.submit<void>(0, std::move(reply), [this, first, last](write_round& round) { return remove_now(first, last, round); });
}

/// Leaves the queue's state behind: when no record is left, the numbers still go on from it.
outcome<void> rocksdb_feedback_queue::remove_now(std::uint64_t first, std::uint64_t last, write_round& round) {
    const std::uint64_t end = last < next_after_round_ ? last + 1 : next_after_round_;
    if (first >= end)
        return {};
    if (end - first <= single_removals_max) { // the usual case; each range deletion would slow all later reads a little
        for (std::uint64_t sequence = first; sequence < end; ++sequence)
            changes_.remove(keys::sequence(sequence));
    } else {
        changes_.move_to(round.changes, round.data.feedback()); // what was appended in this round is to be removed with the rest
        round.changes.DeleteRange(round.data.feedback(), keys::sequence(first), keys::sequence(end));
    }
    round.changes.Put(round.data.meta(), keys::slice(keys::feedback_state), keys::slice(values::encode_next(next_after_round_)));
    return {};
}

} // namespace capstan::store
