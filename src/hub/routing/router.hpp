#pragma once
// Where telemetry goes: routes to endpoints, and what is added on the way. contract/semantics.md, sections 4.1 and 4.8.

#include <atomic>
#include <expected>
#include <memory>
#include <span>

#include "hub/routing/condition.hpp"
#include "hub/routing/routes.hpp"

namespace capstan::hub::routing {

/// A set of endpoints: bit 0 is the built-in one, the others follow in the order of the configuration.
using endpoint_set = std::uint32_t;
constexpr endpoint_set built_in = 1;
static_assert(endpoints_max < 32);

/// Thread-safe once made.
class router {
public:
    /// None where everything goes to the built-in endpoint unchanged. The routes have been checked, and outlive the router.
    static std::unique_ptr<router> make(const routes& from, std::string_view hub_name);

    /// The endpoints of all routes that the message takes; the fallback's when it takes none; empty when there is none either.
    endpoint_set choose(const subject& message) { return choose(message, source::telemetry); }
    /// The same for messages of another source, which never fall back.
    endpoint_set choose(const subject& message, source of);
    bool has_routes_for(source what) const;

    /// Application properties for the messages to this endpoint (its number); mostly none.
    std::span<const property> enrichments(std::size_t endpoint) const { return enrichments_[endpoint]; }

    /// Since the start.
    struct counters {
        std::atomic<std::uint64_t> routed{0};   ///< by a route of the configuration
        std::atomic<std::uint64_t> fallback{0}; ///< by none, and so to the built-in endpoint
        std::atomic<std::uint64_t> orphaned{0}; ///< by none, and dropped
        std::atomic<std::uint64_t> to_built_in{0}; ///< by a route or the fallback
        std::atomic<std::uint64_t> kept_from_built_in{0}; ///< routed, but not to the built-in endpoint
        std::atomic<std::uint64_t> undefined{0}; ///< conditions that said neither yes nor no
        std::atomic<std::uint64_t> invalid{0};   ///< too large for an endpoint with what had to be added
    };
    counters& counts() { return counts_; }

    /// Says in the log what has been lost, or has met no condition, since the last call. For one thread, about once a minute.
    void report();
    /// Whether since the last call routes led messages past the built-in endpoint, and none led there, for the first time.
    bool begins_to_starve();

private:
    router() = default;
    struct compiled {
        const route* of;
        condition when;
        endpoint_set leads_to;
    };
    std::vector<compiled> routes_;
    std::vector<std::vector<property>> enrichments_; ///< by endpoint
    bool fallback_ = true;
    counters counts_;
    struct reported {
        std::uint64_t orphaned = 0, undefined = 0, invalid = 0, kept_from_built_in = 0, to_built_in = 0;
        bool starving = false; ///< the built-in endpoint: it has been said
    } reported_;
};

} // namespace capstan::hub::routing
