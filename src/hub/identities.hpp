#pragma once
// Who a peer has shown itself to be: one identity by SASL PLAIN, and any number by tokens put on $cbs. Rights are decided per link,
// from all of them (contract/iothub-amqp.md, 1 and 4.8).

#include <optional>
#include <string_view>
#include <vector>

#include "hub/access.hpp"

namespace capstan::hub {

class identities {
public:
    explicit identities(const access& rules) : access_(rules) {}

    /// A second token for the same scope replaces the first. False when there are too many.
    bool add(principal shown);

    /// The identity that lets the peer act as this device (or module), which then exists and is enabled. Null: none.
    const principal* for_device(std::string_view device, std::string_view module) const;
    /// The identity that lets the peer use this path of the service side.
    const principal* for_service(std::string_view path) const;
    /// The only device that the peer has shown itself to be, if it is only one.
    std::optional<std::string_view> sole_device() const;

    /// Forgets what has expired; true when something had.
    bool forget_expired(wall_time now);

private:
    const access& access_;
    std::vector<principal> shown_;
};

} // namespace capstan::hub
