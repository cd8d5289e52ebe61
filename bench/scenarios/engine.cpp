#include <array>
#include <memory>

#include "scenario.hpp"
#include "support/one_link.hpp"

namespace capstan::bench {
namespace {

constexpr std::uint64_t messages = 10'000;
constexpr std::uint64_t bursts = messages / one_link::burst;

template<class Step> bool repeat(std::uint64_t times, Step step) {
    for (std::uint64_t time = 0; time < times; ++time)
        if (!step())
            return false;
    return true;
}

/// Telemetry as the engine sees it: bursts of transfers, each settled by one range.
work receive() {
    auto server = std::make_shared<one_link>(amqp::role::sender);
    server->receive_burst(one_link::transfers(256)); // what is allocated once is there
    return [server, transfers = one_link::transfers(256)] { return repeat(bursts, [&] { return server->receive_burst(transfers); }); };
}

/// The same in pieces of a few hundred bytes, as a slow network brings it.
work receive_pieces() {
    auto server = std::make_shared<one_link>(amqp::role::sender);
    return [server, transfers = one_link::transfers(256)] {
        return repeat(bursts, [&] {
            std::uint32_t count = 0;
            for (amqp::bytes_view rest = transfers; !rest.empty();) {
                const auto piece = rest.first(std::min<std::size_t>(rest.size(), 700));
                count += server->receive(piece);
                rest = rest.subspan(piece.size());
            }
            server->settle_burst();
            return count == one_link::burst;
        });
    };
}

/// Events on their way to a reader.
work send() {
    auto server = std::make_shared<one_link>(amqp::role::receiver);
    server->send_burst(amqp::bytes(256, 'x'));
    return [server, payload = amqp::bytes(256, 'x')] { return repeat(bursts, [&] { return server->send_burst(payload); }); };
}

const std::array scenarios{
    scenario{"engine_receives", messages, receive},
    scenario{"engine_receives_pieces", messages, receive_pieces},
    scenario{"engine_sends", messages, send},
};

} // namespace

std::span<const scenario> engine_scenarios() { return scenarios; }

} // namespace capstan::bench
