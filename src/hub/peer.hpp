#pragma once
// One AMQP connection as the hub sees it: who is there, and which endpoint each of its links belongs to.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <capstan/amqp/connection.hpp>

#include "base/client_certificate.hpp"
#include "base/run_queue.hpp"
#include "hub/hub.hpp"

namespace capstan::hub {

/// What the transport knows of who connected.
struct peer_origin {
    std::string address; ///< for the log, "ip:port"
    std::optional<client_certificate> certificate{};
};

/// Lives on one io thread; all its functions are called there. The driver (server/connection_task) feeds it each engine event, and
/// is told by `wake` when something that came from elsewhere (a commit, another connection) has given the engine output.
class peer : public std::enable_shared_from_this<peer> {
public:
    static std::shared_ptr<peer> create(hub& hub, std::size_t thread, amqp::connection& engine, peer_origin origin,
                                        std::move_only_function<void()> wake, amqp::steady_time now);
    virtual ~peer() = default;

    virtual void handle(const amqp::event& event) = 0;

    /// Once a second: token expiry, and the end of connections that nobody uses.
    virtual void tick(amqp::steady_time now) = 0;

    /// The engine has room to write again after output_size() was above what endpoints fill it to.
    virtual void writable() = 0;

    /// Deliveries taken whose commits have not been answered yet: while there are any, closing would lose their `accepted`.
    virtual std::size_t unanswered() const = 0;
    /// The connection, or the whole hub, has so many bytes with the store that no more should be read now: credit counts messages, and
    /// a thousand large ones would be too much memory. To be asked again when wake() comes, and at the next tick.
    virtual bool congested() const = 0;

    /// The hub stops: no more credit is granted, nothing new is begun. The driver closes the engine when unanswered() is 0.
    virtual void quiesce() = 0;

    /// The hub stops now: ends all links and the connection, and says why.
    virtual void say_goodbye() = 0;

    /// The connection is gone; the engine must not be called any more. Locks and readers are given back.
    virtual void disconnected() = 0;

    /// Engine output beyond which endpoints stop sending and wait for writable(): what one slow reader may hold in memory.
    static constexpr std::size_t output_high_water = 512 * 1024;
    /// Of the bytes of unanswered deliveries, for one connection.
    static constexpr std::size_t in_flight_high_water = 4 * 1024 * 1024;
};

/// The engine's settings for connections to the hub. contract/iothub-amqp.md, sections 2.2 to 2.5.
amqp::settings engine_settings(const settings& hub);

} // namespace capstan::hub
