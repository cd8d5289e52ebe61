#pragma once
#include <algorithm>
#include <array>
#include <cstdint>

#include "auth/random.hpp"

namespace capstan::hub {

/// A GUID as .NET writes it into the delivery-tag (contract/iothub-amqp.md, 6.2).
using lock_token = std::array<std::uint8_t, 16>;

inline lock_token new_lock_token() {
    lock_token token;
    std::ranges::copy(auth::random_bytes(token.size()), token.begin());
    return token;
}

} // namespace capstan::hub
