#pragma once
// Devices and their modules as a hub's registry has them.

#include <cstdint>
#include <string>

#include <capstan/message.hpp>

namespace capstan {

namespace client {
struct device_json;
} // namespace client

/// How a device proves who it is.
enum class device_authentication : std::uint8_t { sas, self_signed, certificate_authority, none };

/// A device as the registry has it. What a new one leaves empty the hub fills in.
class device {
public:
    device() = default;
    /// To be created, or changed whatever it is now.
    explicit device(std::string id) : id_(std::move(id)) {}

    /// Whether it may connect. By default it may.
    device& enabled(bool may_connect) & { return enabled_ = may_connect, *this; }
    /// 128 characters at most, for people.
    device& status_reason(std::string why) & { return status_reason_ = std::move(why), *this; }
    /// Base64 of 16 to 64 bytes. Empty: the hub makes keys for a new device, and keeps those of one that is there.
    device& keys(std::string primary, std::string secondary) & {
        primary_key_ = std::move(primary), secondary_key_ = std::move(secondary);
        return *this;
    }
    /// SHA-1 or SHA-256 of the device's certificates, in hex. They make it sign in by certificate.
    device& thumbprints(std::string primary, std::string secondary) & {
        primary_thumbprint_ = std::move(primary), secondary_thumbprint_ = std::move(secondary);
        authentication_ = device_authentication::self_signed;
        return *this;
    }
    /// An IoT Edge device.
    device& edge(bool is_edge) & { return edge_ = is_edge, *this; }
    /// The same on a device that is being made.
    ///@{
    device&& enabled(bool may_connect) && { return std::move(enabled(may_connect)); }
    device&& status_reason(std::string why) && { return std::move(status_reason(std::move(why))); }
    device&& keys(std::string primary, std::string secondary) && { return std::move(keys(std::move(primary), std::move(secondary))); }
    device&& thumbprints(std::string primary, std::string secondary) && {
        return std::move(thumbprints(std::move(primary), std::move(secondary)));
    }
    device&& edge(bool is_edge) && { return std::move(edge(is_edge)); }
    ///@}

    /// What was set, or what the hub has.
    ///@{
    const std::string& id() const { return id_; }
    bool enabled() const { return enabled_; }
    const std::string& status_reason() const { return status_reason_; }
    device_authentication authentication() const { return authentication_; }
    const std::string& primary_key() const { return primary_key_; }
    const std::string& secondary_key() const { return secondary_key_; }
    const std::string& primary_thumbprint() const { return primary_thumbprint_; }
    const std::string& secondary_thumbprint() const { return secondary_thumbprint_; }
    bool edge() const { return edge_; }
    ///@}

    /// What the hub alone knows: the version, which of several devices of this name in time, whether it is connected, when it last was
    /// heard of, and how many commands wait for it.
    ///@{
    const std::string& etag() const { return etag_; }
    const std::string& generation_id() const { return generation_id_; }
    bool connected() const { return connected_; }
    wall_clock_time last_activity() const { return last_activity_; }
    std::uint32_t waiting_commands() const { return waiting_commands_; }
    ///@}

private:
    friend struct client::device_json;
    std::string id_;
    bool enabled_ = true;
    std::string status_reason_;
    device_authentication authentication_ = device_authentication::sas;
    std::string primary_key_, secondary_key_, primary_thumbprint_, secondary_thumbprint_;
    bool edge_ = false;
    std::string etag_, generation_id_;
    bool connected_ = false;
    wall_clock_time last_activity_{};
    std::uint32_t waiting_commands_ = 0;
};

/// A module of a device as the registry has it. What a new one leaves empty the hub fills in.
class device_module {
public:
    device_module() = default;
    /// To be created, or changed whatever it is now.
    device_module(std::string device_id, std::string id) : device_id_(std::move(device_id)), id_(std::move(id)) {}

    /// Who looks after it, for people.
    device_module& managed_by(std::string who) & { return managed_by_ = std::move(who), *this; }
    /// Base64 of 16 to 64 bytes. Empty: the hub makes keys for a new module, and keeps those of one that is there.
    device_module& keys(std::string primary, std::string secondary) & {
        primary_key_ = std::move(primary), secondary_key_ = std::move(secondary);
        return *this;
    }
    /// The same on a module that is being made.
    ///@{
    device_module&& managed_by(std::string who) && { return std::move(managed_by(std::move(who))); }
    device_module&& keys(std::string primary, std::string secondary) && {
        return std::move(keys(std::move(primary), std::move(secondary)));
    }
    ///@}

    /// What was set, or what the hub has.
    ///@{
    const std::string& device_id() const { return device_id_; }
    const std::string& id() const { return id_; }
    const std::string& managed_by() const { return managed_by_; }
    const std::string& primary_key() const { return primary_key_; }
    const std::string& secondary_key() const { return secondary_key_; }
    ///@}

    /// What the hub alone knows, as of a device.
    ///@{
    const std::string& etag() const { return etag_; }
    const std::string& generation_id() const { return generation_id_; }
    bool connected() const { return connected_; }
    wall_clock_time last_activity() const { return last_activity_; }
    ///@}

private:
    friend struct client::device_json;
    std::string device_id_, id_, managed_by_, primary_key_, secondary_key_, etag_, generation_id_;
    bool connected_ = false;
    wall_clock_time last_activity_{};
};

} // namespace capstan
