#include "store/rocksdb/committer.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>

namespace capstan::store {
namespace {

/// A small disk keeps half of itself.
bool is_low(const database& data) {
    std::error_code unknown;
    const auto space = std::filesystem::space(data.folder(), unknown);
    return !unknown && space.available < std::min<std::uintmax_t>(data.disk_reserve(), space.capacity / 2);
}

using clock = std::chrono::steady_clock;

// What one round may hold. A larger one saves no more: a sync costs little beside the writing then, and what is gathered, written and
// kept leaves the processor's caches before the next looks at it. At some 200 MB/s a round, which every later request waits for, takes
// under 10 ms.
constexpr std::size_t round_size_max = 1024 * 1024;

// What may wait. The hub bounds what is in flight by link credit, well below this; the bound here is the last line against
// running out of memory when the disk stands still. The count covers requests without bytes: one for each of 100,000 devices.
constexpr std::size_t queue_size_max = 128 * 1024 * 1024;
constexpr std::size_t queue_length_max = 256 * 1024;

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
            refused = failure{errc::busy, "too many writes wait for the disk"};
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
    const std::shared_ptr<database> data = data_.get();
    waiting = refuse_when_low(std::move(waiting), *data);
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

/// RocksDB is not let run into a full disk: some of its writes that fail half-way end the process (an assertion, in 7.8 as Debian
/// builds it). What takes space is refused below the reserve; what gives some back goes through.
committer::requests committer::refuse_when_low(requests waiting, const database& data) {
    if (!is_low(data))
        return waiting;
    const auto takes_space = [](const auto& request) { return request->size() > 0; };
    const auto refused = std::stable_partition(waiting.begin(), waiting.end(), std::not_fn(takes_space));
    if (refused == waiting.end())
        return waiting;
    const failure low{errc::full, "the disk is full, but for a reserve"};
    if (!trouble())
        set_trouble(low);
    answer_all(requests(std::make_move_iterator(refused), std::make_move_iterator(waiting.end())), low);
    waiting.erase(refused, waiting.end());
    return waiting;
}

void committer::finish_round(write_round& round, requests& in_round) {
    for (round_member* member : members_)
        member->seal(round);
    const outcome<void> written = write(round);
    if (written)
        requests_ += in_round.size();
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
    const auto begin = clock::now();
    const rocksdb::Status status = round.data.db().Write(durable, &round.changes);
    if (status.ok()) {
        ++rounds_;
        microseconds_ += static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - begin).count());
        return {};
    }
    failure failed = to_failure(status, "cannot write");
    if (failed.code != errc::full)
        failed = {errc::failed, failed.text + "; the store takes no writes until the hub is started again"};
    torn_ = true;
    set_trouble(failed);
    return std::unexpected(std::move(failed));
}

/// When the disk is full: looks, once in retry_when_full_, whether there is space again, and if so goes on from what is on disk.
void committer::try_to_leave_trouble() {
    const std::optional<failure> stuck = trouble();
    if (!stuck || stuck->code != errc::full || clock::now() < next_try_)
        return;
    if (is_low(*data_.get()))
        return set_trouble(stuck);
    if (!torn_)
        return set_trouble(std::nullopt);
    if (!data_.reopen())
        return set_trouble(stuck);
    const outcome<void> recovered = recover_members();
    torn_ = !recovered;
    set_trouble(recovered ? std::nullopt : std::optional(failure{errc::failed, recovered.error().text}));
}

std::optional<failure> committer::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

commit_counts committer::commits() const { return {rounds_.load(), requests_.load(), std::chrono::microseconds(microseconds_.load())}; }

void committer::set_trouble(std::optional<failure> trouble) {
    next_try_ = clock::now() + retry_when_full_;
    const std::lock_guard lock(mutex_);
    trouble_ = std::move(trouble);
}

/// One post for each run queue, however many requests: a task costs more than an answer does.
void committer::answer_all(requests answered, std::optional<failure> why_not) {
    std::map<run_queue*, requests> by_home;
    for (auto& request : answered)
        by_home[&request->home()].push_back(std::move(request));
    for (auto& [home, of_home] : by_home)
        home->post([here = std::move(of_home), why_not] {
            for (const auto& request : here)
                request->answer(why_not ? &*why_not : nullptr);
        });
}

} // namespace capstan::store
