#include "client/device_session.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/strand.hpp>

#include "auth/percent.hpp"
#include "client/command_settlement.hpp"
#include "client/endpoints.hpp"

namespace capstan::client {
namespace {

/// Commands that wait here are locked: few, so that what waits long does not come twice.
constexpr std::uint32_t default_prefetch = 10;

} // namespace

std::shared_ptr<device_session> device_session::create(const asio::any_io_executor& executor, device_identity who,
                                                       const client_options& options) {
    auto to = hub_endpoint(who.gateway_.empty() ? who.host_name_ : who.gateway_, options);
    to.certificate = who.certificate_;
    to.key = who.certificate_key_;
    const bool with_cbs = who.certificate_.empty();
    auto connection = std::make_shared<hub_connection>(asio::make_strand(executor), std::move(to), options, with_cbs);
    const std::shared_ptr<device_session> made(new device_session(std::move(connection), false, std::move(who)));
    made->join();
    return made;
}

std::shared_ptr<device_session> device_session::create(std::shared_ptr<hub_connection> shared, device_identity who) {
    if (!who.certificate_.empty())
        throw client_error(errc::invalid_argument, "a device with a certificate needs a connection of its own");
    const std::shared_ptr<device_session> made(new device_session(std::move(shared), true, std::move(who)));
    made->join();
    return made;
}

device_session::device_session(std::shared_ptr<hub_connection> connection, bool shares, device_identity who)
    : connection_(std::move(connection)), shares_(shares), who_(std::move(who)) {
    const auto& options = connection_->options();
    std::optional<token_source> tokens;
    if (who_.certificate_.empty()) {
        tokens.emplace();
        tokens->resource = without_port(who_.host_name_) + "/devices/" + who_.device_id_;
        if (!who_.module_id_.empty())
            tokens->resource += "/modules/" + who_.module_id_;
        tokens->audience = tokens->resource;
        tokens->provider = who_.tokens_ ? who_.tokens_ : provider_of(who_.key_, {});
        tokens->life = options.token_life();
    }
    participant_ = std::make_shared<participant>(strand(), std::move(tokens), options.retry());
}

void device_session::join() {
    participant_->on_failed = [weak = weak_from_this()](const client_error& why) {
        const auto self = weak.lock();
        if (!self)
            return;
        self->ended_ = why;
        self->connection_->remove(*self->participant_);
        for (auto& [which, each] : std::exchange(self->awaiting_end_, {}))
            why.reason() == errc::closed ? each.succeed() : each.fail(why);
        if (!self->shares_)
            self->connection_->close(why);
    };
    asio::dispatch(strand(), [self = shared_from_this()] { self->connection_->add(self->participant_); });
}

std::string device_session::address(std::string_view what) const {
    auto text = "/devices/" + auth::percent_encode(who_.device_id_);
    if (!who_.module_id_.empty())
        text += "/modules/" + auth::percent_encode(who_.module_id_);
    return text + "/messages/" + std::string(what);
}

void device_session::await_end(completion<> then) {
    if (ended_)
        return ended_->reason() == errc::closed ? then.succeed() : then.fail(*ended_);
    const auto which = next_ticket_++;
    then.cancel().assign([weak = weak_from_this(), which] { // as with a connection of its own: who is taken back has ended
        const auto self = weak.lock();
        if (self && self->awaiting_end_.contains(which))
            self->participant_->fail(client_error(errc::canceled));
    });
    awaiting_end_.emplace(which, std::move(then));
}

void device_session::send(amqp::bytes payload, std::uint32_t format, completion<> then) {
    if (!telemetry_ || telemetry_->failed()) {
        const auto& options = connection_->options();
        const sender_link::settings how{address("events"), options.max_queued_sends(), options.max_queued_bytes(),
                                        options.operation_time_out(), options.retry()};
        telemetry_ = std::make_shared<sender_link>(strand(), how);
        participant_->add(telemetry_);
    }
    const auto taken_back = then.cancel();
    auto sent = [then = std::move(then)](const std::optional<client_error>& failed) mutable {
        failed ? then.fail(*failed) : then.succeed();
    };
    telemetry_->send(std::move(payload), format, taken_back, std::move(sent));
}

void device_session::receive(completion<command> then) {
    if (!commands_ || commands_->failed()) {
        const auto& options = connection_->options();
        commands_ = std::make_shared<receiver_link>(
            strand(),
            receiver_link::settings{address("devicebound"), options.prefetch().value_or(default_prefetch), options.operation_time_out()});
        participant_->add(commands_);
    }
    const auto taken_back = then.cancel();
    commands_->receive(taken_back,
                       [on = commands_, strand = strand(), then = std::move(then)](std::expected<incoming, client_error> got) mutable {
                           if (got)
                               then.succeed(command_settlement::to_command(on, strand, *got));
                           else
                               then.fail(got.error());
                       });
}

void device_session::close() {
    const auto self = shared_from_this();
    participant_->fail(client_error(errc::closed));
}

} // namespace capstan::client
