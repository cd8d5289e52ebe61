#include "store/read_pool.hpp"

#include <utility>

#include <sys/resource.h>
#include <unistd.h>

namespace capstan::store {
namespace {

// A link has one read on its way at most, and a device one load: more than this is no hub that this machine could carry.
constexpr std::size_t jobs_max = 256 * 1024;

// Readers that catch up take all of a processor that they are given. Where there is not enough for all, a tenth of what a writer gets
// is left to their reads, and so to what is sent of them.
constexpr int niceness = 10;

void yield_to_writers() { ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness); }

} // namespace

read_pool::read_pool(std::size_t threads) {
    for (std::size_t i = 0; i < threads; ++i)
        threads_.emplace_back([this] {
            yield_to_writers();
            run();
        });
}

void read_pool::submit(job work) {
    if (const std::optional<failure> refused = enqueue(work))
        work(&*refused);
    else
        wake_.notify_one();
}

/// Takes the job, or says why not and leaves it alone.
std::optional<failure> read_pool::enqueue(job& work) {
    const std::lock_guard lock(mutex_);
    if (stopping_)
        return store_is_closed();
    if (jobs_.size() >= jobs_max)
        return failure{errc::busy, "too many reads wait for the disk"};
    jobs_.push_back(std::move(work));
    return std::nullopt;
}

void read_pool::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (jobs_.empty())
            return;
        {
            job work = std::move(jobs_.front());
            jobs_.pop_front();
            lock.unlock();
            work(nullptr);
        }
        lock.lock();
    }
}

void read_pool::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : std::exchange(threads_, {}))
        thread.join();
}

} // namespace capstan::store
