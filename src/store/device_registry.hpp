#pragma once
// The devices that may talk to the hub. contract/rest.md, section 3; contract/semantics.md, section 7.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "store/failure.hpp"

namespace capstan::store {

/// Values live on disk: do not renumber.
enum class authentication_type : std::uint8_t { sas = 0, self_signed = 1, certificate_authority = 2, none = 3 };

struct device {
    std::string id;            ///< of a module: module_key()
    std::string generation_id; ///< new for every creation of the same id
    std::string etag;          ///< new for every change; set by the registry
    bool enabled = true;
    std::string status_reason;
    wall_time status_updated{}; ///< the epoch: never
    authentication_type authentication = authentication_type::sas;
    std::string primary_key;          ///< base64, as the SDKs show it
    std::string secondary_key;        ///< base64
    std::string primary_thumbprint;   ///< hex, upper case
    std::string secondary_thumbprint; ///< hex, upper case
    bool edge = false;
    std::string scope;
    std::vector<std::string> parent_scopes;
    std::string managed_by; ///< of a module: who looks after it
};

/// A module is kept as a device is, beside its device and gone with it. No device's id holds a slash.
inline std::string module_key(std::string_view device, std::string_view module) { return std::string(device) + '/' + std::string(module); }
inline bool is_module_key(std::string_view id) { return id.contains('/'); }
inline std::string_view device_in(std::string_view module_key) { return module_key.substr(0, module_key.find('/')); }
inline std::string_view module_in(std::string_view module_key) { return module_key.substr(module_key.find('/') + 1); }

constexpr std::size_t modules_max = 50; ///< of one device (contract/semantics.md, section 6)

/// When a device or a module was last heard of, and when it came or went last; the epoch: never.
struct device_activity {
    std::string id; ///< of a module: module_key()
    wall_time last{};
    wall_time connection_changed{};
};

/// What must hold for a write to take effect.
struct must_not_exist {};
struct must_exist {};
struct must_match {
    std::string etag;
};
using condition = std::variant<must_not_exist, must_exist, must_match>;

struct device_counts {
    std::uint64_t total = 0;
    std::uint64_t enabled = 0;
};

/// Thread-safe. Reads answer at once from memory or from one point look-up in the store's cache, so that a link can be
/// authorised in the turn in which it asks; a distributed registry keeps a local copy for them. Writes are durable when they reply.
class device_registry {
public:
    virtual ~device_registry() = default;

    /// A device; what is no device's id, a module's key for one, finds none.
    virtual std::optional<device> find(std::string_view id) const = 0;
    /// Devices with an id greater than `after`, by ascending id (bytewise).
    virtual std::vector<device> list(std::string_view after, std::size_t limit) const = 0;
    virtual device_counts count() const = 0; ///< of devices

    virtual std::optional<device> find_module(std::string_view device, std::string_view module) const = 0;
    /// A device, or a module by its key, as find() finds it but without a copy: for who looks at each message's. Null: not there.
    virtual std::shared_ptr<const device> look_up(const std::string& key) const = 0;
    virtual std::vector<device> list_modules(std::string_view device) const = 0; ///< by ascending id

    /// Gives back the device or module with its new etag. Fails with already_exists, precondition_failed, or not_found, as a module
    /// does whose device is not there; a new module with too_many, where there are modules_max.
    virtual void put(device value, condition when, reply_to<device> reply) = 0;
    /// Removes a module, or a device with its modules, and all that command_queue has of them, in one commit. Gives it back as it was.
    virtual void remove(std::string id, condition when, reply_to<device> reply) = 0;

    /// None of what was never heard of. Goes with its device or module.
    virtual std::optional<device_activity> activity(std::string_view id) const = 0;
    /// Of what is not registered any more nothing is kept.
    virtual void keep_activity(std::vector<device_activity> seen, reply_to<void> reply) = 0;
};

} // namespace capstan::store
