#pragma once
// Events by POST to somebody's URL: a JSON array of at most `batch` documents (hub/routing/document.hpp).

#include <atomic>

#include "hub/routing/routes.hpp"
#include "server/forward/sink.hpp"

namespace capstan::server {

/// Done with are events that the other side has answered with 2xx, and single ones that it will never take: 400, 413 and 422 are
/// tried again with fewer events, down to one, which is then left out with a line in the log. All else is trouble, to be tried again.
class webhook_sink final : public sink {
public:
    explicit webhook_sink(const hub::routing::endpoint& rules);
    ~webhook_sink() override;

    delivered deliver(store::partition_id partition, std::span<const store::event_view> events, wall_time now) override;
    void interrupt() override { interrupted_ = true; }

private:
    struct answer {
        long status = 0;         ///< 0: none came
        std::string trouble{};
    };
    answer post(std::span<const store::event_view> events);

    struct request; ///< libcurl's
    const hub::routing::endpoint& rules_;
    std::unique_ptr<request> request_;
    std::atomic<bool> interrupted_{false};
};

} // namespace capstan::server
