#include "hub/peer.hpp"

#include <boost/container/flat_map.hpp>
#include <spdlog/spdlog.h>

#include "auth/random.hpp"
#include "hub/endpoints/endpoints.hpp"

namespace capstan::hub {
namespace {

using namespace std::chrono_literals;

/// contract/event-hubs.md, section 7.
constexpr auto first_link_time = 60s, no_link_time = 300s;
/// A connection takes a place: who does not say who it is gives it back. As long as for the first link.
constexpr auto sign_in_time = 60s;
/// Of links by somebody who has not signed in: the engine keeps each until the peer has answered.
constexpr std::size_t refusals_of_strangers = 64;
/// Live ones, to sign in and to ask: each may have brought a frame full of properties that is kept.
constexpr std::size_t links_of_strangers = 16;
/// Kept until the peer detaches, even when the link was refused. Azure's clients write two ids and some uuids.
constexpr std::size_t longest_link_name = 1024;

/// The real hub's words (contract/iothub-amqp.md, 4.7).
amqp::error token_invalid(wall_time now) { return describe_verbatim(errc::token_expired, "Token Invalid.", now); }

class connected_peer final : public peer, private link_owner {
public:
    connected_peer(hub& owner, std::size_t thread, amqp::connection& engine, peer_origin origin, std::move_only_function<void()> wake,
                   amqp::steady_time now)
        : with_{.hub = owner,
                .thread = thread,
                .engine = engine,
                .origin = std::move(origin.address),
                .wake = std::move(wake),
                .links = *this,
                .hostname = {},
                .log = peer_log(owner.log_lines()),
                .identities = identities(owner.access(), std::move(origin.certificate)),
                .cbs_box = {},
                .management_box = {},
                .twin_links = {},
                .connected = {}},
          now_(now) {
        engine.word_errors([this](const amqp::error& why) { return worded(why); });
    }

    void handle(const amqp::event& event) override {
        std::visit([this](const auto& what) { on(what); }, event);
    }

    void tick(amqp::steady_time now) override;
    void writable() override {
        // An endpoint may go while it sends: the list is made first.
        std::vector<std::shared_ptr<endpoint>> live;
        for (const auto& [id, each] : endpoints_)
            live.push_back(each);
        for (const auto& each : live)
            each->on_credit();
    }
    std::size_t unanswered() const override { return with_.unanswered; }
    bool congested() const override {
        return with_.bytes_in_flight >= in_flight_high_water || with_.hub.bytes_in_flight() >= hub::in_flight_limit;
    }
    void quiesce() override { with_.quiescing = true; }
    void say_goodbye() override {
        if (!with_.engine.is_open()) // it has been said: each further time would wake us for the next
            return;
        const auto why = describe(errc::server_busy, amqp::condition::connection_forced, "The hub is stopping.", with_.now());
        for (const auto& [id, each] : endpoints_)
            with_.engine.detach(static_cast<amqp::link_id>(id), why);
        close(why);
    }
    void disconnected() override {
        gone_ = true;
        drop_all();
    }

private:
    void forget_link(amqp::link_id link) override { drop(link); }
    void check_link(amqp::link_id link, const std::string& device) override { end_if_forbidden(link, why_forbidden(device)); }

    void on(const amqp::sasl_requested& asked);
    void on(const amqp::opened& theirs) { with_.hostname = auth::parse_scope(theirs.hostname).host; }
    void on(const amqp::attached& link);
    void on(const amqp::detached& link) { drop(link.link); }
    void on(const amqp::closed& how);
    void on(const amqp::delivery& what) {
        if (const auto found = find(what.link))
            found->on_delivery(what);
    }
    void on(const amqp::disposed& what) {
        if (const auto found = find(what.link))
            found->on_disposed(what);
    }
    void on(const amqp::credited& what) {
        if (const auto found = find(what.link))
            found->on_credit();
    }

