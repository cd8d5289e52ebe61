#pragma once
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/clock.hpp"

namespace capstan::hub {

/// Which devices have links now, and when each was last heard of since the hub started. Thread-safe; a lock is taken when a link
/// comes or goes.
class presence {
public:
    struct state {
        std::size_t links = 0;
        wall_time last_activity{};
        wall_time changed{}; ///< from connected to disconnected or back
    };

    /// A link of the device is being opened.
    void seen(std::string_view device, wall_time now);
    void link_opened(std::string_view device, wall_time now);
    void link_closed(std::string_view device, wall_time now);
    std::optional<state> find(std::string_view device) const;
    std::size_t connected() const;

private:
    mutable std::mutex mutex_;
    boost::unordered_flat_map<std::string, state> states_; ///< at most one for each registered device
    std::size_t connected_ = 0;
};

} // namespace capstan::hub
