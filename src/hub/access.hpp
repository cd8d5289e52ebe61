#pragma once
// Who somebody is, by what they show, and what that lets them do: one place for AMQP and HTTPS. contract/iothub-amqp.md, sections 3
// and 4; contract/semantics.md, section 5. A refusal never tells which part of a secret was wrong.

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/access_policy.hpp"
#include "auth/plain_identity.hpp"
#include "auth/resource.hpp"
#include "auth/sas_token.hpp"
#include "base/client_certificate.hpp"
#include "base/clock.hpp"
#include "hub/settings.hpp"
#include "store/device_registry.hpp"

namespace capstan::hub {

/// Somebody who has shown a key or a token.
struct principal {
    enum class kind : std::uint8_t { policy, device } what = kind::policy;
    std::string name;       ///< of the policy, or the device's id
    std::string module;     ///< empty: the device itself, or a policy
    auth::rights rights = auth::rights::none;
    std::string generation_id; ///< of the device that it was shown for
    std::string key;           ///< the device's, with which it was signed: when the device has another, it counts no more
    wall_time expires{};    ///< of the token; far away for a bare key
    std::vector<std::string> devices; ///< the device that the scope is in, in all readings of its id; empty: it is in none
    std::string scope_text; ///< what the token is good for, as it was written; empty for a bare key: everything

    auth::resource scope() const { return auth::parse_scope(scope_text); }
};

/// Thread-safe: it reads what does not change, and the registry.
class access {
public:
    access(const settings& settings, const auth::policy_set& policies, const store::device_registry& devices, const wall_clock& clock);

    /// Status and text as a CBS reply and an HTTP answer give them (contract/iothub-amqp.md, 4.3).
    struct refusal {
        int status;
        std::string text;
    };
    std::expected<principal, refusal> check_token(std::string_view text) const;
    std::expected<principal, refusal> check_plain(bytes_view response) const;

    /// DeviceConnect, for a path of a device ("/devices/{id}[/modules/{id}]/messages/events") that is enabled now, and still is the one
    /// that the key was shown for. A device's key is good for its modules too; a module's for itself.
    bool may_act_as_device(const principal& who, const store::device& device, std::string_view path) const;
    /// Whether this certificate is the device's, which signs in by it and is enabled: it is one of two that the registry names, or an
    /// authority's for this name (contract/semantics.md, 5.3).
    static bool is_certificate_of(const client_certificate& shown, const store::device& device);
    /// The same now, whatever was trusted when it was shown.
    bool is_still_certificate_of(const client_certificate& shown, const store::device& device) const;
    /// Whether a certificate that was shown before is trusted now. None: as it was then. To be set before the first connection.
    std::function<bool(const client_certificate&)> trust;
    std::optional<store::device> find_device(std::string_view id) const { return devices_.find(id); }
    std::optional<store::device> find_module(std::string_view device, std::string_view module) const {
        return devices_.find_module(device, module);
    }
    /// ServiceConnect, for a path of the hub ("/messages/devicebound") or of its event hub ("/{event hub}/ConsumerGroups/…").
    bool may_use_service(const principal& who, std::string_view path) const;
    /// RegistryRead and RegistryWrite, for a path of the REST interface ("/devices/{id}").
    bool may_read_registry(const principal& who, std::string_view path) const;
    bool may_write_registry(const principal& who, std::string_view path) const;
    bool expired(const principal& who, wall_time now) const { return now > who.expires + auth::clock_skew; }

private:
    std::expected<principal, refusal> check_policy_token(const auth::sas_token& token, const auth::resource& scope) const;
    std::expected<principal, refusal> check_device_token(const auth::sas_token& token, const auth::resource& scope) const;
    std::optional<store::device> key_holder(const auth::sas_token& token, const auth::identity_scope& of, bool& registered) const;
    std::expected<principal, refusal> check_bare_key(std::string_view policy, std::string_view key) const;
    bool still_itself(const principal& who, const store::device& device) const;
    bool has(const principal& who, auth::rights needed) const;
    bool known_host(const auth::resource& scope) const;

    const settings& settings_;
    const auth::policy_set& policies_;
    const store::device_registry& devices_;
    const wall_clock& clock_;
    const auth::host_names hosts_;
};

} // namespace capstan::hub
