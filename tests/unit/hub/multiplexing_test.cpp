// Hundreds of devices on one connection, each with its own session, token and fate: what befalls one, the others do not notice.
// contract/iothub-amqp.md, 4.8.

#include "hub/identities.hpp"
#include "hub/registry/registry.hpp"
#include "support/hub_fixture.hpp"

namespace capstan::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t device_count = 500;
/// The numbers of those that something happens to.
constexpr std::size_t with_wrong_token = 0, disabled = 100, oversized = 200, displaced = 300, expired = 400, deleted = 499;

class multiplexing_test : public hub_fixture {
protected:
    multiplexing_test() {
        for (std::size_t number = 0; number < device_count; ++number) {
            add_device(id_of(number));
            const auto life = number == expired ? 10min : 2h;
            const auto wrong = auth::make_sas_token("hub.local/devices/" + id_of(number), "d3Jvbmcgd3Jvbmcgd3Jvbmc=", "", clock.now() + 1h);
            const auto status = put_token(gateway, number == with_wrong_token ? wrong : device_token(id_of(number), life));
            EXPECT_EQ(status, number == with_wrong_token ? 401 : 200) << number;
            gateway.engine().set_credit(cbs[&gateway].first, 100);
            links.push_back(attach_in_own_session(number));
        }
        settle();
        gateway.news.disposed.clear(); // of the requests on $cbs
    }
    static std::string id_of(std::size_t number) { return "dev-" + std::to_string(number); }
    amqp::link_id attach_in_own_session(std::size_t number) {
        const auto own = gateway.engine().open_session();
        EXPECT_TRUE(own);
        amqp::attach_request request;
        request.name = "telemetry of " + id_of(number);
        request.role = amqp::role::sender;
        request.source = amqp::encode_source("here");
        request.target = amqp::encode_target("/devices/" + id_of(number) + "/messages/events");
        return gateway.engine().attach(own.value(), request).value();
    }
    void tell(std::size_t number, std::string_view body) {
        amqp::bytes message;
        amqp::message_builder(message).data(body);
        send(gateway, links[number], message);
    }
    /// That this link ended, and nothing else was heard on the connection.
    void expect_only_end_of(std::size_t number, std::string_view condition) {
        SCOPED_TRACE(id_of(number));
        ASSERT_EQ(gateway.news.detached.size(), 1u);
        EXPECT_EQ(gateway.news.detached[0].link, links[number]);
        EXPECT_EQ(gateway.news.detached[0].error.condition, condition);
        EXPECT_TRUE(gateway.news.disposed.empty());
        EXPECT_TRUE(gateway.news.messages.empty());
        EXPECT_FALSE(gateway.news.closed);
        gateway.news = {};
        ended.insert(number);
    }
    void change(std::size_t number, std::optional<boost::json::value> body) {
        auto done = [](const std::expected<store::device, hub::registry_refusal>& result) { ASSERT_TRUE(result); };
        body ? instance->registry().put(id_of(number), *std::move(body), store::must_exist{}, queue, done)
             : instance->registry().remove(id_of(number), store::must_exist{}, queue, done);
        settle();
    }

    hub_client& gateway = connect();
    std::vector<amqp::link_id> links;
    std::set<std::size_t> ended;
};

TEST_F(multiplexing_test, what_befalls_one_device_the_others_do_not_notice) {
    expect_only_end_of(with_wrong_token, "amqp:unauthorized-access");
    change(disabled, boost::json::object{{"status", "disabled"}});
    expect_only_end_of(disabled, "amqp:unauthorized-access");
    change(deleted, std::nullopt);
    expect_only_end_of(deleted, "amqp:unauthorized-access");
    sender(connect_device(id_of(displaced)), "/devices/" + id_of(displaced) + "/messages/events");
    expect_only_end_of(displaced, "amqp:link:stolen");
    advance(15min + 1s);
    expect_only_end_of(expired, "amqp:unauthorized-access");

    tell(oversized, std::string(300 * 1024, 'x'));
    ASSERT_EQ(gateway.news.disposed.size(), 1u) << "one answer, to the one that was too large";
    EXPECT_EQ(gateway.news.disposed[0].state.error.condition, "amqp:link:message-size-exceeded");
    EXPECT_TRUE(gateway.news.detached.empty());

    for (std::size_t number = 0; number < device_count; ++number) {
        if (ended.contains(number))
            continue;
        gateway.news.disposed.clear();
        tell(number, "I go on");
        ASSERT_EQ(gateway.news.disposed.size(), 1u) << id_of(number);
        ASSERT_EQ(gateway.news.disposed[0].state.what, amqp::delivery_state::shape::accepted) << id_of(number);
    }
    EXPECT_TRUE(gateway.news.detached.empty());
    EXPECT_EQ(store->telemetry().state(0).next + store->telemetry().state(1).next, device_count - ended.size());
}

class many_tokens_test : public hub_fixture {};

TEST_F(many_tokens_test, more_than_a_connection_may_have_are_refused_and_the_others_stay) {
    add_device("dev1");
    auto& client = connect();
    ASSERT_EQ(put_token(client, device_token("dev1")), 200);
    const auto link = sender(client, "/devices/dev1/messages/events");
    const auto& policy = *policies.find("service");
    const auto of_scope = [&](int number) {
        return auth::make_sas_token("hub.local/messages/part" + std::to_string(number), policy.primary_key, policy.name, clock.now() + 1h);
    };
    for (int number = 0; number < 32; ++number)
        ASSERT_EQ(put_token(client, of_scope(number)), 200) << number;
    EXPECT_EQ(put_token(client, of_scope(7)), 200) << "one that takes the place of another";
    auto& [in, out] = cbs[&client];
    amqp::bytes request;
    amqp::message_builder(request)
        .properties({})
        .application_properties([](amqp::map_writer& to) { to.add("operation", std::string_view("put-token")); })
        .value(amqp::value(of_scope(32)));
    send(client, out, request);
    ASSERT_FALSE(client.news.messages.empty());
    const auto said = amqp::decode_value(amqp::message_view::parse(client.news.messages.back().payload)->application_properties().content);
    const auto* entries = said->get<amqp::map>();
    EXPECT_EQ(entries->find("status-code")->integer(), 403);
    EXPECT_EQ(entries->find("status-description")->text(), "The connection has as many tokens as it may have.");
    EXPECT_EQ(entries->find("error-condition")->text(), "amqp:resource-limit-exceeded");
    EXPECT_TRUE(client.engine().find(link));
    EXPECT_TRUE(client.news.detached.empty());
}

TEST_F(many_tokens_test, of_4096_devices) {
    hub::identities known(instance->access());
    hub::principal shown;
    shown.expires = clock.now() + 1h;
    for (int number = 0; number < 4096; ++number) {
        shown.name = std::to_string(number);
        shown.devices = {shown.name};
        ASSERT_TRUE(known.add(shown)) << number;
    }
    EXPECT_TRUE(known.add(shown)) << "again, for one that is there";
    shown.devices = {shown.name = "one more"};
    EXPECT_FALSE(known.add(shown));
}

} // namespace
} // namespace capstan::test
