#pragma once
// What a command that runs for long says of its connection.

#include <functional>
#include <optional>

#include <capstan/connection_state.hpp>

namespace capstan::cli {

/// A hub that was never reached is given up after a few attempts: most likely it is the command line that is wrong. One that goes away
/// later is waited for. Used on one thread.
class connection_watch {
public:
    explicit connection_watch(std::function<void()> give_up) : give_up_(std::move(give_up)) {}

    /// For on_connection_changed(); not longer than the watch lives.
    connection_observer observer() {
        return [this](const connection_change& change) { on_changed(change); };
    }
    bool was_connected() const { return was_connected_; }
    /// Throws `failed` if it was given up.
    void check() const;

private:
    void on_changed(const connection_change& change);

    std::function<void()> give_up_;
    bool was_connected_ = false;
    unsigned failures_ = 0;
    std::optional<client_error> gave_up_;
};

} // namespace capstan::cli
