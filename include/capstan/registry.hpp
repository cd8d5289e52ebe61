#pragma once
// The devices of a hub, over its REST interface.

#include <memory>
#include <string>
#include <vector>

#include <capstan/client_options.hpp>
#include <capstan/detail/initiate.hpp>
#include <capstan/message.hpp>
#include <capstan/service_identity.hpp>

namespace capstan {

namespace client {
class registry_session;
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

/// How many devices a hub has.
class registry_statistics {
public:
    registry_statistics() = default;
    std::uint64_t total = 0;    ///< all of them
    std::uint64_t enabled = 0;  ///< those that may connect
    std::uint64_t disabled = 0; ///< the others
};

/// All functions may be called from any thread, several at a time; each is a connection of its own. Handlers run on their own executor,
/// or else on `executor`, never inside the call.
///
/// Errors of all operations: unauthorized, hub_not_trusted, connection_failed, connection_lost, timed_out (after
/// client_options::operation_time_out; reading operations have been tried again until then), throttled, hub_unavailable, canceled.
/// client_error::condition() is the hub's own code, such as DeviceNotFound.
class registry {
public:
    /// Throws client_error (invalid_argument). The policy needs the right to read the registry, or to write it.
    ///@{
    registry(asio::any_io_executor executor, std::string_view connection_string, const client_options& options = client_options());
    registry(asio::any_io_executor executor, service_identity who, const client_options& options = client_options());
    ///@}

    /// Completes with the device as the hub has it now. More errors: already_exists, message_refused (what cannot be).
    template<completion_token<device> Token = asio::use_awaitable_t<>> auto async_create(device what, Token&& token = Token()) const {
        auto start = [in = session_, what = std::move(what)](detail::handler<device> then) mutable { create(in, what, std::move(then)); };
        return detail::initiate<device>(std::forward<Token>(token), std::move(start));
    }

    /// More errors: not_found.
    template<completion_token<device> Token = asio::use_awaitable_t<>> auto async_get(std::string id, Token&& token = Token()) const {
        auto start = [in = session_, id = std::move(id)](detail::handler<device> then) mutable { get(in, id, std::move(then)); };
        return detail::initiate<device>(std::forward<Token>(token), std::move(start));
    }

    /// Changes the device if it still is as it was when `what` was read (its etag); one without an etag is changed in any case. More
    /// errors: not_found, precondition_failed, message_refused.
    template<completion_token<device> Token = asio::use_awaitable_t<>> auto async_update(device what, Token&& token = Token()) const {
        auto start = [in = session_, what = std::move(what)](detail::handler<device> then) mutable { update(in, what, std::move(then)); };
        return detail::initiate<device>(std::forward<Token>(token), std::move(start));
    }

    /// Removes the device, its commands with it; `etag`: only if it is this version. More errors: not_found, precondition_failed.
    template<completion_token<> Token = asio::use_awaitable_t<>>
    auto async_remove(std::string id, std::string etag = {}, Token&& token = Token()) const {
        auto start = [in = session_, id = std::move(id), etag = std::move(etag)](detail::handler<> then) mutable {
            remove(in, id, etag, std::move(then));
        };
        return detail::initiate<>(std::forward<Token>(token), std::move(start));
    }

    /// At most 1,000.
    template<completion_token<std::vector<device>> Token = asio::use_awaitable_t<>>
    auto async_list(std::size_t at_most = 1000, Token&& token = Token()) const {
        auto start = [in = session_, at_most](detail::handler<std::vector<device>> then) mutable { list(in, at_most, std::move(then)); };
        return detail::initiate<std::vector<device>>(std::forward<Token>(token), std::move(start));
    }

    /// Completes with how many devices there are.
    template<completion_token<registry_statistics> Token = asio::use_awaitable_t<>> auto async_statistics(Token&& token = Token()) const {
        auto start = [in = session_](detail::handler<registry_statistics> then) mutable { statistics(in, std::move(then)); };
        return detail::initiate<registry_statistics>(std::forward<Token>(token), std::move(start));
    }

    /// Throws away the commands that wait for the device; completes with how many there were. More errors: not_found.
    template<completion_token<std::size_t> Token = asio::use_awaitable_t<>>
    auto async_purge_commands(std::string device_id, Token&& token = Token()) const {
        auto start = [in = session_, id = std::move(device_id)](detail::handler<std::size_t> then) mutable {
            purge(in, id, std::move(then));
        };
        return detail::initiate<std::size_t>(std::forward<Token>(token), std::move(start));
    }

private:
    using session = std::shared_ptr<client::registry_session>;
    static void create(const session& in, const device& what, detail::handler<device> then);
    static void get(const session& in, const std::string& id, detail::handler<device> then);
    static void update(const session& in, const device& what, detail::handler<device> then);
    static void remove(const session& in, const std::string& id, const std::string& etag, detail::handler<> then);
    static void list(const session& in, std::size_t at_most, detail::handler<std::vector<device>> then);
    static void statistics(const session& in, detail::handler<registry_statistics> then);
    static void purge(const session& in, const std::string& id, detail::handler<std::size_t> then);

    session session_;
};

} // namespace capstan
