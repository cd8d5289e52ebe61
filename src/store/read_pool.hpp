#pragma once
// Threads for reads that may have to wait for the disk.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "store/reply.hpp"

namespace capstan::store {

class read_pool {
public:
    /// `refused` is null; or else it says why the job is not to be done, and the job only has to tell who waits for it.
    using job = std::move_only_function<void(const failure* refused)>;

    explicit read_pool(std::size_t threads);
    ~read_pool() { stop(); }

    /// Thread-safe. The job runs on one of the threads; when it is refused, inside the call.
    void submit(job work);

    /// Runs `read` on one of the threads and answers with what it gives.
    template<class T> void read(reply_to<T> reply, std::move_only_function<outcome<T>()> read) {
        submit([reply = std::move(reply), read = std::move(read)](const failure* refused) mutable {
            answer(std::move(reply), refused ? outcome<T>(std::unexpected(*refused)) : read());
        });
    }

    /// Does what was submitted before, then refuses all else with errc::closed.
    void stop();

private:
    std::optional<failure> enqueue(job& work);
    void run();

    std::mutex mutex_; ///< guards what follows, but not the threads
    std::condition_variable wake_;
    std::deque<job> jobs_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

} // namespace capstan::store
