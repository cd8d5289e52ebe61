// The load tool's connection against the project's own engine as the server.
#include "load/connection.hpp"

#include <capstan/amqp/connection.hpp>
#include <capstan/amqp/message.hpp>
#include <gmock/gmock.h>

namespace capstan::load {
namespace {

using namespace std::chrono_literals;

/// Carries bytes both ways until there are none, and answers events as a server would.
class conversation {
public:
    conversation() {
        of_server.sasl_mechanisms = {"ANONYMOUS", "PLAIN"};
        of_server.container_id = "server";
        with.messages.emplace_back(message_shape{}, false);
    }

    void begin(std::vector<link_plan> wanted) {
        plan.name = "bench-0";
        plan.links = std::move(wanted);
        server = std::make_unique<amqp::connection>(amqp::side::server, of_server, amqp::steady_time());
        client.emplace(with, plan, counts, left);
        client->start(to_server, now);
        run();
    }
    void run() {
        do {
            server->receive(to_server, amqp::steady_time());
            while (const auto event = server->next_event())
                std::visit([&](const auto& what) { on(what); }, *event);
            to_server.clear();
            bytes to_client = std::exchange(left_over, {});
            for (auto output = server->output(); !output.empty(); output = server->output()) {
                to_client.insert(to_client.end(), output.begin(), output.end());
                server->sent(output.size());
            }
            const auto taken = client->receive(to_client, to_server, now);
            left_over.assign(to_client.begin() + static_cast<std::ptrdiff_t>(taken), to_client.end());
        } while (!to_server.empty());
    }
    void fill(pace how = pace::flat_out) {
        more = client->fill(to_server, now, how);
        run();
    }
    void settle(std::size_t first, std::size_t last, const amqp::delivery_state& state) {
        server->settle(delivered[first].link, delivered[first].id, delivered[last].id, state);
        run();
    }

    amqp::settings of_server;
    settings with;
    connection_plan plan;
    tally counts;
    std::uint64_t left = UINT64_MAX;
    std::int64_t now = 1'000;
    std::uint32_t server_credit = 1000;
    bool refuses = false, more = false;
    std::unique_ptr<amqp::connection> server;
    std::optional<connection> client;
    struct delivery {
        amqp::link_id link;
        amqp::delivery_id id;
        bytes payload;
        bool settled;
    };
    std::vector<delivery> delivered;
    std::vector<amqp::link_id> links;
    std::vector<amqp::disposed> disposed;
    std::string plain;

private:
    void on(const amqp::sasl_requested& what) {
        plain = amqp::as_text(what.response);
        server->answer_sasl(plain.ends_with("wrong") ? 1 : 0);
    }
    void on(const amqp::attached& what) {
        links.push_back(what.link);
        if (refuses)
            server->refuse(what.link, amqp::error("amqp:not-found", "no such place"));
        else
            server->accept(what.link, {.credit = server_credit});
    }
    void on(const amqp::delivery& what) {
        delivered.push_back({what.link, what.id, bytes(what.payload.begin(), what.payload.end()), what.settled});
    }
    void on(const amqp::disposed& what) { disposed.push_back(what); }
    void on(const auto&) {}

