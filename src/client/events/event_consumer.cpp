#include <capstan/event_consumer.hpp>

#include <boost/asio/dispatch.hpp>

#include "client/events/event_session.hpp"

namespace capstan {
namespace {

std::string comparison(std::string_view annotation, std::string_view operation, std::string_view value) {
    return "amqp.annotation." + std::string(annotation) + " " + std::string(operation) + " '" + std::string(value) + "'";
}

} // namespace

event_position event_position::earliest() { return event_position(comparison("x-opt-offset", ">", "-1")); }
event_position event_position::latest() { return event_position(comparison("x-opt-offset", ">", "@latest")); }
event_position event_position::after_sequence_number(std::int64_t number) {
    return event_position(comparison("x-opt-sequence-number", ">", std::to_string(number)));
}
event_position event_position::at_sequence_number(std::int64_t number) {
    return event_position(comparison("x-opt-sequence-number", ">=", std::to_string(number)));
}
event_position event_position::after_offset(std::string offset) { return event_position(comparison("x-opt-offset", ">", offset)); }
event_position event_position::at(wall_clock_time time) {
    return event_position(comparison("x-opt-enqueued-time", ">", std::to_string(time.time_since_epoch().count() - 1)));
}

using client::completion;

event_consumer::event_consumer(asio::any_io_executor executor, std::string_view connection_string, const event_options& what,
                               const client_options& options)
    : session_(client::event_session::create(executor, client::event_source(connection_string), what, options)) {}
event_consumer::event_consumer(asio::any_io_executor executor, const service_identity& hub, const event_options& what,
                               const client_options& options)
    : session_(client::event_session::create(executor, client::event_source(hub), what, options)) {}
event_consumer::~event_consumer() {
    if (session_)
        close();
}
event_consumer::event_consumer(event_consumer&&) noexcept = default;

void event_consumer::next(const session& in, detail::handler<std::optional<event>> then) {
    completion<std::optional<event>> done(std::move(then), in->strand());
    asio::dispatch(in->strand(), [in, done = std::move(done)]() mutable { in->next(std::move(done)); });
}

void event_consumer::save_checkpoint(const session& in, const checkpoint& what, detail::handler<> then) {
    completion<> done(std::move(then), in->strand());
    asio::dispatch(in->strand(), [in, what, done = std::move(done)]() mutable { in->checkpoint(what, std::move(done)); });
}

void event_consumer::partitions(const session& in, detail::handler<std::vector<partition_info>> then) {
    completion<std::vector<partition_info>> done(std::move(then), in->strand());
    asio::dispatch(in->strand(), [in, done = std::move(done)]() mutable { in->partitions(std::move(done)); });
}

void event_consumer::on_connection_changed(connection_observer observer) {
    asio::dispatch(session_->strand(), [in = session_, observer = std::move(observer)]() mutable { in->observe(std::move(observer)); });
}

void event_consumer::close() {
    asio::dispatch(session_->strand(), [in = session_] { in->close(); });
}

} // namespace capstan
