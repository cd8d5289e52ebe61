#include <capstan/service_client.hpp>

#include <boost/asio/dispatch.hpp>

#include "client/events/event_session.hpp"
#include "client/run_operation.hpp"
#include "client/service_session.hpp"

namespace capstan {

using client::completion;

service_client::service_client(asio::any_io_executor executor, std::string_view connection_string, const client_options& options)
    : service_client(std::move(executor), service_identity(connection_string), options) {}
service_client::service_client(asio::any_io_executor executor, service_identity who, const client_options& options)
    : session_(client::service_session::create(executor, std::move(who), options)) {}
service_client::~service_client() {
    if (session_)
        close();
}
service_client::service_client(service_client&&) noexcept = default;

void service_client::run(const session& in, detail::handler<> then) {
    client::start_run(in->connection(), completion<>(std::move(then), in->strand()));
}

void service_client::send(const session& in, std::string device_id, message what, detail::handler<std::string> then) {
    completion<std::string> done(std::move(then), in->strand());
    auto work = [in, device_id = std::move(device_id), what = std::move(what), done = std::move(done)]() mutable {
        in->send(device_id, std::move(what), std::move(done));
    };
    asio::dispatch(in->strand(), std::move(work));
}

void service_client::send_and_confirm(const session& in, std::string device_id, message what, detail::handler<feedback_record> then) {
    completion<feedback_record> done(std::move(then), in->strand());
    auto work = [in, device_id = std::move(device_id), what = std::move(what), done = std::move(done)]() mutable {
        in->send_and_confirm(device_id, std::move(what), std::move(done));
    };
    asio::dispatch(in->strand(), std::move(work));
}

void service_client::receive_feedback(const session& in, detail::handler<feedback_batch> then) {
    completion<feedback_batch> done(std::move(then), in->strand());
    asio::dispatch(in->strand(), [in, done = std::move(done)]() mutable { in->receive_feedback(std::move(done)); });
}

void service_client::receive_file(const session& in, detail::handler<file_notification> then) {
    completion<file_notification> done(std::move(then), in->strand());
    asio::dispatch(in->strand(), [in, done = std::move(done)]() mutable { in->receive_file(std::move(done)); });
}

registry service_client::registry() const { return {session_->executor(), session_->who(), session_->options()}; }

event_consumer service_client::open_events(std::string consumer_group, const event_position& from) {
    return open_events(event_options().consumer_group(std::move(consumer_group)).from(from));
}
event_consumer service_client::open_events(const event_options& what) {
    return {session_->executor(), session_->who(), what, session_->options()};
}

void service_client::on_connection_changed(connection_observer observer) {
    asio::dispatch(session_->strand(), [in = session_, observer = std::move(observer)]() mutable { in->observe(std::move(observer)); });
}

void service_client::close() {
    asio::dispatch(session_->strand(), [in = session_] { in->close(); });
}

} // namespace capstan
