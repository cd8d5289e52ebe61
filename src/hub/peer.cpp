#include "hub/peer.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <spdlog/spdlog.h>

#include "auth/random.hpp"
#include "hub/endpoints/endpoints.hpp"

namespace capstan::hub {
namespace {

class connected_peer final : public peer {
public:
    connected_peer(hub& owner, std::size_t thread, amqp::connection& engine, peer_origin origin, std::function<void()> wake)
        : with_{.hub = owner,
                .thread = thread,
                .engine = engine,
                .origin = std::move(origin.address),
                .wake = std::move(wake),
                .forget_link = [this](amqp::link_id link) { drop(link); },
                .hostname = {},
                .identities = identities(owner.access()),
                .cbs_replies = {},
                .management_replies = {},
                .twin_links = {}} {}

    void handle(const amqp::event& event) override {
        std::visit([this](const auto& what) { on(what); }, event);
    }

    void tick() override;
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
    void disconnected() override { drop_all(); }

private:
    void on(const amqp::sasl_requested& asked);
    void on(const amqp::opened& theirs) { with_.hostname = theirs.hostname.substr(0, theirs.hostname.find(':')); }
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

    conversation with_;
    boost::unordered_flat_map<std::uint32_t, std::shared_ptr<endpoint>> endpoints_;
};

/// Who has a name and a token shows them; who has not does so later, on $cbs (contract/iothub-amqp.md, 2.2).
void connected_peer::on(const amqp::sasl_requested& asked) {
    constexpr std::string_view welcome = "Welcome!";
    constexpr std::uint8_t ok = 0, refused = 1;
    if (asked.mechanism == "MSSBCBS" || asked.mechanism == "ANONYMOUS")
        return with_.engine.answer_sasl(ok, amqp::as_bytes(welcome));
    if (asked.mechanism == "PLAIN") {
        auto shown = with_.hub.access().check_plain(asked.response);
        if (shown) {
            with_.identities.add(std::move(*shown));
            return with_.engine.answer_sasl(ok, amqp::as_bytes(welcome));
        }
        spdlog::info("SASL PLAIN refused peer={} reason=\"{}\"", with_.origin, shown.error().text);
    }
    with_.engine.answer_sasl(refused);
}

void connected_peer::on(const amqp::attached& link) {
    const auto* info = with_.engine.find(link.link);
    if (!info)
        return;
    auto made = make_endpoint(with_, *info);
    if (!made) {
        spdlog::info("link refused peer={} source=\"{}\" target=\"{}\" condition={} description=\"{}\"", with_.origin,
                     info->source_terminus.address, info->target_terminus.address, made.error().why.condition,
                     made.error().why.description);
        with_.engine.refuse(link.link, std::move(made.error().why), made.error().pause);
        return;
    }
    endpoints_.emplace(static_cast<std::uint32_t>(link.link), *made);
    (*made)->open();
}

void connected_peer::on(const amqp::closed& how) {
    if (how.error)
        spdlog::info("connection closed peer={} by_peer={} condition={} description=\"{}\"", with_.origin, how.by_peer, how.error.condition,
                     how.error.description);
    drop_all();
}

void connected_peer::drop(amqp::link_id link) {
    const auto found = endpoints_.find(static_cast<std::uint32_t>(link));
    if (found == endpoints_.end())
        return;
    const auto gone = std::move(found->second);
    endpoints_.erase(found);
    gone->on_detached();
}

void connected_peer::drop_all() {
    for (auto& [id, each] : std::exchange(endpoints_, {}))
        each->on_detached();
}

/// A token has run out: links that nothing else allows are detached (contract/iothub-amqp.md, 4.7).
void connected_peer::tick() {
    if (!with_.identities.forget_expired(with_.now()))
        return;
    std::vector<amqp::link_id> live;
    for (const auto& [id, each] : endpoints_)
        live.push_back(static_cast<amqp::link_id>(id));
    for (const auto link : live) {
        const auto* info = with_.engine.find(link);
        if (!info || link_allowed(with_, *info))
            continue;
        with_.engine.detach(link, amqp::error(amqp::condition::unauthorized_access, "Token Invalid."));
        drop(link);
    }
    with_.wake();
}

} // namespace

std::shared_ptr<peer> peer::create(hub& hub, std::size_t thread, amqp::connection& engine, peer_origin origin, std::function<void()> wake) {
    return std::make_shared<connected_peer>(hub, thread, engine, std::move(origin), std::move(wake));
}

amqp::settings engine_settings(const settings&) {
    amqp::settings engine;
    engine.container_id = "DeviceGateway_" + auth::random_hex(16);
    engine.hostname = "localhost";
    engine.sasl_mechanisms = {"EXTERNAL", "MSSBCBS", "ANONYMOUS", "PLAIN"};
    return engine;
}

} // namespace capstan::hub
