#include "client/driver.hpp"

#include <boost/asio/post.hpp>

#include "client/classify.hpp"

namespace capstan::client {

namespace {

/// What we close ourselves, because nothing came for too long or because it was no AMQP, is a lost connection: the hub said nothing.
client_error why_closed(const amqp::closed& what) {
    if (!what.error)
        return client_error(errc::connection_lost, "the hub closed the connection");
    return what.by_peer ? classify(what.error) : client_error(errc::connection_lost, what.error.description, what.error.condition);
}

} // namespace

driver::driver(asio::any_io_executor executor, std::unique_ptr<byte_stream> stream, const amqp::settings& settings,
               std::function<void(const amqp::event&)> handle)
    : executor_(std::move(executor)), stream_(std::move(stream)), engine_(amqp::side::client, settings, now()), handle_(std::move(handle)),
      timer_(executor_), input_(64 * 1024) {}

void driver::start(std::function<void(const client_error&)> over) {
    over_ = std::move(over);
    read();
    turn();
}

void driver::read() {
    auto then = [self = shared_from_this()](boost::system::error_code error, std::size_t count) {
        if (self->ended_)
            return;
        if (error)
            return self->finish(self->closed_.value_or(client_error(errc::connection_lost, error.message())));
        self->engine_.receive({self->input_.data(), count}, now());
        self->turn();
        if (!self->ended_)
            self->read();
    };
    stream_->async_read_some(asio::buffer(input_), std::move(then));
}

/// All that ever happens: events out, bytes out, and when to look again.
void driver::turn() {
    engine_.tick(now());
    while (const auto event = engine_.next_event()) {
        if (const auto* closed = std::get_if<amqp::closed>(&*event))
            closed_ = why_closed(*closed);
        else if (!ended_)
            handle_(*event);
    }
    if (ended_)
        return;
    write();
    if (!writing_ && engine_.finished())
        return finish(closed_.value_or(client_error(errc::connection_lost)));
    set_timer();
}

void driver::write() {
    const auto next = engine_.output();
    if (writing_ || next.empty())
        return;
    output_.assign(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(std::min(next.size(), max_write)));
    engine_.sent(output_.size());
    writing_ = true;
    stream_->async_write(asio::buffer(output_), [self = shared_from_this()](boost::system::error_code error, std::size_t) {
        self->writing_ = false;
        if (self->ended_)
            return;
        if (error) // the reason may still be there to read: reading ends it
            return;
        self->turn();
    });
}

void driver::set_timer() {
    const auto due = engine_.next_deadline();
    if (!due) {
        timer_.cancel();
        return;
    }
    timer_.expires_at(*due);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
        if (!cancelled && !self->ended_)
            self->turn();
    });
}

void driver::wake() {
    if (std::exchange(woken_, true))
        return;
    asio::post(executor_, [self = shared_from_this()] {
        self->woken_ = false;
        if (!self->ended_)
            self->turn();
    });
}

void driver::close() {
    engine_.close();
    wake();
}

void driver::abandon() {
    ended_ = true;
    timer_.cancel();
    stream_->close();
}

void driver::finish(const client_error& why) {
    abandon();
    over_(why);
}

} // namespace capstan::client
