#pragma once
// A hub that does what a test wants: the engine's other side, on the test's own loop, without TLS. Unless it is told otherwise it takes
// every token, every link and every message. And the fixture of the tests that use it.

#include <algorithm>
#include <functional>
#include <map>

#include <boost/asio.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <capstan/amqp/connection.hpp>
#include <capstan/amqp/message.hpp>
#include <capstan/client_options.hpp>
#include <capstan/error.hpp>

namespace capstan::test {

namespace asio = boost::asio;

class scripted_hub {
public:
    explicit scripted_hub(asio::io_context& loop) : acceptor_(loop, {asio::ip::address_v4::loopback(), 0}) {
        settings_.container_id = "scripted";
        settings_.hostname = "127.0.0.1";
        settings_.sasl_mechanisms = {"ANONYMOUS"};
        settings_.idle_time_out = std::chrono::milliseconds(0);
        accept();
    }
    ~scripted_hub() { cut(); }

    std::string address() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

    // --- the script

    /// The status of a token, by its number from 1 on; none: no answer.
    std::function<std::optional<int>(int number)> on_token = [](int) { return 200; };
    /// Why a link of this address is refused; an empty error: it is not.
    std::function<amqp::error(const std::string& address)> on_link = [](const std::string&) { return amqp::error(); };
    /// What becomes of a message, by the number of all that came; none: nothing is said.
    std::function<std::optional<amqp::delivery_state>(int number)> on_message = [](int) { return amqp::delivery_state::accepted(); };
    /// The answer to a question of $management: status and body; none: no answer.
    std::function<std::optional<std::pair<int, amqp::map>>(const amqp::map& question)> on_question = [](const amqp::map&) {
        return std::pair(404, amqp::map());
    };
    /// Takes what comes on connections, and answers no more.
    bool silent = false;

    // --- what it has seen

    int connections = 0, tokens = 0;
    std::vector<std::string> links;    ///< the addresses of all attaches, in their order
    std::vector<std::string> filters;  ///< of those that had one, as text
    std::vector<std::string> messages; ///< the bodies of all that came
    std::vector<std::string> message_ids; ///< theirs

    // --- what happens

    /// Gives a message to whoever receives from there; false when nobody does, or there is no credit.
    bool give(const std::string& address, amqp::bytes payload) {
        for (const auto& each : talks_)
            for (const auto& [id, where] : each->given)
                if (where == address && each->engine.credit(id) > 0) {
                    const amqp::bytes_view piece = payload;
                    const auto tag = std::to_string(++tags_);
                    each->engine.send(id, amqp::as_bytes(tag), {&piece, 1});
                    flush(*each);
                    return true;
                }
        return false;
    }
    bool give_text(const std::string& address, std::string_view text) {
        amqp::bytes payload;
        amqp::message_builder(payload).data(text);
        return give(address, std::move(payload));
    }
    /// How many messages whoever receives from there would take; none: nobody receives.
    std::optional<std::uint32_t> credit_at(const std::string& address) const {
        for (const auto& each : talks_)
            for (const auto& [id, where] : each->given)
                if (where == address)
                    return each->engine.credit(id);
        return std::nullopt;
    }
    /// Ends all links of this address.
    void detach(const std::string& address, const amqp::error& why) {
        for (const auto& each : std::vector(talks_)) {
            for (auto* links : {&each->given, &each->taken})
                for (auto at = links->begin(); at != links->end();)
                    at->second == address ? (each->engine.detach(at->first, why), at = links->erase(at)) : ++at;
            flush(*each);
        }
    }
    /// Ends all connections.
    void cut() {
        for (const auto& each : std::exchange(talks_, {})) {
            boost::system::error_code ignored;
            each->cut = true;
            each->socket.close(ignored);
        }
    }

private:
    struct talk {
        talk(asio::ip::tcp::socket from, const amqp::settings& with)
            : socket(std::move(from)), engine(amqp::side::server, with, std::chrono::steady_clock::now()) {}
        asio::ip::tcp::socket socket;
        amqp::connection engine;
        std::map<amqp::link_id, std::string> given, taken; ///< by the address that we send from, or receive at
        std::vector<std::pair<std::string, amqp::bytes>> replies;  ///< by the address that they come from
        std::array<std::uint8_t, 4096> input{};
        bool cut = false;
    };
    using talk_ptr = std::shared_ptr<talk>;

    void accept() {
        acceptor_.async_accept([this](boost::system::error_code error, asio::ip::tcp::socket socket) {
            if (error)
                return;
            ++connections;
            talks_.push_back(std::make_shared<talk>(std::move(socket), settings_));
            read(talks_.back());
            accept();
        });
    }
    void read(const talk_ptr& with) {
        with->socket.async_read_some(asio::buffer(with->input), [this, with](boost::system::error_code error, std::size_t count) {
            if (with->cut)
                return; // and the hub may be gone
            if (error) {
                std::erase(talks_, with);
                return;
            }
            with->engine.receive({with->input.data(), count}, std::chrono::steady_clock::now());
            while (const auto event = with->engine.next_event())
                std::visit([&](const auto& what) { on(*with, what); }, *event);
            flush(*with);
            if (with->socket.is_open())
                read(with);
        });
    }
    /// Small enough for the socket's buffer.
    void flush(talk& with) {
        while (!silent && with.socket.is_open() && with.engine.output_size() > 0) {
            boost::system::error_code error;
            const auto count = with.socket.write_some(asio::buffer(with.engine.output().data(), with.engine.output().size()), error);
            if (error)
                return;
            with.engine.sent(count);
        }
        if (with.engine.finished())
            with.socket.close();
    }

