// Our client's engine against our server's: whatever both do in whatever order, messages come whole, in order and once, and what
// became of them comes back.
#include <functional>
#include <map>

#include <gtest/gtest.h>

#include "support/engine_pair.hpp"

namespace capstan::amqp::test {
namespace {

settings small_windows(std::uint32_t max_frame_size) {
    settings result;
    result.container_id = "pair";
    result.sasl_mechanisms = {"ANONYMOUS"};
    result.max_frame_size = max_frame_size;
    result.incoming_window = 6;
    return result;
}

settings of_client() {
    auto result = small_windows(512);
    result.sasl_mechanism = "ANONYMOUS";
    return result;
}

/// The message of this number: as large as several frames, now and then empty but for its number.
std::string message(std::size_t number) {
    return std::to_string(number) + ':' + std::string(number * 137 % 2'000, static_cast<char>('a' + number % 26));
}

/// What one end of a link has seen. Numbers count from 0 on each link.
struct lane {
    std::size_t sent = 0, received = 0, settled = 0;
    std::map<delivery_id, bool> open; ///< deliveries of ours that nobody has judged
};

/// An owner that sends, receives, settles; what it must see holds at each step.
class party {
public:
    party(engine_pair& pair, connection& engine) : pair_(pair), engine_(engine) {}

    void handle(const event& what) {
        std::visit([this](const auto& each) { on(each); }, what);
    }
    void send_one() {
        for (auto& [link, state] : lanes_) {
            if (engine_.find(link)->role != role::sender || engine_.credit(link) == 0 || pair_.random(0, 2) > 0)
                continue;
            const auto text = message(state.sent++);
            const std::string_view all = text;
            const auto middle = pair_.random(0, all.size());
            const std::array pieces{as_bytes(all.substr(0, middle)), as_bytes(all.substr(middle))};
            const bool settled = pair_.random(0, 3) == 0;
            const auto id = engine_.send(link, as_bytes("tag"), pieces, {.settled = settled});
            ASSERT_TRUE(id) << "there was credit";
            settled ? void(++state.settled) : void(state.open.emplace(*id, true));
        }
    }
    void drain_one() {
        for (auto& [link, state] : lanes_)
            if (engine_.find(link)->role == role::receiver && pair_.random(0, 9) == 0)
                engine_.set_credit(link, engine_.credit_left(link), true);
    }
    void top_up() {
        for (auto& [link, state] : lanes_)
            if (engine_.find(link)->role == role::receiver)
                engine_.set_credit(link, 8);
    }
    void attach(std::uint16_t channel) {
        attach_request request{.name = "link " + std::to_string(++names_),
                               .role = pair_.random(0, 1) == 0 ? role::sender : role::receiver,
                               .source = encode_source("here"),
                               .target = encode_target("there"),
                               .snd_settle_mode = {},
                               .rcv_settle_mode = {},
                               .properties = {},
                               .desired_capabilities = {}};
        request.credit = 4;
        engine_.attach(channel, request);
    }
    void detach_one() {
        if (lanes_.empty())
            return;
        const auto chosen = std::next(lanes_.begin(), static_cast<std::ptrdiff_t>(pair_.random(0, lanes_.size() - 1)));
        EXPECT_TRUE(engine_.detach(chosen->first));
        lanes_.erase(chosen);
    }

    std::map<std::string, lane> by_name() {
        std::map<std::string, lane> result;
        for (const auto& [link, state] : lanes_)
            result[engine_.find(link)->name] = state;
        return result;
    }
    std::size_t received() const { return received_; }
    bool closed() const { return closed_; }

private:
    void on(const sasl_requested&) { engine_.answer_sasl(0); }
    void on(const opened&) {}
    void on(const attached& e) {
        EXPECT_TRUE(lanes_.emplace(e.link, lane{}).second);
        if (e.by_peer) {
            EXPECT_TRUE(engine_.accept(e.link, {.credit = 4}));
        }
    }
    void on(const detached& e) {
        EXPECT_FALSE(e.error) << e.error.condition << ' ' << e.error.description;
        EXPECT_EQ(lanes_.erase(e.link), 1u);
    }
    void on(const delivery& e) {
        ASSERT_TRUE(lanes_.contains(e.link));
        auto& state = lanes_[e.link];
        EXPECT_EQ(as_text(e.payload), message(state.received++));
        ++received_;
        if (!e.settled) {
            EXPECT_TRUE(engine_.settle(e.link, e.id, e.id, delivery_state::accepted()));
        }
        if (engine_.credit_left(e.link) < 2) {
            EXPECT_TRUE(engine_.set_credit(e.link, 8));
        }
    }
    void on(const disposed& e) {
        ASSERT_TRUE(lanes_.contains(e.link));
        auto& state = lanes_[e.link];
        EXPECT_TRUE(e.settled);
        EXPECT_EQ(e.state.what, delivery_state::shape::accepted);
        for (auto id = static_cast<std::uint32_t>(e.first);; ++id) {
            EXPECT_EQ(state.open.erase(static_cast<delivery_id>(id)), 1u) << "judged, and was not open";
            ++state.settled;
            if (id == static_cast<std::uint32_t>(e.last))
                break;
        }
    }
    void on(const credited& e) {
        if (engine_.draining(e.link))
            engine_.drained(e.link);
    }
    void on(const amqp::closed& e) {
        closed_ = true;
        EXPECT_FALSE(e.error) << e.error.condition << ' ' << e.error.description;
    }

    engine_pair& pair_;
    connection& engine_;
    std::map<link_id, lane> lanes_;
    std::size_t names_ = 0, received_ = 0;
    bool closed_ = false;
};

class EnginePair : public testing::TestWithParam<unsigned> {
protected:
    EnginePair() {
        pair.on_client([this](connection&, const event& what) { client.handle(what); });
        pair.on_server([this](connection&, const event& what) { server.handle(what); });
    }
    void do_something() {
        party& who = pair.random(0, 1) == 0 ? client : server;
        switch (pair.random(0, 30)) {
        case 0: return client.attach(sessions[pair.random(0, sessions.size() - 1)]);
        case 1: return pair.random(0, 3) == 0 ? who.detach_one() : void();
        case 2: return who.drain_one();
        case 3: return who.top_up();
        case 4: return pair.time_passes(std::chrono::milliseconds(500));
        default: who.send_one();
        }
        for (std::size_t times = pair.random(0, 4); times > 0; --times)
            pair.carry_some();
    }

    engine_pair pair{of_client(), small_windows(700), GetParam()};
    party client{pair, pair.client()}, server{pair, pair.server()};
    std::vector<std::uint16_t> sessions;
};

TEST_P(EnginePair, LosesNothing) {
    ASSERT_TRUE(pair.settle_down());
    for (int count = 0; count < 3; ++count)
        sessions.push_back(pair.client().open_session().value());
    for (int count = 0; count < 4'000 && !HasFatalFailure(); ++count) {
        do_something();
        pair.carry_some();
    }
    ASSERT_TRUE(pair.settle_down());

    const auto theirs = client.by_name(), ours = server.by_name();
    ASSERT_EQ(theirs.size(), ours.size());
    for (const auto& [name, one] : theirs) {
        ASSERT_TRUE(ours.contains(name)) << name;
        const auto& other = ours.at(name);
        EXPECT_EQ(one.sent, other.received) << name;
        EXPECT_EQ(other.sent, one.received) << name;
        EXPECT_TRUE(one.open.empty() && other.open.empty()) << name;
        EXPECT_EQ(one.sent, one.settled) << name;
    }
    EXPECT_GT(client.received() + server.received(), 500u) << "little happened";
    EXPECT_FALSE(client.closed() || server.closed());
}

INSTANTIATE_TEST_SUITE_P(Seeds, EnginePair, testing::Range(1u, 9u));

} // namespace
} // namespace capstan::amqp::test
