#pragma once
// The device's side of an IoT hub: telemetry out, commands in.

#include <filesystem>
#include <vector>

#include <capstan/client_options.hpp>
#include <capstan/command.hpp>
#include <capstan/connection_state.hpp>
#include <capstan/token_provider.hpp>

namespace capstan {

namespace client {
class device_session;
class hub_connection;
} // namespace client

/// Who a device is, and how it proves it.
class device_identity {
public:
    /// HostName=..;DeviceId=..[;ModuleId=..];SharedAccessKey=..[;GatewayHostName=..]. Throws client_error (invalid_argument).
    explicit device_identity(std::string_view connection_string);

    /// The key is in base64.
    static device_identity by_key(std::string host_name, std::string device_id, std::string key);
    /// `tokens` is asked before each connection and each renewal.
    static device_identity by_tokens(std::string host_name, std::string device_id, token_provider tokens);
    /// PEM files. Not on a shared connection: the certificate is that of the connection.
    static device_identity by_certificate(std::string host_name, std::string device_id, std::filesystem::path certificate,
                                          std::filesystem::path key);

    /// A module of the device, with a key of its own or the device's.
    ///@{
    device_identity& module(std::string id) & { return module_id_ = std::move(id), *this; }
    device_identity&& module(std::string id) && { return std::move(module(std::move(id))); }
    ///@}

    /// Of the connection string; empty where it names none.
    ///@{
    const std::string& host_name() const { return host_name_; }
    const std::string& device_id() const { return device_id_; }
    const std::string& module_id() const { return module_id_; }
    ///@}

private:
    friend class client::device_session;
    device_identity(std::string host_name, std::string device_id) : host_name_(std::move(host_name)), device_id_(std::move(device_id)) {}

    std::string host_name_, device_id_, module_id_, gateway_, key_;
    token_provider tokens_;
    std::filesystem::path certificate_, certificate_key_;
};

/// One connection that many devices share: thousands of them, each with its own token and its own fate. It may go before its devices'
/// clients do: they are then closed. All functions may be called from any thread.
class device_connection {
public:
    /// `host_name` may have a port.
    device_connection(asio::any_io_executor executor, std::string host_name, const client_options& options = client_options());
    ~device_connection();
    /// What was moved from may only be destroyed.
    device_connection(device_connection&&) noexcept;

    /// Connects, reconnects, and serves the devices until closed. Errors: as device_client::async_run, without those of a device's
    /// own credentials.
    template<completion_token<> Token = asio::use_awaitable_t<>> auto async_run(Token&& token = Token()) {
        return detail::initiate<>(std::forward<Token>(token),
                                  [on = connection_](detail::handler<> then) mutable { run(on, std::move(then)); });
    }
    /// Says goodbye to the hub for all devices, and ends async_run.
    void close();

private:
    friend class device_client;
    static void run(const std::shared_ptr<client::hub_connection>& on, detail::handler<> then);
    std::shared_ptr<client::hub_connection> connection_;
};

/// One device (or module). The object is the device's presence: while async_run is under way it connects, shows its token and renews
/// it, reconnects, and sends again what was not accepted. Destroying it is close().
///
///     asio::awaitable<void> thermostat(std::string connection_string) {
///         capstan::device_client device(co_await asio::this_coro::executor, connection_string);
///         device.async_run(asio::detached);
///         auto reading = capstan::message(R"({"celsius":21.4})").property("alert", "no");
///         co_await device.async_send(std::move(reading));   // the hub has it on disk
///     }
///
/// All functions may be called from any thread. Handlers run on their own executor, or else on `executor`, never inside the call.
class device_client {
public:
    /// With a connection of its own. Throws client_error (invalid_argument).
    ///@{
    device_client(asio::any_io_executor executor, std::string_view connection_string, const client_options& options = client_options());
    device_client(asio::any_io_executor executor, device_identity who, const client_options& options = client_options());
    ///@}
    /// On a shared connection, whose host and options count. Throws client_error (invalid_argument).
    ///@{
    device_client(device_connection& shared, std::string_view connection_string);
    device_client(device_connection& shared, device_identity who);
    ///@}
    ~device_client();
    /// What was moved from may only be destroyed.
    device_client(device_client&&) noexcept;

    /// Completes, without an error, once the client was closed. Errors: unauthorized, unknown_device (refused at the first attempt; who
    /// has been let in before keeps trying), hub_not_trusted, invalid_argument (a file that cannot be read); what made the last
    /// attempt fail when retry_policy::max_attempts is used up; canceled. To be called once. On a shared connection it does nothing but
    /// wait for the device's end.
    template<completion_token<> Token = asio::use_awaitable_t<>> auto async_run(Token&& token = Token()) {
        return detail::initiate<>(std::forward<Token>(token),
                                  [in = session_](detail::handler<> then) mutable { run(in, std::move(then)); });
    }

    /// Sends telemetry. Completes when the hub has accepted it: on disk, where the hub is Capstan. May be called before async_run and
    /// while there is no connection: it waits, and so it does while the hub says that it is busy. At least once: a message that was under
    /// way when the connection was lost is sent again, with the same message id. Errors: timed_out, send_queue_full, message_too_large,
    /// message_refused, throttled, quota_exceeded, the errors that end async_run, closed, canceled.
    template<completion_token<> Token = asio::use_awaitable_t<>> auto async_send(message what, Token&& token = Token()) {
        auto start = [in = session_, what = std::move(what)](detail::handler<> then) mutable {
            send(in, std::move(what), std::move(then));
        };
        return detail::initiate<>(std::forward<Token>(token), std::move(start));
    }
    /// Several messages as one: all are accepted, or none is. At most 256 KB together (message_too_large). Completes as one message does,
    /// at once when there is none; errors are the same.
    template<completion_token<> Token = asio::use_awaitable_t<>> auto async_send(std::vector<message> batch, Token&& token = Token()) {
        auto start = [in = session_, batch = std::move(batch)](detail::handler<> then) mutable {
            send_batch(in, std::move(batch), std::move(then));
        };
        return detail::initiate<>(std::forward<Token>(token), std::move(start));
    }

    /// The next command for this device. The first call subscribes. Completes when there is one, however long that takes: cancel it,
    /// or close the client. Errors: what the hub has
    /// against it (not_found, message_refused: the next call subscribes anew), those that end async_run, closed, canceled.
    template<completion_token<command> Token = asio::use_awaitable_t<>> auto async_receive(Token&& token = Token()) {
        return detail::initiate<command>(std::forward<Token>(token),
                                         [in = session_](detail::handler<command> then) mutable { receive(in, std::move(then)); });
    }

    /// Called with each change. To be set before async_run.
    void on_connection_changed(connection_observer observer);

    /// Says goodbye to the hub, and does not wait for it. What is not yet done fails with errc::closed, and async_run ends.
    void close();

private:
    using session = std::shared_ptr<client::device_session>;
    static void run(const session& in, detail::handler<> then);
    static void send(const session& in, message what, detail::handler<> then);
    static void send_batch(const session& in, std::vector<message> batch, detail::handler<> then);
    static void receive(const session& in, detail::handler<command> then);

    session session_;
};

} // namespace capstan
