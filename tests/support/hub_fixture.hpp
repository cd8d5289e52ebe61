#pragma once
// A whole hub without sockets and threads: client engines on one side, the hub's peers on the other, a memory store below, run
// queues that are drained by hand, and a clock that the test moves.

#include <deque>

#include <capstan/amqp/message.hpp>
#include <gtest/gtest.h>

#include "auth/sas_token.hpp"
#include "hub/commands/command_center.hpp"
#include "hub/hub.hpp"
#include "hub/peer.hpp"
#include "support/manual_clock.hpp"
#include "support/manual_run_queue.hpp"
#include "support/troubled_store.hpp"

namespace capstan::test {

/// One client's connection to the hub under test.
class hub_client {
public:
    hub_client(hub::hub& hub, std::size_t thread, const amqp::settings& server, const amqp::settings& client,
               std::optional<client_certificate> certificate = {})
        : client_(amqp::side::client, client, {}), server_(amqp::side::server, server, {}),
          peer_(hub::peer::create(hub, thread, server_, {.address = "test", .certificate = std::move(certificate)}, [] {}, {})) {}
    ~hub_client() { peer_->disconnected(); }

    amqp::connection& engine() { return client_; }
    hub::peer& peer() { return *peer_; }

    /// Moves bytes both ways once; true when there were any.
    bool exchange() {
        bool moved = false;
        while (client_.output_size() > 0)
            moved = true, to_server();
        server_.tick(now_);
        while (server_.output_size() > 0) {
            moved = true;
            to_client();
            if (server_.output_size() < hub::peer::output_high_water)
                peer_->writable();
        }
        return moved;
    }
    void advance(std::chrono::milliseconds by) {
        now_ += by;
        peer_->tick(now_);
    }
    /// What the client's engine would never write.
    void slip_in(const amqp::bytes& octets) {
        server_.receive(octets, now_);
        while (const auto event = server_.next_event())
            peer_->handle(*event);
    }

    /// What the client has heard since it was last asked.
    struct heard {
        std::vector<amqp::link_id> attached;
        std::vector<amqp::detached> detached;
        struct message {
            amqp::link_id link;
            amqp::delivery_id id;
            amqp::bytes tag, payload;
            bool settled;
        };
        std::deque<message> messages;
        std::vector<amqp::disposed> disposed;
        bool credited = false; ///< as a sender it was told of credit, as a receiver of the end of a drain
        std::optional<amqp::closed> closed;
    };
    heard news;

private:
    void to_server() {
        const auto out = client_.output();
        const amqp::bytes copy(out.begin(), out.end());
        client_.sent(copy.size());
        server_.receive(copy, now_);
        while (const auto event = server_.next_event())
            peer_->handle(*event);
    }
    void to_client() {
        const auto out = server_.output();
        const amqp::bytes copy(out.begin(), out.end());
        server_.sent(copy.size());
        client_.receive(copy, now_);
        while (const auto event = client_.next_event())
            std::visit([this](const auto& what) { note(what); }, *event);
    }
    void note(const amqp::attached& what) { news.attached.push_back(what.link); }
    void note(const amqp::detached& what) { news.detached.push_back(what); }
    void note(const amqp::delivery& what) {
        news.messages.push_back(
            {what.link, what.id, {what.tag.begin(), what.tag.end()}, {what.payload.begin(), what.payload.end()}, what.settled});
    }
    void note(const amqp::disposed& what) { news.disposed.push_back(what); }
    void note(const amqp::credited&) { news.credited = true; }
    void note(const amqp::closed& what) { news.closed = what; }
    template<class Other> void note(const Other&) {}

    amqp::steady_time now_{};
    amqp::connection client_, server_;
    std::shared_ptr<hub::peer> peer_;
};

class hub_fixture : public testing::Test {
protected:
    /// With two threads the hub's connections are on the second; feedback is on the first.
    explicit hub_fixture(std::size_t threads = 1) : connections_thread(threads - 1) {
        settings.host_names = {"hub.local"};
        settings.name = settings.event_hub = "hub";
        store = std::make_unique<troubled_store>(store::open_memory_store(clock, 2));
        std::vector<run_queue*> queues{&queue, &second_queue};
        queues.resize(threads);
        instance.emplace(settings, policies, *store, clock, queues);
        engine = hub::engine_settings(settings);
        engine.idle_time_out = std::chrono::milliseconds(0); // tests let hours pass without a frame
    }
    ~hub_fixture() override {
        clients.clear();
        store->close();
        drain_all();
        instance.reset();
    }

    bool drain_all() {
        bool ran = false;
        while (queue.drain() + second_queue.drain() > 0)
            ran = true;
        return ran;
    }
    /// Everything runs until nothing moves any more.
    void settle() {
        for (bool moved = true; moved;) {
            moved = drain_all();
            for (auto& each : clients)
                moved |= each->exchange();
        }
    }
    void advance(std::chrono::milliseconds by) {
        clock.advance(by);
        for (auto& each : clients)
            each->advance(by);
        for (std::size_t thread = 0; thread < instance->thread_count(); ++thread)
            instance->tick(thread);
        settle();
    }

