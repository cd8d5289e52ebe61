#pragma once
#include <array>
#include <cstdint>

namespace capstan::hub {

/// A GUID as .NET writes it into the delivery-tag (contract/iothub-amqp.md, 6.2).
using lock_token = std::array<std::uint8_t, 16>;

/// Random: nobody can guess one that was given to another.
lock_token new_lock_token();

} // namespace capstan::hub
