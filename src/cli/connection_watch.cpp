#include "cli/connection_watch.hpp"

#include <fmt/format.h>

#include "cli/wait_for.hpp"

namespace capstan::cli {

constexpr unsigned max_failures = 3; // about a second

void connection_watch::check() const {
    if (gave_up_)
        throw failure(*gave_up_);
}

void connection_watch::on_changed(const connection_change& change) {
    if (change.state() == connection_state::connected) {
        if (std::exchange(was_connected_, true))
            fmt::print(stderr, "note: connected again\n");
        return;
    }
    if (!change.why())
        return;
    if (change.state() == connection_state::closed && !was_connected_ && change.why()->reason() != errc::closed) {
        gave_up_ = change.why(); // trying again is of no use
        return give_up_();
    }
    if (change.state() != connection_state::waiting)
        return;
    if (!was_connected_ && ++failures_ >= max_failures) {
        gave_up_ = change.why();
        give_up_();
    } else if (was_connected_) {
        fmt::print(stderr, "note: {}; trying again\n", change.why()->what());
    }
}

} // namespace capstan::cli
