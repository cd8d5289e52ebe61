#pragma once
// Where the events of an endpoint are handed on to.

#include <memory>
#include <span>
#include <string>

#include <boost/json/value.hpp>

#include "base/clock.hpp"
#include "store/telemetry_log.hpp"

namespace capstan::server {

/// Used by one thread, which it may keep waiting.
class sink {
public:
    virtual ~sink() = default;

    struct delivered {
        std::size_t count = 0;  ///< of the events, from the first on, that are done with: they need not come again
        std::string trouble{};  ///< why no more; empty when all are
    };
    virtual delivered deliver(store::partition_id partition, std::span<const store::event_view> events, wall_time now) = 0;

    /// From any thread: deliver() is to come back soon, with what it has done.
    virtual void interrupt() {}

    /// Called about once a second for a partition that has nothing new.
    virtual void idle(store::partition_id, wall_time) {}

    /// What the sink must know of a partition to go on after a restart. It is kept together with how far the events are handed on,
    /// and comes back by resume() before the first event.
    virtual boost::json::value state(store::partition_id) const { return nullptr; }
    virtual void resume(store::partition_id, const boost::json::value&) {}
};

} // namespace capstan::server
