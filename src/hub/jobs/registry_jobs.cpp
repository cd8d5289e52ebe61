#include "hub/jobs/registry_jobs.hpp"

#include <algorithm>

#include "auth/random.hpp"

namespace capstan::hub {
namespace {

/// Azure keeps them for 30 days: more than these nobody asks for.
constexpr std::size_t kept = 50;

} // namespace

std::expected<registry_job, registry_jobs::refusal> registry_jobs::create(order wanted) {
    if (!start)
        return std::unexpected(refusal::unavailable);
    auto& job = wanted.job;
    job.id = auth::random_hex(16);
    job.status = registry_job::state::enqueued;
    job.started = clock_.now();
    {
        const std::lock_guard lock(mutex_);
        if (!std::ranges::all_of(jobs_, &registry_job::over))
            return std::unexpected(refusal::busy);
        if (jobs_.size() >= kept)
            jobs_.pop_front();
        jobs_.push_back(job);
    }
    const registry_job made = job;
    start(std::move(wanted));
    return made;
}

registry_job* registry_jobs::find_now(const std::string& id) {
    const auto found = std::ranges::find(jobs_, id, &registry_job::id);
    return found == jobs_.end() ? nullptr : &*found;
}

std::optional<registry_job> registry_jobs::find(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(jobs_, id, &registry_job::id);
    return found == jobs_.end() ? std::nullopt : std::optional(*found);
}

std::vector<registry_job> registry_jobs::list() const {
    const std::lock_guard lock(mutex_);
    return {jobs_.begin(), jobs_.end()};
}

std::optional<registry_job> registry_jobs::cancel(const std::string& id) {
    const std::lock_guard lock(mutex_);
    auto* const job = find_now(id);
    if (job == nullptr)
        return std::nullopt;
    if (!job->over()) {
        job->status = registry_job::state::cancelled;
        job->ended = clock_.now();
    }
    return *job;
}

bool registry_jobs::report(const std::string& id, unsigned percent) {
    const std::lock_guard lock(mutex_);
    auto* const job = find_now(id);
    if (job == nullptr || job->over())
        return false;
    job->status = registry_job::state::running;
    job->progress = std::min(percent, 100u);
    return true;
}

void registry_jobs::finish(const std::string& id, std::string failure) {
    const std::lock_guard lock(mutex_);
    auto* const job = find_now(id);
    if (job == nullptr || job->over())
        return;
    job->status = failure.empty() ? registry_job::state::completed : registry_job::state::failed;
    job->progress = failure.empty() ? 100 : job->progress;
    job->failure = std::move(failure);
    job->ended = clock_.now();
}

} // namespace capstan::hub
