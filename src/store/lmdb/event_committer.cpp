#include "store/lmdb/event_committer.hpp"

#include <algorithm>

#include "store/event_framing.hpp"
#include "store/lmdb/records.hpp"
#include "store/lmdb/segment_ends.hpp"
#include "store/reply.hpp"

namespace capstan::store::lmdb {
namespace {

constexpr std::size_t kib = 1024;

// A read fetches whole records. This keeps what it fetches in vain small, and the cost of a key still disappears.
constexpr std::size_t record_size_max = 256 * kib;

// A segment that holds less of what it can is not worth another file.
constexpr std::size_t part_of_a_segment = 256;

} // namespace

event_committer::event_committer(segment_list& segments, watch_list& watchers, const wall_clock& clock, surroundings where)
    : segments_(segments), watchers_(watchers), clock_(clock), where_(std::move(where)), round_(segments.newest()->partition_count()),
      trouble_(where_.retry_when_full), states_(round_.size()) {}

outcome<void> event_committer::start() {
    outcome<std::vector<partition_state>> found = ends_of(segments_.newest());
    if (!found)
        return std::unexpected(found.error());
    states_ = *std::move(found);
    abandoned();
    file_due_ = !segments_.remove_before(states_);
    thread_ = std::thread([this] { run(); });
    return {};
}

void event_committer::stop() {
    queue_.stop();
    if (thread_.joinable())
        thread_.join();
}

void event_committer::run() {
    for (;;) {
        std::optional<requests> waiting = queue_.take(next_look());
        if (waiting && waiting->empty())
            return;
        if (waiting)
            commit(*std::move(waiting));
        else
            try_again();
    }
}

/// Even when nobody writes: trouble() must not outlive the trouble, nor files what was kept in them.
std::optional<event_committer::time_point> event_committer::next_look() const {
    return trouble_.is_full() || (file_due_ && !trouble()) ? std::optional(trouble_.next_look()) : std::nullopt;
}

void event_committer::try_again() {
    try_to_leave_trouble();
    forget_files();
}

// ---- a round

void event_committer::commit(requests waiting) {
    try_to_leave_trouble();
    waiting = trouble_.refuse_when_low(std::move(waiting), where_.folder, where_.disk_reserve);
    std::size_t size = 0;
    for (auto& request : waiting) {
        size += request->size();
        apply(*request);
    }
    const outcome<void> written = write(size);
    if (written)
        counter_.add_requests(waiting.size());
    written ? committed() : abandoned();
    answer_all(std::move(waiting), written ? std::nullopt : std::optional(written.error()));
    if (written)
        forget_files();
}

void event_committer::apply(event_request& request) {
    round_of_partition& part = round_.at(request.partition);
    if (request.batch.count() > 0)
        part.batches.push_back(std::move(request.batch));
    if (request.keep_from > part.after.begin) {
        part.after.begin = std::min(request.keep_from, part.after.next);
        part.trimmed = true;
    }
}

/// After a failure nothing is written to the same segment. Where the disk was full another takes its place as soon as there is space; any
/// other failure, above all of a sync, leaves in doubt whether the medium can be trusted: that is for people to judge.
outcome<void> event_committer::write(std::size_t size) {
    if (std::ranges::none_of(round_, [](const round_of_partition& part) { return part.trimmed || !part.batches.empty(); }))
        return {};
    const bool takes_space = std::ranges::any_of(round_, [](const round_of_partition& part) { return !part.batches.empty(); });
    if (std::optional<failure> stuck = trouble(); stuck && (stuck->code != errc::full || (torn_ && takes_space)))
        return std::unexpected(*std::move(stuck));
    if (torn_ || !segments_.newest()->has_room(size))
        if (const outcome<void> begun = begin_segment(); !begun)
            return give_up(begun.error());
    const auto begun = commit_trouble::clock::now();
    const outcome<void> written = write_in(*segments_.newest());
    if (!written)
        return give_up(failed_to_write(size, written.error()));
    counter_.add_round(begun);
    return {};
}

outcome<void> event_committer::write_in(const segment& newest) {
    outcome<segment_writer> round = segment_writer::begin(newest);
    if (!round)
        return std::unexpected(round.error());
    outcome<void> done;
    for (partition_id partition = 0; partition < round_.size() && done; ++partition) {
        if (round_[partition].trimmed) // before the records: it says where those of before ended
            done = round->put_state(partition, round_[partition].after);
        if (done && !round_[partition].batches.empty())
            done = put_records(partition, *round);
    }
    return done ? round->commit() : done;
}

failure event_committer::failed_to_write(std::size_t size, failure why) {
    torn_ = true;
    if (why.code == errc::failed)
        if (const outcome<void> space = segments_.newest()->claim(size); !space || disk_is_low(where_.folder, where_.disk_reserve))
            why.code = errc::full;
    segments_.close_newest_to_writing();
    return why;
}

std::unexpected<failure> event_committer::give_up(failure why) {
    if (why.code != errc::full)
        why = {errc::failed, why.text + "; the store takes no writes until the hub is started again"};
    trouble_.set(why);
    return std::unexpected(std::move(why));
}

outcome<void> event_committer::put_records(partition_id partition, segment_writer& round) {
    round_of_partition& part = round_[partition];
    part.after.last_enqueued = std::max(part.after.last_enqueued, clock_.now()); // the wall clock may be set back
    const std::vector<event_run> runs = cut_into_runs(part.batches, record_size_max);
    std::span<const event_run> rest = runs;
    outcome<void> done;
    while (!rest.empty() && done) {
        std::size_t count = 1;
        for (std::size_t size = rest[0].size(); count < rest.size(); ++count) {
            size += rest[count].size();
            if (size > record_size_max)
                break;
        }
        done = put_record(partition, rest.first(count), round);
        rest = rest.subspan(count);
    }
    return done;
}

outcome<void> event_committer::put_record(partition_id partition, std::span<const event_run> runs, segment_writer& round) {
    partition_state& after = round_[partition].after;
    std::size_t count = 0;
    for (const event_run& run : runs)
        count += run.count;
    const bytes header = records::header(after.last_enqueued, count);
    std::vector<bytes_view> pieces{header};
    for (const event_run& run : runs) { // stamp and events lie behind each other but where a batch was cut
        pieces.push_back(run.stamp);
        pieces.push_back(run.events);
    }
    const outcome<void> put = round.put_record(partition, after.next, pieces);
    after.next += count;
    return put;
}

void event_committer::committed() {
    publish();
    for (round_of_partition& part : round_)
        part.batches.clear();
}

void event_committer::abandoned() {
    for (partition_id partition = 0; partition < round_.size(); ++partition)
        round_[partition] = {{}, false, state(partition)};
}

void event_committer::publish() {
    std::vector<watch_list::change> changes;
    {
        const std::lock_guard lock(mutex_);
        for (partition_id partition = 0; partition < round_.size(); ++partition) {
            const partition_state before = std::exchange(states_[partition], round_[partition].after);
            if (before.next != states_[partition].next)
                changes.emplace_back(partition, states_[partition]);
        }
    }
    if (!changes.empty())
        watchers_.publish(changes);
}

partition_state event_committer::state(partition_id partition) const {
    const std::lock_guard lock(mutex_);
    return states_.at(partition);
}

// ---- segments

/// What is durable is where it begins. One that could not be written to is to be readable before that.
outcome<void> event_committer::begin_segment() {
    if (torn_ && !segments_.close_newest_to_writing())
        return fail(errc::full, "a file of the events cannot be opened again");
    std::vector<partition_state> begin;
    for (partition_id partition = 0; partition < round_.size(); ++partition)
        begin.push_back(state(partition));
    outcome<void> added = segments_.add(begin);
    torn_ = torn_ && !added;
    return added;
}

/// After a trim. A segment goes when nothing of it is kept: so that the newest can, too, another takes its place in time. What cannot be
/// done is tried again.
void event_committer::forget_files() {
    bool due = file_due_ && trouble_.is_time_to_look();
    for (round_of_partition& part : round_)
        due |= std::exchange(part.trimmed, false);
    if (!due || (trouble() && !trouble_.is_full()))
        return;
    file_due_ = false;
    const std::shared_ptr<const segment> newest = segments_.newest();
    if (newest->size() >= newest->databases().size_max() / part_of_a_segment && is_half_forgotten(*newest))
        file_due_ = !begin_segment();
    std::vector<partition_state> kept;
    for (const round_of_partition& part : round_)
        kept.push_back(part.after);
    file_due_ |= !segments_.remove_before(kept);
    if (file_due_)
        trouble_.look_later();
}

bool event_committer::is_half_forgotten(const segment& newest) const {
    std::uint64_t all = 0, forgotten = 0;
    for (partition_id partition = 0; partition < round_.size(); ++partition) {
        const partition_state& now = round_[partition].after;
        all += now.next - newest.first(partition);
        forgotten += std::max(now.begin, newest.first(partition)) - newest.first(partition);
    }
    return 2 * forgotten > all;
}

// ---- trouble

/// When the disk is full: looks, once in retry_when_full, whether there is space again.
void event_committer::try_to_leave_trouble() {
    if (!trouble_.may_be_over())
        return;
    forget_files();
    if (disk_is_low(where_.folder, where_.disk_reserve))
        return trouble_.look_later();
    const outcome<void> begun = torn_ ? begin_segment() : outcome<void>();
    if (begun)
        trouble_.set(std::nullopt);
    else
        (void)give_up(begun.error());
}

} // namespace capstan::store::lmdb
