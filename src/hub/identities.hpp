#pragma once
// Who a peer has shown itself to be: one identity by SASL PLAIN, any number by tokens put on $cbs, and the devices that its TLS
// certificate is one of. Rights are decided per link, from all of them (contract/iothub-amqp.md, 1 and 4.8).

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/container/flat_map.hpp>

#include "hub/access.hpp"

namespace capstan::hub {

/// Kept by the device that they are for: of thousands on one connection, a link looks at its own and at the hub's.
class identities {
public:
    explicit identities(const access& rules, std::optional<client_certificate> certificate = std::nullopt)
        : access_(rules), certificate_(certificate ? std::make_unique<client_certificate>(*std::move(certificate)) : nullptr) {}

    /// A second token for the same scope replaces the first, unless that one is good for longer. False when there are too many.
    bool add(const principal& shown);

    /// Nobody so far: a certificate counts from when it was a device's.
    bool empty() const { return shown_.empty() && !certificate_was_good_; }
    bool has_certificate() const { return certificate_ != nullptr; }
    void certificate_was_good() { certificate_was_good_ = true; }

    enum class proof : std::uint8_t { policy, device_key, certificate };
    /// What lets the peer use this path of the device, or of its module; none when nothing does.
    std::optional<proof> for_device(const store::device& device, std::string_view path, const store::device* module = nullptr) const;
    /// The identity that lets the peer use this path of the service side.
    const principal* for_service(std::string_view path) const;
    /// The only device that the peer has shown itself to be, if it is only one and may still act so.
    std::optional<std::string> sole_device() const;

    /// Forgets what has expired; true when something had.
    bool forget_expired(wall_time now);

private:
    using list = std::vector<principal>;
    const list* of(const std::string& device) const;

    const access& access_;
    std::unique_ptr<const client_certificate> certificate_; ///< few have one
    bool certificate_was_good_ = false;
    boost::container::flat_map<std::string, list> shown_; ///< by device; those of the whole hub under the empty name
};

} // namespace capstan::hub
