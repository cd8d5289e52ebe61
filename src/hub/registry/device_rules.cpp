#include "hub/registry/device_rules.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "auth/base64.hpp"
#include "auth/random.hpp"
#include "hub/registry/device_json.hpp"

namespace capstan::hub {
namespace {

using reason = registry_refusal::reason;
using store::authentication_type;

constexpr std::string_view scope_prefix = "ms-azure-iot-edge://";

std::unexpected<registry_refusal> refuse(reason why, std::string text) { return std::unexpected(registry_refusal{why, std::move(text)}); }

/// Base64 of 16 to 64 bytes.
bool valid_key(const std::string& key) {
    const auto raw = auth::from_base64(key);
    return raw && raw->size() >= 16 && raw->size() <= 64;
}

/// Hex of a SHA-1 or a SHA-256.
bool valid_thumbprint(const std::string& text) {
    const auto hex = [](unsigned char c) { return c < 128 && std::isxdigit(c); };
    return (text.size() == 40 || text.size() == 64) && std::ranges::all_of(text, hex);
}

/// A rule's verdict: none when the device fits, perhaps after it has been completed.
using objection = std::optional<registry_refusal>;

/// A device has keys exactly when it signs in with them.
objection settle_keys(store::device& device, const store::device& before) {
    if (device.authentication != authentication_type::sas) {
        device.primary_key.clear();
        device.secondary_key.clear();
        return std::nullopt;
    }
    for (const auto key : {&store::device::primary_key, &store::device::secondary_key}) {
        if ((device.*key).empty())
            device.*key = (before.*key).empty() ? auth::random_key() : before.*key;
        if (!valid_key(device.*key))
            return registry_refusal{reason::malformed, "A key must be base64 of 16 to 64 bytes."};
    }
    return std::nullopt;
}

objection check_thumbprints(const store::device& device) {
    for (const auto* each : {&device.primary_thumbprint, &device.secondary_thumbprint})
        if (!each->empty() && !valid_thumbprint(*each))
            return registry_refusal{reason::invalid, "A thumbprint must be the 40 or 64 hexadecimal digits of a SHA-1 or SHA-256."};
    return std::nullopt;
}

/// Whether the scope is that of an edge device which is there: its id stands in it.
bool known_scope(std::string_view scope, const store::device_registry& devices) {
    const auto hyphen = scope.rfind('-');
    if (!scope.starts_with(scope_prefix) || hyphen < scope_prefix.size())
        return false;
    const auto edge = devices.find(scope.substr(scope_prefix.size(), hyphen - scope_prefix.size()));
    return edge && edge->edge && edge->scope == scope;
}

/// The one that it is created with, if it is one of its own: so an exported device comes back with the scope that its children name.
std::string own_scope(const store::device& device, std::string_view number) {
    const auto begin = fmt::format("{}{}-", scope_prefix, device.id);
    const auto given = std::string_view(device.scope);
    const bool its_own = given.starts_with(begin) && given.size() > begin.size() && given.size() < begin.size() + 20 &&
                         given.find_first_not_of("0123456789", begin.size()) == given.npos;
    return its_own ? device.scope : begin + std::string(number);
}

/// An edge device has a scope of its own, which nobody changes; any other is in the scope of its parent, or in none. A parent is
/// named by deviceScope or by parentScopes: what has changed counts.
objection settle_scopes(store::device& device, const store::device& before, const rule_context& with) {
    if (device.parent_scopes.size() > 1)
        return registry_refusal{reason::invalid, "A device has at most one parent scope."};
    if (device.edge) {
        device.scope = before.edge ? before.scope : own_scope(device, with.number);
    } else {
        const bool by_parents = device.scope == before.scope && (before.edge || device.parent_scopes != before.parent_scopes);
        if (by_parents)
            device.scope = device.parent_scopes.empty() ? std::string() : device.parent_scopes.front();
        device.parent_scopes.clear();
        if (!device.scope.empty())
            device.parent_scopes.push_back(device.scope);
    }
    // A parent that has gone since does not keep its children from being changed.
    if (device.parent_scopes.empty() || device.parent_scopes == before.parent_scopes)
        return std::nullopt;
    const auto& parent = device.parent_scopes.front();
    if (!known_scope(parent, with.devices) || (device.edge && parent == device.scope))
        return registry_refusal{reason::invalid, "deviceScope or parentScopes names no other edge device."};
    return std::nullopt;
}

std::expected<store::device, registry_refusal> laid_over(const store::device& before, const boost::json::value& body,
                                                         const rule_context& with) {
    if (!body.is_object())
        return refuse(reason::malformed, "The body must be a JSON object.");
    const bool module = store::is_module_key(before.id);
    auto merged = module ? merge_module_json(before, body) : merge_json(before, body);
    if (!merged)
        return refuse(reason::invalid, std::move(merged.error()));
    auto wrong = settle_keys(*merged, before);
    if (!wrong)
        wrong = check_thumbprints(*merged);
    if (!wrong && !module)
        wrong = settle_scopes(*merged, before, with);
    if (wrong)
        return std::unexpected(*std::move(wrong));
    return *std::move(merged);
}

} // namespace

bool valid_device_id(std::string_view id) {
    constexpr std::string_view others = "-:.+%_#*?!(),=@;$'";
    const auto allowed = [&](unsigned char c) { return (c < 128 && std::isalnum(c)) || others.find(static_cast<char>(c)) != others.npos; };
    return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, allowed);
}

/// The id may be anything, and goes into JSON and logs.
std::string not_a_device_id(std::string_view id) {
    std::string shown(id.substr(0, 128));
    std::ranges::replace_if(shown, [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
    return fmt::format("'{}' is not a valid device id.", shown);
}

std::expected<store::device, registry_refusal> new_device(const std::string& id, const boost::json::value& body, const rule_context& with) {
    for (const auto part : {store::device_in(id), store::module_in(id)}) // of a device's they are the same
        if (!valid_device_id(part))
            return refuse(reason::invalid, not_a_device_id(part));
    store::device blank;
    blank.id = id;
    auto made = laid_over(blank, body, with);
    if (made)
        made->generation_id = with.number;
    return made;
}

std::expected<store::device, registry_refusal> changed_device(const store::device& present, const boost::json::value& body,
                                                              const rule_context& with) {
    auto changed = laid_over(present, body, with);
    if (changed && changed->enabled != present.enabled)
        changed->status_updated = with.now;
    return changed;
}

} // namespace capstan::hub