    void add_device(const std::string& id) {
        store::device device;
        device.id = id;
        device.generation_id = "1";
        device.primary_key = device.secondary_key = device_key;
        store->devices().put(device, store::must_not_exist{},
                             {queue, [](const store::outcome<store::device>& result) { ASSERT_TRUE(result); }});
        queue.drain();
    }

    hub_client& connect(std::string user = {}, const std::string& token = {}) {
        auto& client = *client_settings.emplace_back(std::make_unique<amqp::settings>());
        client.container_id = "test";
        client.hostname = "hub.local";
        if (!user.empty()) {
            client.sasl_mechanism = "PLAIN";
            client.sasl_initial_response = {0};
            const auto text = user + '\0' + token;
            client.sasl_initial_response.insert(client.sasl_initial_response.end(), text.begin(), text.end());
        }
        clients.push_back(std::make_unique<hub_client>(*instance, connections_thread, engine, client));
        settle();
        return *clients.back();
    }
    /// Without any SASL, in a TLS connection that has shown this.
    hub_client& connect_with(const client_certificate& certificate) {
        auto& client = *client_settings.emplace_back(std::make_unique<amqp::settings>());
        client.container_id = "test";
        client.hostname = "hub.local";
        clients.push_back(std::make_unique<hub_client>(*instance, connections_thread, engine, client, certificate));
        settle();
        return *clients.back();
    }
    hub_client& connect_service() { return connect("service@sas.root.hub", service_token()); }
    hub_client& connect_device(const std::string& id) { return connect(id + "@sas.hub", device_token(id)); }

    std::string service_token(std::chrono::seconds life = std::chrono::hours(1)) {
        return auth::make_sas_token("hub.local", policies.find("service")->primary_key, "service", clock.now() + life);
    }
    std::string device_token(const std::string& id, std::chrono::seconds life = std::chrono::hours(1)) {
        return auth::make_sas_token("hub.local/devices/" + id, device_key, "", clock.now() + life);
    }

    amqp::link_id attach(hub_client& client, amqp::role role, const std::string& address, std::uint32_t credit = 0,
                         amqp::bytes source = {}) {
        if (!session.contains(&client))
            session[&client] = client.engine().open_session().value();
        amqp::attach_request request;
        request.name = "link-" + std::to_string(++links);
        request.role = role;
        request.source =
            role == amqp::role::receiver ? (source.empty() ? amqp::encode_source(address) : source) : amqp::encode_source("here");
        request.target = role == amqp::role::sender ? amqp::encode_target(address) : amqp::encode_target("here");
        request.credit = credit;
        const auto link = client.engine().attach(session[&client], request).value();
        settle();
        return link;
    }
    amqp::link_id sender(hub_client& client, const std::string& address) { return attach(client, amqp::role::sender, address); }
    amqp::link_id receiver(hub_client& client, const std::string& address, std::uint32_t credit) {
        return attach(client, amqp::role::receiver, address, credit);
    }
    amqp::delivery_id send(hub_client& client, amqp::link_id link, bytes_view message, amqp::send_options options = {}) {
        const std::uint8_t tag[] = {static_cast<std::uint8_t>(++tags), static_cast<std::uint8_t>(tags >> 8)};
        const auto id = client.engine().send(link, tag, {&message, 1}, options).value();
        settle();
        return id;
    }

    /// Puts the token on $cbs and gives the answer's status. The links that it takes are made with the first token.
    int put_token(hub_client& client, const std::string& token, amqp::value message_id = std::uint64_t{1}) {
        auto& [in, out] = cbs[&client];
        if (in == amqp::link_id{} && out == amqp::link_id{}) {
            in = receiver(client, "$cbs", 100);
            out = sender(client, "$cbs");
        }
        amqp::bytes request;
        amqp::message_properties properties;
        properties.message_id = std::move(message_id);
        properties.reply_to = "cbs";
        amqp::message_builder(request)
            .properties(properties)
            .application_properties([](amqp::map_writer& to) {
                to.add("operation", std::string_view("put-token"));
                to.add("type", std::string_view("servicebus.windows.net:sastoken"));
                to.add("name", std::string_view("audience"));
            })
            .value(amqp::value(token));
        send(client, out, request);
        return status_of_answer(client, in);
    }
    static int status_of_answer(hub_client& client, amqp::link_id from) {
        const auto answer = std::ranges::find(client.news.messages, from, &hub_client::heard::message::link);
        if (answer == client.news.messages.end())
            return 0;
        const auto entries = amqp::decode_value(amqp::message_view::parse(answer->payload)->application_properties().content);
        const auto status = entries->get<amqp::map>()->find("status-code")->integer();
        client.news.messages.erase(answer);
        return static_cast<int>(status.value_or(0));
    }

    inline static const std::string device_key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    manual_clock clock;
    const std::size_t connections_thread;
    manual_run_queue queue, second_queue; ///< the second is used only with two threads
    hub::settings settings;
    auth::policy_set policies = auth::policy_set::built_in();
    std::unique_ptr<troubled_store> store;
    std::optional<hub::hub> instance;
    amqp::settings engine;
    std::vector<std::unique_ptr<amqp::settings>> client_settings;
    std::vector<std::unique_ptr<hub_client>> clients;
    std::map<hub_client*, std::uint16_t> session;
    std::map<hub_client*, std::pair<amqp::link_id, amqp::link_id>> cbs;
    int links = 0, tags = 0;
};

} // namespace capstan::test
