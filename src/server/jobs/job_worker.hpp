#pragma once
// Does the work of the hub's import and export jobs, on a thread of its own: it waits for disks and for networks.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "hub/jobs/registry_jobs.hpp"
#include "hub/registry/registry.hpp"
#include "server/config.hpp"
#include "server/forward/work_queue.hpp"

namespace capstan::server {

class job_worker {
public:
    /// All outlive it; `jobs` asks it to open containers, and to start, from now on.
    job_worker(hub::registry_jobs& jobs, hub::registry& devices, const config::jobs_section& rules, std::filesystem::path folder);
    ~job_worker() { stop(); }
    job_worker(const job_worker&) = delete;
    job_worker& operator=(const job_worker&) = delete;

    /// Leaves off what it is at, while the hub's threads still run; that job is as good as cancelled.
    void stop();

private:
    using order = hub::registry_jobs::order;
    void run();
    std::string perform(order& asked);
    std::string perform_export(order& asked);
    std::string perform_import(order& asked);

    hub::registry_jobs& jobs_;
    hub::registry& devices_;
    work_queue answers_;
    std::atomic<bool> stop_{false};
    std::mutex mutex_; ///< guards what follows
    std::condition_variable wake_;
    std::deque<order> orders_;
    std::thread thread_;
};

} // namespace capstan::server
