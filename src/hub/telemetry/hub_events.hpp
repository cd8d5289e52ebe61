#pragma once
// What the hub itself tells, beside the devices' telemetry: that identities come and go, that devices connect and disconnect. It goes
// where routes of these sources lead, and nowhere else. contract/semantics.md, section 3.6.

#include <atomic>
#include <string_view>

#include <boost/json/object.hpp>
#include <capstan/amqp/message.hpp>

#include "hub/hub.hpp"
#include "hub/routing/routes.hpp"
#include "store/device_registry.hpp"

namespace capstan::hub {

/// Thread-safe, but for what is said to be for one thread.
class hub_events {
public:
    explicit hub_events(hub& of) : hub_(of) {}

    /// A device or a module was created, or removed.
    void identity_changed(const store::device& what, bool created);
    /// About once a minute, on one thread: who has connected or disconnected since the last time. Who has done both is not told of.
    void report_connections();

private:
    struct event {
        routing::source source;
        std::string_view schema, operation;
        const store::device& about;
        wall_time when;
        boost::json::object body;
    };
    void tell(const event& what);
    amqp::bytes message_of(const event& what) const;
    void add_to(std::size_t event_hub, const event& what, const amqp::message_view& message);

    hub& hub_;
    std::atomic<std::uint64_t> last_number_{0}; ///< of connection states
};

} // namespace capstan::hub
