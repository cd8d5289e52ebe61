#pragma once
// What strangers make the hub write into its log: short, printable, and not more than a few lines a second.

#include <atomic>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace capstan::hub {

/// At most 200 characters of what a peer has sent; what is not printable ASCII as \xNN, quotes and backslashes escaped.
std::string printable(std::string_view text);

/// So many lines a second. Thread-safe.
class line_budget {
public:
    explicit line_budget(std::size_t lines_per_second) : lines_(lines_per_second) {}

    /// Whether a line may be written now.
    bool take(wall_time now);
    /// How many lines could not be written since the last call.
    std::size_t left_out() { return left_out_.exchange(0); }

private:
    const std::size_t lines_;
    std::atomic<std::int64_t> second_{0};
    std::atomic<std::size_t> taken_{0}, left_out_{0};
};

/// The lines about one peer: its own budget, so that a noisy one does not hide the others, and all peers' together, so that many
/// cannot fill the disk.
class peer_log {
public:
    explicit peer_log(line_budget& everybody) : everybody_(everybody) {}

    bool may_write(wall_time now) { return own_.take(now) && everybody_.take(now); }
    std::size_t left_out() { return own_.left_out(); }

private:
    static constexpr std::size_t lines_per_second = 5; ///< enough for a client's mistakes, which come a few at a time
    line_budget own_{lines_per_second};
    line_budget& everybody_;
};

} // namespace capstan::hub
