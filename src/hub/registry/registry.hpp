#pragma once
// The rules of the device registry. contract/semantics.md, section 7; contract/rest.md, section 3.

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "hub/registry/device_json.hpp"
#include "hub/settings.hpp"
#include "store/device_registry.hpp"

namespace capstan::hub {

/// Why a request to the registry is refused.
struct registry_refusal {
    enum class reason : std::uint8_t { invalid, not_found, already_exists, precondition_failed, unavailable } why;
    std::string text;
};
template<class T> using registry_answer = std::move_only_function<void(std::expected<T, registry_refusal>)>;

/// Thread-safe. Answers come on the run queue that is given with each request.
class registry {
public:
    registry(store::device_registry& devices, const settings& settings, const wall_clock& clock);

    /// What an If-Match header says: none, any, or an etag (in whatever quotes, contract/rest.md, 1).
    struct if_match {
        bool given = false;
        std::string etag; ///< empty: any
    };
    static if_match parse_if_match(std::string_view header, bool given);

    /// Without If-Match the device is created, with it updated. `body` is the device's JSON.
    void put(std::string id, const boost::json::value& body, const if_match& condition, run_queue& home,
             registry_answer<store::device> done);
    void remove(std::string id, const if_match& condition, run_queue& home, registry_answer<store::device> done);
    std::optional<store::device> find(std::string_view id) const { return devices_.find(id); }
    std::vector<store::device> list(std::size_t top) const { return devices_.list("", top); }
    store::device_counts count() const { return devices_.count(); }

    /// Called on the thread that answers, after a device was removed or changed: what it was before.
    std::function<void(const store::device&)> on_removed;

    /// 1 to 128 of the characters that device ids may have.
    static bool valid_id(std::string_view id);

private:
    std::expected<store::device, registry_refusal> next_version(const std::string& id, const boost::json::value& body,
                                                                const std::optional<store::device>& present, bool create) const;

    store::device_registry& devices_;
    const settings& settings_;
    const wall_clock& clock_;
};

} // namespace capstan::hub