    bytes to_server, left_over;
};

const link_plan sender{amqp::role::sender, "queue"}, receiver{amqp::role::receiver, "queue"};

TEST(LoadConnection, AttachesItsLinks) {
    conversation with;
    with.begin({sender, receiver, sender});
    EXPECT_TRUE(with.client->ready());
    EXPECT_EQ(with.client->senders(), 2u);
    ASSERT_EQ(with.links.size(), 3u);
    EXPECT_EQ(with.server->find(with.links[0])->target_terminus.address, "queue");
    EXPECT_EQ(with.server->find(with.links[1])->source_terminus.address, "queue");
}

TEST(LoadConnection, SignsInWithEachMechanism) {
    for (const auto mechanism : {sasl::none, sasl::anonymous, sasl::plain}) {
        conversation with;
        with.with.mechanism = mechanism, with.with.user = "me", with.with.password = "secret";
        with.begin({sender});
        EXPECT_TRUE(with.client->ready());
        EXPECT_EQ(with.plain, mechanism == sasl::plain ? std::string("\0me\0secret", 10) : "");
    }
}

TEST(LoadConnection, SaysWhyItCouldNotSignIn) {
    conversation with;
    with.with.mechanism = sasl::plain, with.with.password = "wrong";
    with.begin({sender});
    EXPECT_TRUE(with.client->over());
    EXPECT_THAT(with.client->problem(), testing::HasSubstr("refuses to sign in"));
    EXPECT_EQ(with.counts.failed, 1u);
}

TEST(LoadConnection, SaysWhyALinkWasRefused) {
    conversation with;
    with.refuses = true;
    with.begin({sender});
    EXPECT_TRUE(with.client->over());
    EXPECT_EQ(with.client->problem(), "link to queue: amqp:not-found: no such place");
}

TEST(LoadConnection, SendsAsMuchAsItsWindowAllows) {
    conversation with;
    with.with.window = 10;
    with.begin({sender});
    with.fill();
    EXPECT_EQ(with.delivered.size(), 10u);
    with.fill();
    EXPECT_EQ(with.delivered.size(), 10u);
    with.now += 5'000;
    with.settle(0, 6, amqp::delivery_state::accepted());
    EXPECT_EQ(with.counts.accepted, 7u);
    EXPECT_EQ(with.counts.latency.count(), 7u);
    EXPECT_EQ(with.counts.latency.max(), 5'000);
    with.fill();
    EXPECT_EQ(with.delivered.size(), 17u);
}

TEST(LoadConnection, SendsNoMoreThanItsCredit) {
    conversation with;
    with.server_credit = 3;
    with.begin({sender});
    with.fill();
    EXPECT_EQ(with.delivered.size(), 3u);
    with.server->set_credit(with.links[0], 2);
    with.run();
    with.fill();
    EXPECT_EQ(with.delivered.size(), 5u);
}

TEST(LoadConnection, SendsNoMoreThanIsLeft) {
    conversation with;
    with.left = 4;
    with.begin({sender, sender});
    with.fill();
    EXPECT_EQ(with.delivered.size(), 4u);
    EXPECT_EQ(with.left, 0u);
}

TEST(LoadConnection, CountsEachOutcome) {
    conversation with;
    with.begin({sender});
    with.with.window = 4;
    with.fill();
    with.settle(0, 0, amqp::delivery_state::accepted());
    with.settle(1, 1, amqp::delivery_state::rejected(amqp::error("amqp:not-allowed", "no")));
    with.settle(3, 3, amqp::delivery_state::released());
    EXPECT_EQ(with.counts.accepted, 1u);
    EXPECT_EQ(with.counts.rejected, 1u);
    EXPECT_EQ(with.counts.released, 1u);
    EXPECT_EQ(with.counts.problem, "rejected: amqp:not-allowed: no");
    EXPECT_TRUE(with.client->unsettled());
    with.settle(2, 2, amqp::delivery_state::accepted());
    EXPECT_FALSE(with.client->unsettled());
}

TEST(LoadConnection, CountsLatencyFromWhenAMessageWasDue) {
    conversation with;
    with.begin({sender});
    with.fill(pace::scheduled);
    EXPECT_TRUE(with.delivered.empty());
    with.now = 50'000;
    with.client->owe(0, 10'000);
    with.client->owe(0, 20'000);
    with.fill(pace::scheduled);
    ASSERT_EQ(with.delivered.size(), 2u);
    EXPECT_EQ(time_in_body(with.delivered[1].payload, 256), 20'000);
    with.now = 60'000;
    with.settle(0, 1, amqp::delivery_state::accepted());
    EXPECT_EQ(with.counts.latency.max(), 50'000);
    EXPECT_EQ(with.counts.latency.at(0.5) / 1000, 40);
}

TEST(LoadConnection, SendsLargeMessagesInManyFrames) {
    conversation with;
    with.of_server.max_frame_size = 600;
    with.of_server.incoming_window = 3; // the session's window opens and closes inside a message
    message_shape large;
    large.body_size = 5000;
    with.with.messages.assign(1, transfer_template(large, false));
    with.with.window = 2;
    with.begin({sender});
    for (int turn = 0; turn < 20; ++turn)
        with.fill();
    ASSERT_EQ(with.delivered.size(), 2u);
    EXPECT_EQ(amqp::message_view::parse(with.delivered[1].payload)->body_size(), 5000u);
}

TEST(LoadConnection, SendsSettledWithoutWaiting) {
    conversation with;
    with.with.settled = true;
    with.with.window = 1;
    with.with.messages.assign(1, transfer_template(message_shape{}, true));
    with.begin({sender});
    do {
        with.fill();
    } while (with.more); // a burst at a time
    EXPECT_EQ(with.delivered.size(), 1000u);
    EXPECT_TRUE(with.delivered[0].settled);
    EXPECT_EQ(with.counts.sent, 1000u);
    EXPECT_FALSE(with.client->unsettled());
}

TEST(LoadConnection, ReceivesAndSettlesByRanges) {
    conversation with;
    with.with.credit = 10, with.with.body_size = 256;
    with.begin({receiver});
    bytes frame;
    with.with.messages[0].stamp(frame, 0, 0, 400);
    const auto message = bytes_view(frame).subspan(transfer_template::head);
    for (int turn = 0; turn < 3; ++turn) {
        for (int i = 0; i < 6; ++i)
            EXPECT_TRUE(with.server->send(with.links[0], amqp::as_bytes("tag"), {&message, 1}));
        with.run();
    }
    EXPECT_EQ(with.counts.received, 18u);
    EXPECT_EQ(with.counts.latency.max(), 600);
    ASSERT_EQ(with.disposed.size(), 3u);
    EXPECT_EQ(static_cast<std::uint32_t>(with.disposed[0].last) - static_cast<std::uint32_t>(with.disposed[0].first), 5u);
    EXPECT_TRUE(with.disposed[0].settled);
    EXPECT_GE(with.server->credit(with.links[0]), 5u);
}

TEST(LoadConnection, SendsHeartbeatsTwiceAsOftenAsNeeded) {
    conversation with;
    with.of_server.idle_time_out = 2s;
    with.begin({sender});
    bytes out;
    with.client->tick(out, with.now + 900'000'000);
    EXPECT_TRUE(out.empty());
    with.client->tick(out, with.now + 1'000'000'000);
    EXPECT_THAT(out, testing::ElementsAre(0, 0, 0, 8, 2, 0, 0, 0));
}

TEST(LoadConnection, ClosesInOrder) {
    conversation with;
    with.begin({sender});
    bytes out;
    with.client->close(out);
    with.server->receive(out, amqp::steady_time());
    while (with.server->next_event())
        ;
    const bytes answer(with.server->output().begin(), with.server->output().end());
    with.client->receive(answer, out, with.now);
    EXPECT_TRUE(with.client->over());
    EXPECT_EQ(with.counts.failed, 0u);
}

} // namespace
} // namespace capstan::load
