#pragma once
// Import and export of all devices as jobs: contract/rest.md, section 8. This is what is known of them; who does the work is the
// server's business (server/jobs).

#include <deque>
#include <expected>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "hub/jobs/blob_container.hpp"

namespace capstan::hub {

struct registry_job {
    enum class kind : std::uint8_t { import, export_ };
    enum class state : std::uint8_t { enqueued, running, completed, failed, cancelled };

    std::string id{};
    kind what = kind::export_;
    state status = state::enqueued;
    unsigned progress = 0; ///< percent
    wall_time started{}, ended{}; ///< the epoch: not yet
    std::string failure{};
    std::string input_container{}, output_container{}; ///< without what gives access to them
    std::string input_blob{}, output_blob{};
    bool without_keys = false;

    bool over() const { return status != state::enqueued && status != state::running; }
};

/// Thread-safe.
class registry_jobs {
public:
    explicit registry_jobs(const wall_clock& clock) : clock_(clock) {}

    /// What a client asks for: where to read, which exports do not, and where to write to.
    struct order {
        registry_job job;
        std::unique_ptr<blob_container> input, output;
    };
    enum class refusal : std::uint8_t {
        busy,        ///< one is enqueued or running: there is one at a time, as with Azure
        unavailable, ///< nobody does such work here
    };
    std::expected<registry_job, refusal> create(order wanted);
    std::optional<registry_job> find(const std::string& id) const;
    std::vector<registry_job> list() const; ///< the newest last
    /// Gives back the job as it is then; one that is over stays as it is. None when there is no such job.
    std::optional<registry_job> cancel(const std::string& id);

    /// Set by who does the work, before the first request. `open` says why a container cannot be used; `start` must not block.
    std::function<std::expected<std::unique_ptr<blob_container>, std::string>(const std::string& uri)> open;
    std::function<void(order)> start;

    // By who does the work:

    /// False when the job has been cancelled: then it is to be left.
    bool report(const std::string& id, unsigned percent);
    /// An empty text: it has been done.
    void finish(const std::string& id, std::string failure);

private:
    registry_job* find_now(const std::string& id);

    const wall_clock& clock_;
    mutable std::mutex mutex_;
    std::deque<registry_job> jobs_; ///< the newest last; of those that are over, so many
};

} // namespace capstan::hub
