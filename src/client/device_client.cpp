#include <capstan/device_client.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/strand.hpp>

#include "auth/connection_string.hpp"
#include "client/device_session.hpp"
#include "client/endpoints.hpp"
#include "client/message_codec.hpp"
#include "client/run_operation.hpp"

namespace capstan {

using client::completion;

// --- device_identity

device_identity::device_identity(std::string_view connection_string) {
    auto parsed = auth::parse_hub_connection_string(connection_string);
    if (!parsed)
        throw client_error(errc::invalid_argument, parsed.error());
    if (parsed->device_id.empty() || parsed->key.empty())
        throw client_error(errc::invalid_argument, "not a device's connection string: it needs DeviceId and SharedAccessKey");
    host_name_ = std::move(parsed->host_name);
    device_id_ = std::move(parsed->device_id);
    module_id_ = std::move(parsed->module_id);
    gateway_ = std::move(parsed->gateway);
    key_ = std::move(parsed->key);
}

device_identity device_identity::by_key(std::string host_name, std::string device_id, std::string key) {
    device_identity made(std::move(host_name), std::move(device_id));
    made.key_ = std::move(key);
    return made;
}

device_identity device_identity::by_tokens(std::string host_name, std::string device_id, token_provider tokens) {
    device_identity made(std::move(host_name), std::move(device_id));
    made.tokens_ = std::move(tokens);
    return made;
}

device_identity device_identity::by_certificate(std::string host_name, std::string device_id, std::filesystem::path certificate,
                                                std::filesystem::path key) {
    device_identity made(std::move(host_name), std::move(device_id));
    made.certificate_ = std::move(certificate);
    made.certificate_key_ = std::move(key);
    return made;
}

// --- device_connection

device_connection::device_connection(asio::any_io_executor executor, std::string host_name, const client_options& options)
    : connection_(
          std::make_shared<client::hub_connection>(asio::make_strand(executor), client::hub_endpoint(host_name, options), options, true)) {}

device_connection::~device_connection() {
    if (connection_)
        close();
}
device_connection::device_connection(device_connection&&) noexcept = default;

void device_connection::run(const std::shared_ptr<client::hub_connection>& on, detail::handler<> then) {
    client::start_run(on, completion<>(std::move(then), on->strand()));
}

void device_connection::close() {
    asio::dispatch(connection_->strand(), [on = connection_] { on->close(); });
}

// --- device_client

device_client::device_client(asio::any_io_executor executor, std::string_view connection_string, const client_options& options)
    : device_client(std::move(executor), device_identity(connection_string), options) {}
device_client::device_client(asio::any_io_executor executor, device_identity who, const client_options& options)
    : session_(client::device_session::create(executor, std::move(who), options)) {}
device_client::device_client(device_connection& shared, std::string_view connection_string)
    : device_client(shared, device_identity(connection_string)) {}
device_client::device_client(device_connection& shared, device_identity who)
    : session_(client::device_session::create(shared.connection_, std::move(who))) {}

device_client::~device_client() {
    if (session_)
        close();
}
device_client::device_client(device_client&&) noexcept = default;

void device_client::run(const session& in, detail::handler<> then) {
    completion<> done(std::move(then), in->strand());
    if (!in->shares())
        return client::start_run(in->connection(), std::move(done));
    asio::dispatch(in->strand(), [in, done = std::move(done)]() mutable { in->await_end(std::move(done)); });
}

void device_client::send(const session& in, message what, detail::handler<> then) {
    completion<> done(std::move(then), in->strand());
    auto payload = client::encode(std::move(what));
    asio::dispatch(in->strand(), [in, payload = std::move(payload), done = std::move(done)]() mutable {
        in->send(std::move(payload), 0, std::move(done));
    });
}

void device_client::send_batch(const session& in, std::vector<message> batch, detail::handler<> then) {
    completion<> done(std::move(then), in->strand());
    if (batch.empty())
        return done.succeed();
    auto payload = client::encode_batch(std::move(batch));
    asio::dispatch(in->strand(), [in, payload = std::move(payload), done = std::move(done)]() mutable {
        in->send(std::move(payload), amqp::batched_message_format, std::move(done));
    });
}

void device_client::receive(const session& in, detail::handler<command> then) {
    completion<command> done(std::move(then), in->strand());
    asio::dispatch(in->strand(), [in, done = std::move(done)]() mutable { in->receive(std::move(done)); });
}

void device_client::on_connection_changed(connection_observer observer) {
    asio::dispatch(session_->strand(), [in = session_, observer = std::move(observer)]() mutable { in->observe(std::move(observer)); });
}

void device_client::close() {
    asio::dispatch(session_->strand(), [in = session_] { in->close(); });
}

} // namespace capstan
