#pragma once
// Group commit, in one place. Requests from all threads queue up; one thread gathers what waits into a round, writes it as ONE
// RocksDB batch with ONE sync of the write-ahead log, and answers. While a round is being synced the next one gathers: batching
// adapts to the disk by itself, and an idle store commits a single request at once.

#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include <rocksdb/write_batch.h>

#include "store/commit_trouble.hpp"
#include "store/rocksdb/database_slot.hpp"

namespace capstan::store {

/// What is written together, or not at all.
struct write_round {
    database& data;              ///< as it was when the round was begun
    rocksdb::WriteBatch changes{};
};

/// A request that decides what to write. Called, but for answer(), by the committer's thread.
class write_request : public commit_request {
public:
    using commit_request::commit_request;

    /// What is in the round so far must be durable before this request is applied.
    virtual bool wants_new_round() const { return false; }
    /// Decides what to write, looking at what is stored and at what the round has changed, and adds it to the round.
    virtual void apply(write_round& round) = 0;
    /// False once apply() has seen to the answer by other means.
    virtual bool waits_for_round() const { return true; }
};

/// A part of the store that keeps in memory what rounds change. Called by the committer's thread only, but for the first recover().
class round_member {
public:
    virtual ~round_member() = default;
    /// The database has been opened, for the first time or anew: reads from it what the member keeps in memory.
    virtual outcome<void> recover(database& /*data*/) { return {}; }
    virtual void seal(write_round& /*round*/) {} ///< the round is complete: the last chance to add to it
    virtual void committed() = 0;                        ///< it is durable: show it
    virtual void abandoned() = 0;                        ///< nothing of it was written: forget it
};

class committer {
public:
    /// The slot, the members and the run queues of all requests outlive the committer.
    committer(database_slot& data, std::chrono::milliseconds retry_when_full) : data_(data), trouble_(retry_when_full) {}
    ~committer() { stop(); }

    /// Recovers the members first. To be called once, before anything is submitted.
    outcome<void> start(std::vector<round_member*> members);
    /// Commits what was submitted before, then returns. What is submitted later is answered with errc::closed.
    void stop();

    /// Thread-safe. Requests are applied in the order of their submission.
    void submit(std::unique_ptr<write_request> request) { queue_.submit(std::move(request)); }

    /// `decide` is the request's apply(); what it returns is the answer, once the round is durable.
    template<class T> void submit(std::size_t size, reply_to<T> reply, std::move_only_function<outcome<T>(write_round&)> decide);

    /// Thread-safe.
    std::optional<failure> trouble() const { return trouble_.get(); }
    commit_counts commits() const { return counter_.counts(); }

private:
    using requests = commit_queue<write_request>::requests;

    void run();
    void commit(requests waiting);
    void finish_round(write_round& round, requests& in_round);
    outcome<void> write(write_round& round);
    outcome<void> recover_members();
    void try_to_leave_trouble();

    database_slot& data_;
    std::vector<round_member*> members_;
    commit_trouble trouble_;
    commit_counter counter_;
    rocksdb::WriteBatch spare_; ///< empty, with room for a round. Committer's thread only
    bool torn_ = false; ///< a write failed half-way: the database must be opened anew. Committer's thread only
    std::thread thread_;

    commit_queue<write_request> queue_;
};

/// A request whose decision is a function and whose answer is a value.
template<class T> class decided_request final : public write_request {
public:
    using decision = std::move_only_function<outcome<T>(write_round&)>;

    decided_request(std::size_t size, reply_to<T> reply, decision decide)
        : write_request(reply.home, size), done_(std::move(reply.done)), decide_(std::move(decide)) {}

    void apply(write_round& round) override { result_ = decide_(round); }
    void answer(const failure* why_not) override { done_(why_not ? outcome<T>(std::unexpected(*why_not)) : std::move(result_)); }

private:
    completion<T> done_;
    decision decide_;
    outcome<T> result_;
};

template<class T> void committer::submit(std::size_t size, reply_to<T> reply, std::move_only_function<outcome<T>(write_round&)> decide) {
    submit(std::make_unique<decided_request<T>>(size, std::move(reply), std::move(decide)));
}

} // namespace capstan::store
