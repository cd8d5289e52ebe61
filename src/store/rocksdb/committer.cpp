#include "store/rocksdb/committer.hpp"

#include <algorithm>

namespace capstan::store {
namespace {

using clock = std::chrono::steady_clock;

// What one round may hold. A sync costs the same for 8 MiB as for 8 KiB, but the writing does not: at some 200 MB/s this keeps a
// round, which every later request waits for, under 50 ms.
constexpr std::size_t round_size_max = 8 * 1024 * 1024;

// What may wait. The hub bounds what is in flight by link credit, well below this; the bound here is the last line against
// running out of memory when the disk stands still. The count covers requests without bytes: one for each of 100,000 devices.
constexpr std::size_t queue_size_max = 128 * 1024 * 1024;
constexpr std::size_t queue_length_max = 256 * 1024;

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
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable())
        thread_.join();
}

void committer::submit(std::unique_ptr<write_request> request) {
    std::optional<failure> refused;
    {
        const std::lock_guard lock(mutex_);
        if (stopping_)
            refused = store_is_closed();
        else if (queue_.size() >= queue_length_max || queued_size_ + request->size() > queue_size_max)
            refused = failure{errc::full, "too many writes wait for the disk"};
        if (!refused) {
            queued_size_ += request->size();
            queue_.push_back(std::move(request));
        }
    }
    if (!refused)
        return wake_.notify_one();
    requests alone;
    alone.push_back(std::move(request));
    answer_all(std::move(alone), std::move(refused));
}

void committer::run() {
    for (requests waiting = next_requests(); !waiting.empty(); waiting = next_requests())
        commit(std::move(waiting));
}

/// Blocks until there are some; none means that the committer stops.
committer::requests committer::next_requests() {
    std::unique_lock lock(mutex_);
    wait_for_requests(lock);
    requests taken;
    std::size_t size = 0;
    while (!queue_.empty() && (taken.empty() || size + queue_.front()->size() <= round_size_max)) {
        size += queue_.front()->size();
        taken.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    queued_size_ -= size;
    return taken;
}

void committer::wait_for_requests(std::unique_lock<std::mutex>& lock) {
    const auto awake = [this] { return stopping_ || !queue_.empty(); };
    while (!awake()) {
        if (!trouble_ || trouble_->code != errc::full)
            wake_.wait(lock, awake);
        else if (!wake_.wait_until(lock, next_try_, awake)) { // nobody writes, but trouble() must not outlive the trouble
            lock.unlock();
            try_to_leave_trouble();
            lock.lock();
        }
    }
}

void committer::commit(requests waiting) {
    try_to_leave_trouble(); // here, between rounds: a round that is begun relies on what the members have recovered
    std::size_t size = 0;
    for (const auto& request : waiting)
        size += request->size() + 64; // keys and headers
    const std::shared_ptr<database> data = data_.get();
    write_round round{*data, rocksdb::WriteBatch(size)};
    requests in_round;
    for (auto& request : waiting) {
        if (request->wants_new_round())
            finish_round(round, in_round);
        request->apply(round);
        in_round.push_back(std::move(request));
    }
    finish_round(round, in_round);
}

void committer::finish_round(write_round& round, requests& in_round) {
    for (round_member* member : members_)
        member->seal(round);
    const outcome<void> written = write(round);
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
    if (std::optional<failure> stuck = trouble())
        return std::unexpected(*std::move(stuck));
    rocksdb::WriteOptions durable;
    durable.sync = true;
    const rocksdb::Status status = round.data.db().Write(durable, &round.changes);
    if (status.ok())
        return {};
    failure failed = to_failure(status, "cannot write");
    if (failed.code != errc::full)
        failed = {errc::failed, failed.text + "; the store takes no writes until the hub is started again"};
    set_trouble(failed);
    return std::unexpected(std::move(failed));
}

/// When the disk is full: looks, once in retry_when_full_, whether there is space again, and if so goes on from what is on disk.
void committer::try_to_leave_trouble() {
    const std::optional<failure> stuck = trouble();
    if (!stuck || stuck->code != errc::full || clock::now() < next_try_)
        return;
    if (!data_.reopen())
        return set_trouble(stuck);
    const outcome<void> recovered = recover_members();
    set_trouble(recovered ? std::nullopt : std::optional(failure{errc::failed, recovered.error().text}));
}

std::optional<failure> committer::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

void committer::set_trouble(std::optional<failure> trouble) {
    next_try_ = clock::now() + retry_when_full_;
    const std::lock_guard lock(mutex_);
    trouble_ = std::move(trouble);
}

/// One post for each run queue, however many requests: a task costs more than an answer does.
void committer::answer_all(requests answered, std::optional<failure> why_not) {
    std::ranges::stable_sort(answered, {}, [](const auto& request) { return &request->home(); });
    for (auto begin = answered.begin(); begin != answered.end();) {
        run_queue& home = (*begin)->home();
        const auto end = std::find_if(begin, answered.end(), [&](const auto& request) { return &request->home() != &home; });
        requests of_home(std::make_move_iterator(begin), std::make_move_iterator(end));
        home.post([of_home = std::move(of_home), why_not]() {
            for (const auto& request : of_home)
                request->answer(why_not ? &*why_not : nullptr);
        });
        begin = end;
    }
}

} // namespace capstan::store
