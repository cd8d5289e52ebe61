#include "client/sender_link.hpp"

#include "auth/random.hpp"
#include "client/classify.hpp"

namespace capstan::client {

sender_link::sender_link(asio::any_io_executor strand, settings how)
    : strand_(std::move(strand)), how_(std::move(how)), backoff_(how_.retry), pause_(strand_), deadline_(strand_),
      name_("sender-" + auth::random_uuid()) {}

amqp::attach_request sender_link::request() {
    amqp::attach_request asked;
    asked.name = name_;
    asked.role = amqp::role::sender;
    asked.source = amqp::encode_source(name_);
    asked.target = amqp::encode_target(how_.address);
    asked.snd_settle_mode = amqp::sender_settle_mode::unsettled;
    return asked;
}

void sender_link::send(amqp::bytes payload, std::uint32_t format, const cancellation& taken_back, done then) {
    if (failed_)
        return then(failed_);
    if (queue_.size() >= how_.max_queued || (!queue_.empty() && queued_bytes_ + payload.size() > how_.max_queued_bytes))
        return then(client_error(errc::send_queue_full, std::to_string(queue_.size()) + " messages wait to be accepted"));
    const auto which = next_ticket_++;
    taken_back.assign([weak = weak_from_this(), which] {
        if (const auto self = weak.lock())
            self->cancel(which);
    });
    queued_bytes_ += payload.size();
    queue_.emplace(which, outgoing{std::move(payload), format, std::chrono::steady_clock::now() + how_.time_out, std::move(then)});
    to_send_.insert(which);
    watch_deadlines();
    pump();
}

/// Sends what there is credit for. What has been sent stays in the queue until it is settled.
void sender_link::pump() {
    if (!up() || pausing_)
        return;
    const bool any = !to_send_.empty() && engine().credit(id()) > 0;
    std::vector<ticket> too_large; // the application is told when the queue has been gone through
    while (!to_send_.empty() && engine().credit(id()) > 0) {
        const auto which = *to_send_.begin();
        auto& message = queue_.at(which);
        const amqp::bytes_view payload = message.payload;
        if (!fits(payload)) {
            too_large.push_back(which);
            to_send_.erase(to_send_.begin());
            continue;
        }
        std::array<std::uint8_t, 8> tag;
        for (std::size_t at = 0; at < tag.size(); ++at)
            tag[at] = static_cast<std::uint8_t>(which >> (8 * at));
        const auto sent = engine().send(id(), tag, {&payload, 1}, {.settled = false, .message_format = message.format});
        if (!sent)
            break;
        unsettled_[static_cast<std::uint32_t>(*sent)] = which;
        message.given_back.reset();
        to_send_.erase(to_send_.begin());
    }
    if (any)
        wake();
    for (const auto which : too_large)
        finish(which, client_error(errc::message_too_large, "the message is larger than the hub takes on this link"));
}

/// The engine would end the link for such a message, and the others' with it.
bool sender_link::fits(amqp::bytes_view message) const {
    const auto* about = engine().find(id());
    return about == nullptr || about->max_message_size == 0 || message.size() <= about->max_message_size;
}

void sender_link::on_disposed(const amqp::disposed& what) {
    const auto first = static_cast<std::uint32_t>(what.first), count = static_cast<std::uint32_t>(what.last) - first;
    std::vector<ticket> settled;
    std::erase_if(unsettled_, [&](const auto& each) {
        const bool meant = each.first - first <= count && (what.settled || what.state.terminal());
        if (meant)
            settled.push_back(each.second);
        return meant;
    });
    if (!what.settled && !settled.empty()) // receiver-settle-mode second: it waits for us to agree
        engine().confirm(id(), what.first, what.last, what.state), wake();
    for (const auto which : settled)
        conclude(which, what.state);
    pump();
}

void sender_link::conclude(ticket which, const amqp::delivery_state& state) {
    using shape = amqp::delivery_state::shape;
    if (state.what == shape::released || state.what == shape::modified)
        return send_again(which, client_error(errc::hub_unavailable, "the hub gave the message back"));
    if (state.what == shape::rejected && passes_by_itself(state.error))
        return send_again(which, classify(state.error));
    if (state.what == shape::rejected)
        return finish(which, classify(state.error));
    backoff_.reset();
    finish(which, std::nullopt);
}

/// Until its time is up.
void sender_link::send_again(ticket which, const client_error& why) {
    const auto found = queue_.find(which);
    if (found == queue_.end()) // taken back meanwhile
        return;
    found->second.given_back = why;
    to_send_.insert(which);
    if (pausing_)
        return;
    const auto pause = backoff_.next();
    if (!pause)
        return finish(which, why);
    pausing_ = true;
    pause_.expires_after(*pause);
    pause_.async_wait([weak = weak_from_this()](boost::system::error_code) {
        if (const auto self = weak.lock()) {
            self->pausing_ = false;
            self->pump();
        }
    });
}

void sender_link::finish(ticket which, const std::optional<client_error>& why) {
    to_send_.erase(which);
    if (auto finished = queue_.extract(which)) {
        queued_bytes_ -= finished.mapped().payload.size();
        finished.mapped().then(why);
    }
}

void sender_link::cancel(ticket which) { finish(which, client_error(errc::canceled)); }

void sender_link::watch_deadlines() {
    if (watching_ || queue_.empty())
        return;
    watching_ = true;
    deadline_.expires_at(queue_.begin()->second.deadline);
    deadline_.async_wait([weak = weak_from_this()](boost::system::error_code) {
        const auto self = weak.lock();
        if (!self)
            return;
        self->watching_ = false;
        const auto now = std::chrono::steady_clock::now();
        while (!self->queue_.empty() && self->queue_.begin()->second.deadline <= now) {
            const auto& [which, message] = *self->queue_.begin();
            self->finish(which, message.given_back.value_or(client_error(errc::timed_out, "no answer to the message")));
        }
        self->watch_deadlines();
    });
}

/// What is not settled is sent again, in its old order and before all that came later.
void sender_link::on_lost(const client_error&) {
    unsettled_.clear();
    for (const auto& [which, message] : queue_)
        to_send_.insert(which);
}

void sender_link::on_failed(const client_error& why) {
    failed_ = why;
    unsettled_.clear();
    to_send_.clear();
    queued_bytes_ = 0;
    for (auto& [which, message] : std::exchange(queue_, {}))
        message.then(why);
    deadline_.cancel();
    pause_.cancel();
}

} // namespace capstan::client
