#pragma once
#include <chrono>
#include <functional>
#include <optional>

#include <capstan/error.hpp>

namespace capstan {

/// Where a client is on its way.
enum class connection_state : std::uint8_t {
    idle,       ///< async_run has not been called
    connecting, ///< name, TCP, TLS, AMQP, token
    connected,  ///< the hub knows who we are, and has accepted a link, if there are any
    waiting,    ///< for the next attempt: to connect, to show a token, or to attach what is the only link
    closed,     ///< for good: async_run has ended
};

/// A change, told on the client's strand. `why` is what ended the connection, or the client.
class connection_change {
public:
    /// For the clients, and for tests of observers.
    explicit connection_change(connection_state state, std::optional<client_error> why = std::nullopt,
                               std::chrono::milliseconds pause = std::chrono::milliseconds(0))
        : state_(state), why_(std::move(why)), pause_(pause) {}
    /// What it is now.
    connection_state state() const { return state_; }
    /// What ended the connection or the client; none when all is well.
    const std::optional<client_error>& why() const { return why_; }
    /// Of waiting.
    std::chrono::milliseconds pause() const { return pause_; }

private:
    connection_state state_;
    std::optional<client_error> why_;
    std::chrono::milliseconds pause_;
};
/// Called on the client's strand: it must not block.
using connection_observer = std::function<void(const connection_change&)>;

} // namespace capstan