    void on(talk& with, const amqp::sasl_requested&) { with.engine.answer_sasl(0); }
    void on(talk& with, const amqp::attached& what) {
        const auto& info = *with.engine.find(what.link);
        const bool we_send = info.role == amqp::role::sender;
        const auto address = (we_send ? info.source_terminus : info.target_terminus).address;
        if (!address.starts_with('$'))
            links.push_back(address);
        if (!info.source_terminus.filter.empty())
            filters.push_back(amqp::to_text(*amqp::decode_value(amqp::encoded_view{info.source_terminus.filter})));
        if (const auto why = on_link(address)) {
            with.engine.refuse(what.link, why);
            return;
        }
        (we_send ? with.given : with.taken)[what.link] = address;
        with.engine.accept(what.link, {.snd_settle_mode = info.snd_settle_mode, .rcv_settle_mode = info.rcv_settle_mode, .credit = 100});
    }
    void on(talk& with, const amqp::detached& what) {
        with.given.erase(what.link);
        with.taken.erase(what.link);
    }
    void on(talk& with, const amqp::delivery& what) {
        const auto address = with.taken[what.link];
        if (address.starts_with('$')) {
            with.engine.settle(what.link, what.id, what.id, amqp::delivery_state::accepted());
            answer(with, address, what.payload);
            return;
        }
        const auto message = *amqp::message_view::parse(what.payload);
        const auto body = message.joined_data();
        messages.emplace_back(body.begin(), body.end());
        message_ids.push_back(amqp::id_text(amqp::read_properties(message.properties().content)->message_id));
        if (const auto outcome = on_message(static_cast<int>(messages.size())))
            with.engine.settle(what.link, what.id, what.id, *outcome);
    }
    void on(talk& with, const amqp::disposed& what) {
        if (!what.settled)
            with.engine.confirm(what.link, what.first, what.last, what.state);
    }
    void on(talk& with, const amqp::credited&) { send_replies(with); }
    template<class Other> void on(talk&, const Other&) {}

    void answer(talk& with, const std::string& address, amqp::bytes_view payload) {
        const auto question = *amqp::message_view::parse(payload);
        std::optional<std::pair<int, amqp::map>> found;
        if (address == "$cbs") {
            if (const auto status = on_token(++tokens))
                found.emplace(*status, amqp::map());
        } else {
            found = on_question(*amqp::decode_value(question.application_properties().content)->get<amqp::map>());
        }
        if (!found)
            return;
        amqp::message_properties head;
        head.correlation_id = amqp::read_properties(question.properties().content)->message_id;
        amqp::map status;
        status.entries = {{amqp::value("status-code"), amqp::value(std::int32_t(found->first))}};
        amqp::bytes reply;
        amqp::message_builder(reply).properties(head).application_properties(status).value(amqp::value(found->second));
        with.replies.emplace_back(address, std::move(reply));
        send_replies(with);
    }
    /// As soon as there is credit for them.
    void send_replies(talk& with) {
        for (auto reply = with.replies.begin(); reply != with.replies.end();) {
            const amqp::bytes_view piece = reply->second;
            const auto link = std::ranges::find(with.given, reply->first, &std::pair<const amqp::link_id, std::string>::second);
            const auto tag = std::to_string(++tags_);
            const bool sent =
                link != with.given.end() && with.engine.send(link->first, amqp::as_bytes(tag), {&piece, 1}, {.settled = true});
            reply = sent ? with.replies.erase(reply) : std::next(reply);
        }
    }

    amqp::settings settings_;
    asio::ip::tcp::acceptor acceptor_;
    std::vector<talk_ptr> talks_;
    int tags_ = 0;
};

class scripted_hub_test : public testing::Test {
protected:
    /// Clients that are gone leave nothing for the loop to wait for.
    void TearDown() override {
        hub.reset();
        loop.restart();
        loop.run_for(std::chrono::seconds(30));
        EXPECT_TRUE(loop.stopped()) << "something has been left running";
    }
    template<class Condition> void run_until(Condition reached) {
        loop.restart();
        while (!reached() && loop.run_one_for(std::chrono::seconds(30)) > 0) {}
        ASSERT_TRUE(reached()) << "nothing happens any more";
    }

    /// Impatient.
    static client_options options() {
        return client_options()
            .over(transport::plain_amqp)
            .retry(retry_policy().first(std::chrono::milliseconds(1)).most(std::chrono::milliseconds(4)));
    }
    std::string device_string() const { return "HostName=" + hub->address() + ";DeviceId=d;SharedAccessKey=c2VjcmV0"; }
    std::string service_string() const { return "HostName=" + hub->address() + ";SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0"; }
    std::string events_string() const {
        return "Endpoint=sb://" + hub->address() + "/;SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0;EntityPath=events";
    }

    asio::io_context loop{1};
    std::unique_ptr<scripted_hub> hub = std::make_unique<scripted_hub>(loop);
};

/// How an operation ended. It may go before the operation does.
template<class... Values> class ending {
public:
    /// For the operation.
    auto handler() {
        return [in = state_](const std::exception_ptr& error, Values... values) {
            in->failure = error ? std::optional(failure_of(error)) : std::nullopt;
            in->values.emplace(std::move(values)...);
        };
    }
    bool done() const { return state_->values.has_value(); }
    bool ok() const { return done() && !state_->failure; }
    const std::optional<client_error>& failure() const { return state_->failure; }
    /// None: it went well, or has not ended.
    std::optional<errc> reason() const { return failure() ? std::optional(failure()->reason()) : std::nullopt; }
    auto& value() { return std::get<0>(*state_->values); }

private:
    struct state {
        std::optional<client_error> failure;
        std::optional<std::tuple<Values...>> values;
    };
    std::shared_ptr<state> state_ = std::make_shared<state>();
};

} // namespace capstan::test