    std::shared_ptr<endpoint> find(amqp::link_id link) const {
        const auto found = endpoints_.find(static_cast<std::uint32_t>(link));
        return found == endpoints_.end() ? nullptr : found->second;
    }
    void drop(amqp::link_id link);
    void drop_all();
    void refuse(const amqp::link_info& link, refusal why);
    void look_again_at(const amqp::attached& link, wall_time turn);
    void end_forbidden_links();
    amqp::error why_forbidden(const std::string& device) const;
    void end_if_forbidden(amqp::link_id link, amqp::error why);
    amqp::error worded(const amqp::error& why);
    void close_when_unused();
    void close(amqp::error why);

    conversation with_;
    amqp::steady_time now_; ///< of the last tick: a clock that somebody sets must not end connections
    amqp::steady_time without_links_since_ = now_, stranger_since_ = now_;
    bool had_links_ = false, signed_in_by_sasl_ = false;
    bool gone_ = false; ///< and the engine with it
    std::size_t refused_as_stranger_ = 0;
    boost::container::flat_map<std::uint32_t, std::shared_ptr<endpoint>> endpoints_;
};

/// Who has a name and a token shows them; who has not does so later, on $cbs (contract/iothub-amqp.md, 2.2).
void connected_peer::on(const amqp::sasl_requested& asked) {
    constexpr std::string_view welcome = "Welcome!";
    constexpr std::uint8_t ok = 0, refused = 1;
    if (asked.mechanism == "MSSBCBS" || asked.mechanism == "ANONYMOUS")
        return with_.engine.answer_sasl(ok, amqp::as_bytes(welcome));
    if (asked.mechanism == "EXTERNAL" && with_.identities.has_certificate())
        return with_.engine.answer_sasl(ok, amqp::as_bytes(welcome));
    if (asked.mechanism == "PLAIN") {
        auto shown = with_.hub.access().check_plain(asked.response);
        if (shown) {
            with_.identities.add(*shown);
            signed_in_by_sasl_ = true;
            return with_.engine.answer_sasl(ok, amqp::as_bytes(welcome));
        }
        if (with_.log.may_write(with_.now()))
            spdlog::info("SASL PLAIN refused peer={} reason=\"{}\"", with_.origin, printable(shown.error().text));
    }
    with_.engine.answer_sasl(refused);
}

void connected_peer::on(const amqp::attached& link) {
    const auto* info = with_.engine.find(link.link);
    if (!info || !with_.engine.is_open())
        return;
    if (info->name.size() > longest_link_name)
        return close(describe(errc::argument_invalid, amqp::condition::invalid_field, "A link's name is too long.", with_.now()));
    if (with_.identities.empty() && endpoints_.size() >= links_of_strangers)
        return close(describe(errc::unauthorized, "Too many links were asked for without a token.", with_.now()));
    auto made = make_endpoint(with_, *info);
    if (!made && made.error().turn)
        return look_again_at(link, *made.error().turn);
    if (!made)
        return refuse(*info, std::move(made.error()));
    had_links_ = true;
    endpoints_.emplace(static_cast<std::uint32_t>(link.link), *made);
    (*made)->open();
}

/// The link is not answered before the throttle has a turn for it.
void connected_peer::look_again_at(const amqp::attached& link, wall_time turn) {
    with_.hub.waiting_turns(with_.thread).add(turn, [self = weak_from_this(), link] {
        const auto live = std::static_pointer_cast<connected_peer>(self.lock());
        if (!live || live->gone_)
            return;
        live->on(link);
        live->with_.wake();
    });
}

void connected_peer::refuse(const amqp::link_info& link, refusal why) {
    if (why.why.condition != amqp::condition::link_redirect)
        with_.refused("link", why.why, link.id);
    with_.engine.refuse(link.id, std::move(why.why), why.pause);
    if (with_.identities.empty() && ++refused_as_stranger_ > refusals_of_strangers)
        close(describe(errc::unauthorized, "Too many links were asked for without a token.", with_.now()));
}

void connected_peer::on(const amqp::closed& how) {
    if (how.error && how.by_peer && with_.log.may_write(with_.now()))
        spdlog::info("connection closed by peer={} condition={} description=\"{}\"", with_.origin, printable(how.error.condition),
                     printable(how.error.description));
    drop_all();
}

/// What the engine finds wrong is refused like anything else: with a number and a tracking id, which stand in the log.
amqp::error connected_peer::worded(const amqp::error& why) {
    auto said = describe(code_of(why.condition), why.condition, why.description, with_.now());
    with_.refused("protocol", said, with_.hostname);
    return said;
}

void connected_peer::drop(amqp::link_id link) {
    const auto found = endpoints_.find(static_cast<std::uint32_t>(link));
    if (found == endpoints_.end())
        return;
    const auto gone = std::move(found->second);
    endpoints_.erase(found);
    without_links_since_ = now_;
    gone->on_detached();
}

void connected_peer::drop_all() {
    for (auto& [id, each] : std::exchange(endpoints_, {}))
        each->on_detached();
}

void connected_peer::tick(amqp::steady_time now) {
    now_ = now;
    if (const auto count = with_.log.left_out())
        spdlog::info("{} more lines about peer={} were left out", count, with_.origin);
    const bool known = !with_.identities.empty();
    if (with_.identities.forget_expired(with_.now()))
        end_forbidden_links();
    if (known && with_.identities.empty())
        stranger_since_ = now_;
    if (!with_.engine.is_open())
        return;
    for (const auto& [id, each] : endpoints_) // which stay: nobody ends in a second's work
        each->on_second();
    close_when_unused();
}

/// A token has run out: links that nothing else allows are detached (contract/iothub-amqp.md, 4.7).
void connected_peer::end_forbidden_links() {
    std::vector<amqp::link_id> live;
    for (const auto& [id, each] : endpoints_)
        live.push_back(static_cast<amqp::link_id>(id));
    for (const auto link : live)
        end_if_forbidden(link, token_invalid(with_.now()));
}

/// What has been done to the device (contract/semantics.md, 5.6).
amqp::error connected_peer::why_forbidden(const std::string& device) const {
    const auto found = with_.hub.access().find_device(store::device_in(device));
    if (found && !found->enabled)
        return describe(errc::device_disabled, "The device is disabled.", with_.now());
    return describe(errc::unauthorized, found ? "What the link was allowed by was changed." : "The device was removed.", with_.now());
}

void connected_peer::end_if_forbidden(amqp::link_id link, amqp::error why) {
    const auto* info = with_.engine.find(link);
    if (!info || link_allowed(with_, *info))
        return;
    with_.refused("live link", why, link);
    with_.engine.detach(link, std::move(why));
    drop(link);
    with_.wake();
}

/// Who has signed in by SASL cannot do so again: its connection ends with its token. Others may put a new one for a while.
void connected_peer::close_when_unused() {
    const auto unused = now_ - without_links_since_;
    const auto allowed = had_links_ ? no_link_time : first_link_time;
    if (endpoints_.empty() && unused >= allowed)
        return close(describe_as_event_hub(
            amqp::condition::connection_forced,
            fmt::format("The connection was inactive for more than the allowed {} milliseconds and is closed by container 'LinkTracker'.",
                        std::chrono::milliseconds(allowed).count()),
            with_.now()));
    if (!with_.identities.empty())
        return;
    if (signed_in_by_sasl_)
        return close(token_invalid(with_.now()));
    if (now_ - stranger_since_ >= sign_in_time)
        close(describe(errc::unauthorized, "No valid token was put on $cbs in time.", with_.now()));
}

void connected_peer::close(amqp::error why) {
    with_.refused("connection", why, with_.hostname);
    with_.engine.close(std::move(why));
    with_.wake();
}

} // namespace

std::shared_ptr<peer> peer::create(hub& hub, std::size_t thread, amqp::connection& engine, peer_origin origin,
                                   std::move_only_function<void()> wake, amqp::steady_time now) {
    return std::make_shared<connected_peer>(hub, thread, engine, std::move(origin), std::move(wake), now);
}

amqp::settings engine_settings(const settings&) {
    amqp::settings engine;
    engine.container_id = "DeviceGateway_" + auth::random_hex(16);
    engine.hostname = "localhost";
    engine.sasl_mechanisms = {"EXTERNAL", "MSSBCBS", "ANONYMOUS", "PLAIN"};
    return engine;
}

} // namespace capstan::hub
