#include "hub/access.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "auth/ascii.hpp"
#include "auth/constant_time.hpp"

namespace capstan::hub {
namespace {

using refusal = access::refusal;

/// One text for all that is wrong with a secret.
std::unexpected<refusal> wrong_signature() {
    return std::unexpected(
        refusal{401, "The specified SAS token has an invalid signature. It does not match either the primary or secondary key."});
}

/// Which of the device's keys has signed the token; null: neither.
const std::string* signing_key(const auth::sas_token& token, const store::device& device) {
    for (const auto* key : {&device.primary_key, &device.secondary_key})
        if (auth::signed_by(token, *key))
            return key;
    return nullptr;
}

/// No clock reaches it.
constexpr wall_time never{std::chrono::milliseconds(253'402'300'799'999)};

} // namespace

access::access(const settings& settings, const auth::policy_set& policies, const store::device_registry& devices, const wall_clock& clock)
    : settings_(settings), policies_(policies), devices_(devices), clock_(clock), hosts_(settings.host_names) {}

std::expected<principal, refusal> access::check_token(std::string_view text) const {
    const auto token = auth::parse_sas_token(text);
    if (!token)
        return std::unexpected(refusal{400, token.error()});
    const auto scope = auth::parse_scope(token->resource);
    auto shown = token->policy.empty() ? check_device_token(*token, scope) : check_policy_token(*token, scope);
    // The signature first: who cannot sign learns nothing from the clock.
    if (shown && token->expired(clock_.now()))
        return std::unexpected(refusal{401, "The specified SAS token is expired"});
    return shown;
}

/// Event Hubs clients keep the host of their connection string whatever they dial: a scope in the event hub goes without its host
/// being looked at (contract/event-hubs.md, 2.4).
bool access::known_host(const auth::resource& scope) const {
    if (hosts_.contains(scope.host))
        return true;
    if (scope.path.empty())
        return false;
    const auto& entity = scope.path.front();
    return entity.is(settings_.event_hub) || entity.is(settings_.name) ||
           std::ranges::any_of(settings_.routes.endpoints, [&](const auto& each) { return entity.is(each.name); });
}

std::expected<principal, refusal> access::check_policy_token(const auth::sas_token& token, const auth::resource& scope) const {
    const auto* policy = policies_.find(token.policy);
    if (!policy || !(auth::signed_by(token, policy->primary_key) || auth::signed_by(token, policy->secondary_key)))
        return wrong_signature();
    if (!known_host(scope))
        return std::unexpected(refusal{401, "The specified SAS token is for another resource"});
    principal shown;
    shown.what = principal::kind::policy;
    shown.name = policy->name;
    shown.rights = policy->granted;
    shown.expires = token.expires;
    if (const auto within = auth::identity_of(scope))
        shown.devices = within->device.readings;
    shown.scope_text = token.resource;
    return shown;
}

std::expected<principal, refusal> access::check_device_token(const auth::sas_token& token, const auth::resource& scope) const {
    const auto identity = auth::identity_of(scope);
    if (!identity || !hosts_.contains(scope.host))
        return std::unexpected(refusal{401, "The specified SAS token is for another resource"});
    bool registered = false;
    const auto holder = key_holder(token, *identity, registered);
    if (!registered)
        return std::unexpected(
            refusal{404, fmt::format("Device {} at IotHub {} not registered.", identity->device.readings.front(), settings_.name)});
    if (!holder)
        return wrong_signature();
    const bool module = store::is_module_key(holder->id);
    const auto device = devices_.find(store::device_in(holder->id));
    if (!device || !device->enabled)
        return std::unexpected(refusal{401, "The device is disabled."});
    principal shown;
    shown.what = principal::kind::device;
    shown.name = device->id;
    shown.module = module ? store::module_in(holder->id) : std::string_view();
    shown.devices = {device->id};
    shown.rights = auth::rights::device_connect;
    shown.generation_id = holder->generation_id;
    shown.key = *signing_key(token, *holder);
    shown.expires = token.expires;
    shown.scope_text = token.resource;
    return shown;
}

/// The device or the module whose key has signed. An id may be read in several ways, and there may be a device for more than one of
/// them: the key decides.
std::optional<store::device> access::key_holder(const auth::sas_token& token, const auth::identity_scope& of, bool& registered) const {
    const auto signs = [&](const std::optional<store::device>& one) {
        registered = registered || one;
        return one && signing_key(token, *one);
    };
    for (const auto& reading : of.device.readings) {
        auto found = devices_.find(reading);
        if (!of.module && signs(found))
            return found;
        if (!of.module || !found)
            continue;
        registered = true;
        for (const auto& inner : of.module->readings)
            if (auto module = devices_.find_module(reading, inner); signs(module))
                return module;
    }
    return std::nullopt;
}

std::expected<principal, refusal> access::check_bare_key(std::string_view name, std::string_view key) const {
    const auto* policy = policies_.find(name);
    const bool matches = policy && (auth::equal_in_constant_time(as_bytes(key), as_bytes(policy->primary_key)) ||
                                    auth::equal_in_constant_time(as_bytes(key), as_bytes(policy->secondary_key)));
    if (!matches)
        return wrong_signature();
    principal shown;
    shown.what = principal::kind::policy;
    shown.name = policy->name;
    shown.rights = policy->granted;
    shown.expires = never;
    return shown;
}

std::expected<principal, refusal> access::check_plain(bytes_view response) const {
    const auto parts = auth::parse_plain_response(response);
    if (!parts)
        return std::unexpected(refusal{401, parts.error()});
    const auto user = auth::parse_plain_user(parts->user);
    if (!user)
        return std::unexpected(refusal{401, user.error()});
    if (user->what == auth::plain_identity::kind::event_hub_policy && !auth::is_sas_token(parts->password))
        return check_bare_key(user->policy, parts->password);
    auto shown = check_token(parts->password);
    if (!shown)
        return shown;
    const bool by_policy = user->what != auth::plain_identity::kind::device;
    const bool fits = by_policy ? shown->what == principal::kind::policy && shown->name == user->policy
                                : shown->what == principal::kind::policy || user->device.names(shown->name);
    if (!fits)
        return wrong_signature();
    return shown;
}

bool access::has(const principal& who, auth::rights needed) const {
    return auth::includes(who.rights, needed) && !expired(who, clock_.now());
}

bool access::may_act_as_device(const principal& who, const store::device& device, std::string_view path) const {
    if (!has(who, auth::rights::device_connect) || !device.enabled)
        return false;
    if (who.what == principal::kind::device && (who.name != device.id || !still_itself(who, device)))
        return false;
    return auth::covers_entity(who.scope(), path);
}

/// Neither made anew since, nor given other keys.
bool access::still_itself(const principal& who, const store::device& device) const {
    const auto module = who.module.empty() ? std::nullopt : devices_.find_module(device.id, who.module);
    if (!who.module.empty() && !module)
        return false;
    const auto& holder = module ? *module : device;
    return who.generation_id == holder.generation_id && (who.key == holder.primary_key || who.key == holder.secondary_key);
}

bool access::is_certificate_of(const client_certificate& shown, const store::device& device) {
    const auto named = [&](const std::string& thumbprint) {
        return !thumbprint.empty() &&
               (auth::equal_ignoring_case(thumbprint, shown.sha1) || auth::equal_ignoring_case(thumbprint, shown.sha256));
    };
    if (!device.enabled)
        return false;
    if (device.authentication == store::authentication_type::self_signed)
        return named(device.primary_thumbprint) || named(device.secondary_thumbprint);
    return device.authentication == store::authentication_type::certificate_authority && shown.trusted && shown.common_name == device.id;
}

bool access::is_still_certificate_of(const client_certificate& shown, const store::device& device) const {
    return is_certificate_of(shown, device) &&
           (device.authentication != store::authentication_type::certificate_authority || !trust || trust(shown));
}

bool access::may_use_service(const principal& who, std::string_view path) const {
    return has(who, auth::rights::service_connect) && auth::covers_entity(who.scope(), path);
}

bool access::may_read_registry(const principal& who, std::string_view path) const {
    return has(who, auth::rights::registry_read) && auth::covers_entity(who.scope(), path);
}

bool access::may_write_registry(const principal& who, std::string_view path) const {
    return has(who, auth::rights::registry_write) && auth::covers_entity(who.scope(), path);
}

} // namespace capstan::hub
