#pragma once
// The service's side of an IoT hub: commands to devices, and what became of them.

#include <capstan/client_options.hpp>
#include <capstan/connection_state.hpp>
#include <capstan/event_consumer.hpp>
#include <capstan/feedback.hpp>
#include <capstan/registry.hpp>
#include <capstan/service_identity.hpp>

namespace capstan {

namespace client {
class service_session;
}

/// A service's connection to its hub. While async_run is under way it connects, renews its token, reconnects, and sends again what was
/// not accepted. Destroying it is close().
///
///     capstan::service_client service(co_await asio::this_coro::executor, connection_string);
///     service.async_run(asio::detached);
///     auto open_valve = capstan::message("open valve").expires_after(10min);
///     auto outcome = co_await service.async_send_and_confirm("valve-7", std::move(open_valve));
///
/// All functions may be called from any thread. Handlers run on their own executor, or else on `executor`, never inside the call.
class service_client {
public:
    /// Throws client_error (invalid_argument).
    ///@{
    service_client(asio::any_io_executor executor, std::string_view connection_string, const client_options& options = client_options());
    service_client(asio::any_io_executor executor, service_identity who, const client_options& options = client_options());
    ///@}
    ~service_client();
    /// What was moved from may only be destroyed.
    service_client(service_client&&) noexcept;

    /// Completes, without an error, once the client was closed. Errors: unauthorized, hub_not_trusted, invalid_argument at the first
    /// attempt; what made the last attempt fail when retry_policy::max_attempts is used up; canceled. To be called once.
    template<completion_token<> Token = asio::use_awaitable_t<>> auto async_run(Token&& token = Token()) {
        return detail::initiate<>(std::forward<Token>(token),
                                  [in = session_](detail::handler<> then) mutable { run(in, std::move(then)); });
    }

    /// Sends a command to a device. Completes with its message id when it is in the device's queue: on disk, where the hub is Capstan.
    /// At least once: after a lost connection it is sent again, with the same message id. Errors: not_found (the device),
    /// quota_exceeded (its queue is full), message_too_large, message_refused, timed_out, send_queue_full, throttled, those that end
    /// async_run, closed, canceled.
    template<completion_token<std::string> Token = asio::use_awaitable_t<>>
    auto async_send(std::string device_id, message what, Token&& token = Token()) {
        auto start = [in = session_, device_id = std::move(device_id), what = std::move(what)](detail::handler<std::string> then) mutable {
            send(in, std::move(device_id), std::move(what), std::move(then));
        };
        return detail::initiate<std::string>(std::forward<Token>(token), std::move(start));
    }

    /// The same, and waits for what becomes of it: completes with its feedback. There is no time-out but the message's own expiry,
    /// and the 60 s for the sending: cancel it to stop waiting. A hub's feedback is one queue: who confirms reads all of it; what
    /// belongs to others is kept for async_receive_feedback.
    template<completion_token<feedback_record> Token = asio::use_awaitable_t<>>
    auto async_send_and_confirm(std::string device_id, message what, Token&& token = Token()) {
        auto start = [in = session_, device_id = std::move(device_id),
                      what = std::move(what)](detail::handler<feedback_record> then) mutable {
            send_and_confirm(in, std::move(device_id), std::move(what), std::move(then));
        };
        return detail::initiate<feedback_record>(std::forward<Token>(token), std::move(start));
    }

    /// The next batch of feedback. The first call subscribes. Completes when there is one: cancel it, or close the
    /// client. Errors: unauthorized and what else the hub has against it (the next call subscribes anew), those that end async_run,
    /// closed, canceled.
    template<completion_token<feedback_batch> Token = asio::use_awaitable_t<>> auto async_receive_feedback(Token&& token = Token()) {
        return detail::initiate<feedback_batch>(std::forward<Token>(token), [in = session_](detail::handler<feedback_batch> then) mutable {
            receive_feedback(in, std::move(then));
        });
    }

    /// The next file that a device has uploaded. The first call subscribes. Completes when there is one, with the errors of
    /// async_receive_feedback.
    template<completion_token<file_notification> Token = asio::use_awaitable_t<>>
    auto async_receive_file_notification(Token&& token = Token()) {
        auto start = [in = session_](detail::handler<file_notification> then) mutable { receive_file(in, std::move(then)); };
        return detail::initiate<file_notification>(std::forward<Token>(token), std::move(start));
    }

    /// The hub's devices. Needs no async_run; may be used after the client is gone.
    capstan::registry registry() const;

    /// Telemetry, by the hub's redirect to its built-in event hub. The second way takes all options: checkpoints, sharing.
    ///@{
    event_consumer open_events(std::string consumer_group = "$Default", const event_position& from = event_position::latest());
    event_consumer open_events(const event_options& what);
    ///@}

    /// Called with each change. To be set before async_run.
    void on_connection_changed(connection_observer observer);

    /// Says goodbye to the hub, and does not wait for it. What is not yet done fails with errc::closed, and async_run ends.
    void close();

private:
    using session = std::shared_ptr<client::service_session>;
    static void run(const session& in, detail::handler<> then);
    static void send(const session& in, std::string device_id, message what, detail::handler<std::string> then);
    static void send_and_confirm(const session& in, std::string device_id, message what, detail::handler<feedback_record> then);
    static void receive_feedback(const session& in, detail::handler<feedback_batch> then);
    static void receive_file(const session& in, detail::handler<file_notification> then);

    session session_;
};

} // namespace capstan
