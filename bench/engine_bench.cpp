// What the engine costs for each message: from the bytes of transfers to deliveries and their settling, and from send() to bytes.

#include <benchmark/benchmark.h>

#include <capstan/amqp/connection.hpp>
#include <capstan/amqp/performatives.hpp>

namespace {

using namespace capstan::amqp;

constexpr std::uint32_t burst = 100; ///< messages that come, and are settled, at once

/// What a peer writes.
class peer_output {
public:
    template<class Performative> peer_output& says(const Performative& what, bytes_view payload = {}) {
        const auto start = written.size();
        written.insert(written.end(), {0, 0, 0, 0, 2, 0, 0, 0});
        encoder to(written);
        write(to, what);
        written.insert(written.end(), payload.begin(), payload.end());
        const auto size = written.size() - start;
        for (std::size_t byte = 0; byte < 4; ++byte)
            written[start + byte] = static_cast<std::uint8_t>(size >> (24 - 8 * byte));
        return *this;
    }
    bytes written;
};

settings server_settings() {
    settings result;
    result.container_id = "bench";
    return result;
}

/// An engine with one link, which is link 1.
class one_link {
public:
    explicit one_link(role peers) : engine_(side::server, with_, now_) {
        const auto address = encode_target("there");
        peer_output peer;
        peer.written = {'A', 'M', 'Q', 'P', 0, 1, 0, 0};
        capstan::amqp::open opening;
        opening.container_id = "peer";
        begin beginning;
        beginning.incoming_window = beginning.outgoing_window = 0x7fffffff;
        attach attaching;
        attaching.link_name = "link";
        attaching.receiver = peers == role::receiver;
        attaching.target = {address};
        receive(peer.says(opening).says(beginning).says(attaching).written);
    }

    /// Gives how many deliveries there were.
    std::uint32_t receive(bytes_view input) {
        std::uint32_t count = 0;
        engine_.receive(input, now_);
        while (const auto what = engine_.next_event()) {
            if (const auto* link = std::get_if<attached>(&*what))
                engine_.accept(link->link, {.credit = burst});
            count += std::holds_alternative<delivery>(*what);
        }
        write();
        return count;
    }
    void write() {
        while (!engine_.output().empty())
            engine_.sent(engine_.output().size());
    }
    connection& engine() { return engine_; }

private:
    const settings with_ = server_settings();
    const steady_time now_{};
    connection engine_;
};

/// A burst of transfers, settled by one disposition, the credit given again: telemetry.
void receive_messages(benchmark::State& state) {
    one_link server(role::sender);
    const bytes payload(static_cast<std::size_t>(state.range(0)), 'x');
    peer_output peer;
    for (std::uint32_t number = 0; number < burst; ++number) {
        transfer frame;
        frame.delivery_id = number; // the engine does not mind that the numbers come again
        frame.delivery_tag = as_bytes("0123456789abcdef");
        frame.message_format = 0;
        peer.says(frame, payload);
    }
    for (auto _ : state) {
        const auto count = server.receive(peer.written);
        if (count != burst)
            return state.SkipWithError("deliveries are missing");
        server.engine().settle(link_id{1}, delivery_id{0}, delivery_id{burst - 1}, delivery_state::accepted());
        server.engine().set_credit(link_id{1}, burst);
        server.write();
    }
    state.SetItemsProcessed(state.iterations() * burst);
}
BENCHMARK(receive_messages)->Arg(256)->Arg(4096);

/// A burst of settled transfers, for which the peer gives credit again: reading events.
void send_messages(benchmark::State& state) {
    one_link server(role::receiver);
    const bytes payload(static_cast<std::size_t>(state.range(0)), 'x');
    const bytes_view piece = payload;
    std::uint32_t sent = 0;
    for (auto _ : state) {
        flow credit;
        credit.next_incoming_id = sent + 1;
        credit.incoming_window = credit.outgoing_window = 0x7fffffff;
        credit.handle = 0;
        credit.delivery_count = sent;
        credit.link_credit = burst;
        server.receive(peer_output().says(credit).written);
        for (std::uint32_t number = 0; number < burst; ++number, ++sent)
            if (!server.engine().send(link_id{1}, as_bytes("0123456789abcdef"), {&piece, 1}, {.settled = true}))
                return state.SkipWithError("no credit");
        server.write();
    }
    state.SetItemsProcessed(state.iterations() * burst);
}
BENCHMARK(send_messages)->Arg(256)->Arg(4096);

} // namespace
