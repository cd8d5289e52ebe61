#include "store/rocksdb/committer.hpp"

#include <algorithm>

namespace capstan::store {
namespace {

// What a round was put together in is used again by the next, for allocating it costs page faults: it has grown by doubling.
constexpr std::size_t spare_size_max = 2 * round_size_max;

} // namespace

outcome<void> committer::start(std::vector<round_member*> members) {
    members_ = std::move(members);
    const outcome<void> recovered = recover_members();
    if (recovered)
        thread_ = std::thread([this] { run(); });
    return recovered;
}

outcome<void> committer::recover_members() {
    const std::shared_ptr<database> data = data_.get();
    outcome<void> recovered;
    for (round_member* member : members_)
        if (recovered)
            recovered = member->recover(*data);
    return recovered;
}

void committer::stop() {
    queue_.stop();
    if (thread_.joinable())
        thread_.join();
}

void committer::run() {
    for (;;) {
        std::optional<requests> waiting = queue_.take(trouble_.is_full() ? std::optional(trouble_.next_look()) : std::nullopt);
        if (!waiting)
            try_to_leave_trouble(); // even when nobody writes: trouble() must not outlive the trouble
        else if (waiting->empty())
            return;
        else
            commit(*std::move(waiting));
    }
}

void committer::commit(requests waiting) {
    try_to_leave_trouble(); // here, between rounds: a round that is begun relies on what the members have recovered
    const std::shared_ptr<database> data = data_.get();
    // RocksDB is not let run into a full disk: some of its writes that fail half-way end the process (an assertion, in 7.8 as Debian
    // builds it).
    waiting = trouble_.refuse_when_low(std::move(waiting), data->folder(), data->disk_reserve());
    write_round round{*data, std::move(spare_)};
    requests in_round;
    for (auto& request : waiting) {
        if (request->wants_new_round())
            finish_round(round, in_round);
        request->apply(round);
        if (request->waits_for_round())
            in_round.push_back(std::move(request));
    }
    finish_round(round, in_round);
    spare_ = round.changes.Data().capacity() > spare_size_max ? rocksdb::WriteBatch() : std::move(round.changes);
}

void committer::finish_round(write_round& round, requests& in_round) {
    for (round_member* member : members_)
        member->seal(round);
    const outcome<void> written = write(round);
    if (written)
        counter_.add_requests(in_round.size());
    for (round_member* member : members_)
        written ? member->committed() : member->abandoned();
    answer_all(std::move(in_round), written ? std::nullopt : std::optional(written.error()));
    in_round.clear();
    round.changes.Clear();
}

/// Nothing is written after a failure until the cause is known to be gone. A full disk is found free again, see below; any other
/// failure, above all of a sync, leaves in doubt what the medium holds and whether it can be trusted: that is for people to judge.
outcome<void> committer::write(write_round& round) {
    if (round.changes.Count() == 0)
        return {};
    if (std::optional<failure> stuck = trouble(); stuck && (torn_ || stuck->code != errc::full))
        return std::unexpected(*std::move(stuck));
    rocksdb::WriteOptions durable;
    durable.sync = true;
    const auto begin = commit_trouble::clock::now();
    const rocksdb::Status status = round.data.db().Write(durable, &round.changes);
    if (status.ok()) {
        counter_.add_round(begin);
        return {};
    }
    failure failed = to_failure(status, "cannot write");
    if (failed.code != errc::full)
        failed = {errc::failed, failed.text + "; the store takes no writes until the hub is started again"};
    torn_ = true;
    trouble_.set(failed);
    return std::unexpected(std::move(failed));
}

/// When the disk is full: looks, once in retry_when_full_, whether there is space again, and if so goes on from what is on disk.
void committer::try_to_leave_trouble() {
    if (!trouble_.may_be_over())
        return;
    const std::optional<failure> stuck = trouble();
    if (disk_is_low(data_.get()->folder(), data_.get()->disk_reserve()))
        return trouble_.set(stuck);
    if (!torn_)
        return trouble_.set(std::nullopt);
    if (!data_.reopen())
        return trouble_.set(stuck);
    const outcome<void> recovered = recover_members();
    torn_ = !recovered;
    trouble_.set(recovered ? std::nullopt : std::optional(failure{errc::failed, recovered.error().text}));
}

} // namespace capstan::store
