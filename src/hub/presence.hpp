#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "base/clock.hpp"
#include "hub/address.hpp"
#include "store/device_registry.hpp"

namespace capstan::hub {

class endpoint;

/// A link of a device, and the thread that it lives on.
struct live_link {
    std::size_t thread;
    std::weak_ptr<endpoint> link;
    const void* connection = nullptr; ///< whose it is: to be compared only
    node what = node::unknown;        ///< with the direction, the link's type
    bool to_device = false;
    bool with_certificate = false;    ///< its peer has shown one

    bool is_of_type(const live_link& other) const { return what == other.what && to_device == other.to_device; }
};

/// Which devices and modules (store::module_key) have links now, and when each was last heard of since the hub started. Thread-safe;
/// a lock is taken when a link comes or goes.
class presence {
public:
    struct state {
        bool connected = false;
        wall_time last_activity{};
        wall_time changed{}; ///< from connected to disconnected or back
    };

    /// The device has sent or received something, or has asked over HTTPS. Callers that hear of it all the time say so once in a while.
    void seen(std::string_view device, wall_time now);
    /// Gives back the device's links of the same type on other connections.
    std::vector<live_link> link_opened(std::string_view device, live_link link, wall_time now);
    /// One of them is gone: which one, its weak_ptr says by then.
    void link_closed(std::string_view device, wall_time now);
    std::vector<live_link> links_of(std::string_view device) const;
    std::vector<live_link> links_with_certificate() const; ///< of all devices
    std::optional<state> find(std::string_view device) const;
    std::size_t connected() const;

    /// Whose state is another than at the last call. For one caller, who has said so by remember_changes() before there were any.
    void remember_changes() { remembers_ = true; }
    std::vector<std::pair<std::string, state>> changes();
    /// Those that were heard of, or came or went, since the last call. To be kept where it survives a restart.
    std::vector<store::device_activity> take_unsaved();
    /// The device has been removed: another one of the same id begins anew.
    void forget(std::string_view device);

private:
    struct entry : state {
        std::vector<live_link> links;
        bool told = false; ///< that it is connected
        bool unsaved = false; ///< it is in unsaved_
    };
    void note_change(std::string_view device);
    entry& touch(std::string_view device, wall_time now);
    void note_unsaved(const std::string& device, entry& of);

    mutable std::mutex mutex_;
    boost::unordered_flat_map<std::string, entry> states_; ///< at most one for each registered device
    std::vector<std::string> unsaved_; ///< each once
    std::size_t connected_ = 0;
    bool remembers_ = false;
    boost::unordered_flat_set<std::string> changed_; ///< those that may have, likewise
};

} // namespace capstan::hub
