#pragma once
// The device registry: who may be changed under which condition, and who hears of it. What a device may look like is in
// device_rules.hpp. contract/semantics.md, section 7; contract/rest.md, section 3.

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "hub/registry/device_rules.hpp"
#include "hub/settings.hpp"
#include "store/device_registry.hpp"

namespace capstan::hub {

template<class T> using registry_answer = std::move_only_function<void(std::expected<T, registry_refusal>)>;

/// Thread-safe. Answers come on the run queue that is given with each request, never inside the call.
class registry {
public:
    registry(store::device_registry& devices, const settings& settings, const wall_clock& clock);

    /// What an If-Match header asks for (contract/rest.md, 1): none given, the device must not exist; "*", with quotes or without,
    /// it must; otherwise its etag, with quotes or without.
    static store::condition parse_if_match(std::optional<std::string_view> header);

    /// Creates the device (must_not_exist) or updates it. `body` is the device's JSON. A module goes by its store::module_key.
    void put(std::string id, boost::json::value body, store::condition when, run_queue& home, registry_answer<store::device> done);
    /// Gives back the device as it was. Without If-Match it goes in whatever state it is.
    void remove(std::string id, store::condition when, run_queue& home, registry_answer<store::device> done);
    std::optional<store::device> find(std::string_view id) const; ///< a device, or a module by its key
    std::shared_ptr<const store::device> look_up(const std::string& key) const { return devices_.look_up(key); } ///< likewise; not copied
    std::vector<store::device> list_modules(std::string_view device) const { return devices_.list_modules(device); }
    std::vector<store::device> list(std::size_t top, std::string_view after = {}) const { return devices_.list(after, top); }
    store::device_counts count() const { return devices_.count(); }

    /// Called after a device was changed, or removed (then `after` is none), and before the request is answered. A removal is told of on
    /// thread_of(id), where it comes before all that follows it. Both to be set before the first request.
    std::function<void(const store::device& before, const std::optional<store::device>& after)> on_changed;
    std::function<run_queue&(std::string_view id)> thread_of;
    /// Called after one was created, and before the request is answered; likewise to be set before.
    std::function<void(const store::device& made)> on_created;

private:
    struct change {
        std::string id;
        boost::json::value body;
        store::condition when;
    };
    void create(const change& asked, run_queue& home, registry_answer<store::device> done);
    void update(change asked, run_queue& home, registry_answer<store::device> done, int attempts);
    rule_context rules_now();

    store::device_registry& devices_;
    const wall_clock& clock_;
    std::atomic<std::int64_t> last_number_{0};
};

} // namespace capstan::hub
