#pragma once
// A client's engine and a server's engine with nothing between them: what one writes the other reads, cut at random. The same seed
// gives the same conversation.

#include <functional>
#include <random>

#include <capstan/amqp/connection.hpp>

namespace capstan::amqp::test {

class engine_pair {
public:
    /// Who owns one of the engines. Called for each of its events.
    using handler = std::function<void(connection&, const event&)>;

    engine_pair(settings for_client, settings for_server, unsigned seed)
        : random_(seed), client_settings_(std::move(for_client)), server_settings_(std::move(for_server)) {}
    engine_pair(const engine_pair&) = delete;
    engine_pair& operator=(const engine_pair&) = delete;

    connection& client() { return client_; }
    connection& server() { return server_; }
    void on_client(handler handle) { on_client_ = std::move(handle); }
    void on_server(handler handle) { on_server_ = std::move(handle); }

    /// From `from` to `to`, both inclusive.
    std::size_t random(std::size_t from, std::size_t to) { return std::uniform_int_distribution<std::size_t>(from, to)(random_); }

    /// Carries one piece each way. False when neither has anything to say.
    bool carry_some() {
        const bool there = carry(client_, server_, on_server_), back = carry(server_, client_, on_client_);
        return there || back;
    }
    /// Until both are silent. False when they talk for ever.
    bool settle_down() {
        for (int round = 0; round < 100'000; ++round)
            if (!carry_some())
                return true;
        return false;
    }
    void time_passes(std::chrono::milliseconds by) {
        now_ += by;
        client_.tick(now_);
        server_.tick(now_);
    }

private:
    bool carry(connection& from, connection& to, const handler& handle) {
        const auto waiting = from.output();
        const bytes piece(waiting.begin(),
                          waiting.begin() + static_cast<std::ptrdiff_t>(random(0, std::min<std::size_t>(waiting.size(), 300))));
        const bool something = !waiting.empty();
        from.sent(piece.size());
        to.receive(piece, now_);
        while (const auto what = to.next_event())
            handle(to, *what);
        return something || !from.output().empty() || !to.output().empty();
    }

    std::mt19937 random_;
    const settings client_settings_, server_settings_;
    steady_time now_{std::chrono::hours(1)};
    connection client_{side::client, client_settings_, now_}, server_{side::server, server_settings_, now_};
    handler on_client_, on_server_;
};

} // namespace capstan::amqp::test
