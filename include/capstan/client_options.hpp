#pragma once
// How clients connect, wait and try again. Options are values with chained setters:
//
//     auto options = capstan::client_options().ca_file("run/tls/ca.pem").over(capstan::transport::amqp_over_websockets);

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace capstan {

/// How a client reaches the hub.
enum class transport : std::uint8_t {
    amqp,                 ///< AMQP over TLS, port 5671
    amqp_over_websockets, ///< the same inside a WebSocket over HTTPS, port 443: passes firewalls and proxies
    plain_amqp,           ///< without TLS, port 5672: for emulators on the same machine only
};

/// An HTTP proxy that is asked by CONNECT.
class http_proxy {
public:
    /// The connection to the proxy itself is plain HTTP.
    http_proxy(std::string host, std::uint16_t port) : host_(std::move(host)), port_(port) {}
    /// Basic authentication.
    http_proxy&& credentials(std::string user, std::string password) && {
        user_ = std::move(user), password_ = std::move(password);
        return std::move(*this);
    }
    /// What was set.
    ///@{
    const std::string& host() const { return host_; }
    std::uint16_t port() const { return port_; }
    const std::string& user() const { return user_; }
    const std::string& password() const { return password_; }
    ///@}

private:
    std::string host_;
    std::uint16_t port_;
    std::string user_, password_;
};

/// When a lost connection is tried again: after `first`, then after twice as long each time up to `most`, each pause shortened by a
/// random part of up to `jitter`, so that many clients do not come back at once.
class retry_policy {
public:
    retry_policy() = default;
    /// 200 ms.
    retry_policy& first(std::chrono::milliseconds pause) { return first_ = pause, *this; }
    /// 30 s.
    retry_policy& most(std::chrono::milliseconds pause) { return most_ = pause, *this; }
    /// 0 to 1; one half.
    retry_policy& jitter(double part) { return jitter_ = part, *this; }
    /// After so many attempts in a row without success async_run gives up; 0, the default: never.
    retry_policy& max_attempts(unsigned count) { return max_attempts_ = count, *this; }

    /// What was set, or its default.
    ///@{
    std::chrono::milliseconds first() const { return first_; }
    std::chrono::milliseconds most() const { return most_; }
    double jitter() const { return jitter_; }
    unsigned max_attempts() const { return max_attempts_; }
    ///@}

private:
    std::chrono::milliseconds first_{200}, most_{30'000};
    double jitter_ = 0.5;
    unsigned max_attempts_ = 0;
};

/// What is set for a client, with the defaults that each says. A value: copied into the client that is made with it.
class client_options {
public:
    client_options() = default;

    /// AMQP over TLS.
    client_options& over(transport how) { return transport_ = how, *this; }
    /// A PEM file with the authorities to trust instead of the system's: Capstan's is tls/ca.pem in its data folder.
    client_options& ca_file(std::filesystem::path pem) { return ca_file_ = std::move(pem), *this; }
    /// For all connections, REST too; there is none.
    client_options& proxy(http_proxy through) { return proxy_ = std::move(through), *this; }
    /// A name or an IP address to connect to instead of the host name's own address, for hubs that are reached by another way than their
    /// name says. Certificate and tokens are for the host name all the same.
    client_options& connect_to(std::string address) { return connect_to_ = std::move(address), *this; }
    /// Of AMQP, or of the WebSocket. The default is that of the transport; a port in the connection string's host name goes before.
    client_options& port(std::uint16_t number) { return port_ = number, *this; }
    /// Of the registry's REST interface; 443.
    client_options& https_port(std::uint16_t number) { return https_port_ = number, *this; }
    /// Of connections, tokens and links, of messages that the hub cannot take now, and of REST requests that only read.
    client_options& retry(const retry_policy& policy) { return retry_ = policy, *this; }
    /// To be connected, TLS included; 30 s.
    client_options& connect_time_out(std::chrono::milliseconds time) { return connect_time_out_ = time, *this; }
    /// Of one operation, from its call to its completion, with all attempts, and of one token until it is answered; 60 s. Receiving has
    /// none: cancel it instead.
    client_options& operation_time_out(std::chrono::milliseconds time) { return operation_time_out_ = time, *this; }
    /// A connection on which nothing came for so long is dead; 60 s. The hub is asked to send something within half of it.
    client_options& idle_time_out(std::chrono::milliseconds time) { return idle_time_out_ = time, *this; }
    /// Of the tokens that are made from a key; 1 h. They are renewed when 85 % of it have gone by.
    client_options& token_life(std::chrono::seconds life) { return token_life_ = life, *this; }
    /// Messages that were given to async_send and not yet accepted; 1,000. One more fails with errc::send_queue_full.
    client_options& max_queued_sends(std::size_t count) { return max_queued_sends_ = count, *this; }
    /// The same in bytes; 64 MiB. A single message may be larger.
    client_options& max_queued_bytes(std::size_t count) { return max_queued_bytes_ = count, *this; }
    /// Messages that may wait here to be received, each link; 50 (300 for events).
    client_options& prefetch(std::uint32_t count) { return prefetch_ = count, *this; }

    /// What was set, or its default.
    ///@{
    transport over() const { return transport_; }
    const std::optional<std::filesystem::path>& ca_file() const { return ca_file_; }
    const std::optional<http_proxy>& proxy() const { return proxy_; }
    const std::optional<std::string>& connect_to() const { return connect_to_; }
    std::optional<std::uint16_t> port() const { return port_; }
    std::uint16_t https_port() const { return https_port_; }
    const retry_policy& retry() const { return retry_; }
    std::chrono::milliseconds connect_time_out() const { return connect_time_out_; }
    std::chrono::milliseconds operation_time_out() const { return operation_time_out_; }
    std::chrono::milliseconds idle_time_out() const { return idle_time_out_; }
    std::chrono::seconds token_life() const { return token_life_; }
    std::size_t max_queued_sends() const { return max_queued_sends_; }
    std::size_t max_queued_bytes() const { return max_queued_bytes_; }
    std::optional<std::uint32_t> prefetch() const { return prefetch_; }
    ///@}

private:
    transport transport_ = transport::amqp;
    std::optional<std::filesystem::path> ca_file_;
    std::optional<http_proxy> proxy_;
    std::optional<std::string> connect_to_;
    std::optional<std::uint16_t> port_;
    std::uint16_t https_port_ = 443;
    retry_policy retry_;
    std::chrono::milliseconds connect_time_out_{30'000}, operation_time_out_{60'000}, idle_time_out_{60'000};
    std::chrono::seconds token_life_{3600};
    std::size_t max_queued_sends_ = 1000;
    std::size_t max_queued_bytes_ = 64u << 20;
    std::optional<std::uint32_t> prefetch_;
};

} // namespace capstan
