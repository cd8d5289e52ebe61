#include "client/hub_connection.hpp"

#include <algorithm>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "auth/random.hpp"

namespace capstan::client {
namespace {

/// A connection that lasted this long was a good one: the next pause is short again. A hub that takes connections only to close
/// them is not hammered.
constexpr std::chrono::seconds good_while{5};

} // namespace

hub_connection::hub_connection(asio::any_io_executor strand, endpoint to, const client_options& options, bool with_cbs)
    : strand_(std::move(strand)), to_(std::move(to)), options_(options), with_cbs_(with_cbs), settings_(engine_settings()),
      backoff_(options.retry()), signal_(strand_) {}

amqp::settings hub_connection::engine_settings() const {
    amqp::settings settings;
    settings.container_id = auth::random_uuid();
    settings.hostname = to_.host;
    settings.idle_time_out = options_.idle_time_out();
    settings.handshake_time_out = options_.connect_time_out();
    if (options_.over() != transport::plain_amqp || with_cbs_)
        settings.sasl_mechanism = with_cbs_ ? "ANONYMOUS" : "EXTERNAL";
    return settings;
}

// --- the life of it

asio::awaitable<void> hub_connection::run() {
    const auto self = shared_from_this();
    while (!closed_) {
        const auto why = co_await connect_and_converse();
        std::chrono::milliseconds pause{0};
        if (last_word(*why, pause))
            break;
        const auto participants = participants_;
        for (const auto& each : participants)
            each->waiting(*why, pause);
        signal_.expires_after(pause);
        co_await until_over();
    }
    const auto participants = std::exchange(participants_, {});
    for (const auto& each : participants)
        each->fail(*closed_);
    if (closed_->reason() != errc::closed)
        throw *closed_;
}

/// Gives back why it is over, always.
asio::awaitable<std::optional<client_error>> hub_connection::connect_and_converse() {
    const auto participants = participants_;
    for (const auto& each : participants)
        each->connecting();
    std::unique_ptr<byte_stream> stream;
    try {
        auto opening =
            asio::co_spawn(strand_, open_stream(to_, options_), asio::bind_cancellation_slot(give_up_.slot(), asio::use_awaitable));
        stream = co_await std::move(opening);
    } catch (const client_error& failed) {
        co_return failed;
    } catch (const std::exception& failed) { // cancelled
        co_return client_error(errc::connection_failed, failed.what());
    }
    if (closed_)
        co_return closed_;
    const auto began = std::chrono::steady_clock::now();
    now_.emplace();
    over_.reset();
    const auto weak = weak_from_this();
    auto handle = [weak](const amqp::event& what) {
        if (const auto self = weak.lock())
            self->on_event(what);
    };
    now_->on = std::make_shared<driver>(strand_, std::move(stream), settings_, std::move(handle));
    signal_.expires_at(asio::steady_timer::time_point::max());
    auto ended = [weak](const client_error& why) {
        if (const auto self = weak.lock())
            self->end_of_conversation(why);
    };
    now_->on->start(std::move(ended));
    while (!over_)
        co_await until_over();
    const auto those_on_it = participants_;
    for (const auto& each : those_on_it)
        each->offline(*over_);
    const bool was_open = now_->open;
    now_.reset();
    if (was_open && std::chrono::steady_clock::now() - began > good_while)
        backoff_.reset();
    co_return over_;
}

asio::awaitable<void> hub_connection::until_over() {
    boost::system::error_code ignored; // a cancelled wait is a signal as well
    co_await signal_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

/// Whether that was it. Otherwise: when to try again.
bool hub_connection::last_word(const client_error& why, std::chrono::milliseconds& pause) {
    if (closed_)
        return true;
    const bool hopeless = why.kind() != failure_kind::transient && why.kind() != failure_kind::limit && !connected_before_;
    const auto next = hopeless ? std::nullopt : backoff_.next();
    if (!next)
        closed_ = why;
    else
        pause = *next;
    return !next;
}

void hub_connection::end_of_conversation(const client_error& why) {
    over_ = why;
    signal_.cancel();
}

void hub_connection::close(const client_error& why) {
    if (closed_)
        return;
    closed_ = why;
    const auto participants = std::exchange(participants_, {});
    for (const auto& each : participants)
        each->fail(why);
    if (now_ && now_->on && !over_)
        now_->on->close();
    else
        signal_.cancel();
    give_up_.emit(asio::cancellation_type::terminal);
}

// --- participants

void hub_connection::add(std::shared_ptr<participant> added) {
    if (closed_)
        return added->fail(*closed_);
    participants_.push_back(added);
    if (now_ && now_->open)
        added->online(*now_->with);
}

void hub_connection::remove(const participant& gone) {
    std::erase_if(participants_, [&](const auto& each) { return each.get() == &gone; });
    if (now_)
        boost::unordered::erase_if(now_->links, [&](const auto& each) { return each.second.whose == &gone; });
}

// --- events

void hub_connection::on_event(const amqp::event& what) {
    std::visit([this](const auto& event) { on(event); }, what);
}

void hub_connection::on(const amqp::opened&) {
    now_->open = connected_before_ = true;
    auto wake = [weak = std::weak_ptr(now_->on)] {
        if (const auto on = weak.lock())
            on->wake();
    };
    auto route = [this](amqp::link_id id, std::shared_ptr<link> to, participant* whose) {
        now_->links[static_cast<std::uint32_t>(id)] = {std::move(to), whose};
    };
    if (with_cbs_)
        now_->cbs = std::make_unique<request_response>(strand_, "$cbs", "cbs", options_.operation_time_out());
    now_->with.emplace(wire(now_->on->engine(), std::move(wake)), now_->cbs.get(), std::move(route));
    if (with_cbs_) {
        const auto channel = now_->on->engine().open_session();
        for (const auto& each : {now_->cbs->requests(), now_->cbs->replies()}) {
            const auto id = now_->on->engine().attach(channel.value_or(0), each->request());
            if (!id)
                return now_->on->close();
            each->attached(now_->with->to, *id);
            now_->with->route(*id, each, nullptr);
        }
    }
    const auto participants = participants_;
    for (const auto& each : participants)
        each->online(*now_->with);
}

template<class Use> void hub_connection::with_link(amqp::link_id id, Use&& use) {
    const auto found = now_->links.find(static_cast<std::uint32_t>(id));
    if (found == now_->links.end())
        return;
    const auto routed = found->second; // stays, whatever is done to the table meanwhile
    use(routed);
}

/// A link that the peer refuses is answered too, but leads nowhere (part 2, section 2.6.3).
void hub_connection::on(const amqp::attached& what) {
    const auto* info = now_->on->engine().find(what.link);
    const bool accepted = info && !(info->role == amqp::role::receiver ? info->source : info->target).empty();
    with_link(what.link, [&](const auto& found) {
        if (accepted && found.whose)
            found.whose->link_accepted(*found.to);
    });
}

void hub_connection::on(const amqp::detached& what) {
    with_link(what.link, [&](const auto& found) {
        now_->links.erase(static_cast<std::uint32_t>(what.link));
        if (found.whose)
            found.whose->link_detached(found.to, what.error);
        else
            now_->on->close(); // nobody can show a token any more
    });
}

void hub_connection::on(const amqp::delivery& what) {
    with_link(what.link, [&](const auto& found) {
        if (found.whose)
            found.whose->link_accepted(*found.to);
        found.to->on_delivery(what);
    });
}

void hub_connection::on(const amqp::disposed& what) {
    with_link(what.link, [&](const auto& found) { found.to->on_disposed(what); });
}

void hub_connection::on(const amqp::credited& what) {
    with_link(what.link, [&](const auto& found) {
        if (found.whose)
            found.whose->link_accepted(*found.to);
        found.to->on_credited();
    });
}

} // namespace capstan::client
