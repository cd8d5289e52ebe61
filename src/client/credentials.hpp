#pragma once
// How an identity proves itself: with tokens, made of a key or by the application, or by the TLS certificate of its connection.

#include <functional>
#include <optional>
#include <string>

#include <capstan/token_provider.hpp>

namespace capstan::client {

/// What tokens are asked for, and how they are come by.
struct token_source {
    std::string audience;   ///< put-token's name
    std::string resource;   ///< what the token is to be good for: {host}, {host}/devices/{id}, ...
    token_provider provider;
    std::chrono::seconds life{3600};
};

/// A provider that signs with a key. `policy`: the key's name; empty for a device's own.
token_provider provider_of(std::string key_base64, std::string policy);

/// When a token that was put at `now` is to be renewed: when 85 % of what is left of its life have gone by. A token that does not
/// say when it ends is taken to last `life`.
std::chrono::milliseconds renew_after(const std::string& token, std::chrono::system_clock::time_point now, std::chrono::seconds life);

} // namespace capstan::client
