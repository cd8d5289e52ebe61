#pragma once
// Who signs in with SASL PLAIN, and with what. contract/iothub-amqp.md, section 3; contract/event-hubs.md, 2.1.

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "auth/resource.hpp"
#include "base/bytes.hpp"

namespace capstan::auth {

/// The parts of a PLAIN response (RFC 4616): authzid NUL authcid NUL password.
struct plain_response {
    std::string authorization; ///< empty in practice
    std::string user;
    std::string password;
};

/// Longer responses are refused: a user name of two encoded ids and a token of the largest size fit.
constexpr std::size_t max_plain_response_size = 16 * 1024;

std::expected<plain_response, std::string> parse_plain_response(bytes_view response);

/// A user name taken apart.
struct plain_identity {
    enum class kind {
        hub_policy,       ///< {policy}@sas.root.{hub}: the password is a SAS token whose skn must be the policy
        device,           ///< {device}[/modules/{module}]@sas.{hub} (or @{hub}): the password is a SAS token of the identity's key
        event_hub_policy, ///< {policy}: the password is the policy's key, as text
    };
    kind what = kind::device;
    std::string policy;
    segment device;
    std::optional<segment> module; ///< none for a device
    std::string hub;       ///< check with host_names::contains_hub(); empty for event_hub_policy
};

std::expected<plain_identity, std::string> parse_plain_user(std::string_view user);

} // namespace capstan::auth
