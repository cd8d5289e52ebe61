#pragma once
// A server's engine with one link, for those who count what it costs: the peer is bytes that were written before.

#include <capstan/amqp/connection.hpp>
#include <capstan/amqp/performatives.hpp>

namespace capstan::bench {

/// What a peer writes.
class peer_output {
public:
    template<class Performative> peer_output& says(const Performative& what, amqp::bytes_view payload = {}) {
        const auto start = written.size();
        written.insert(written.end(), {0, 0, 0, 0, 2, 0, 0, 0});
        amqp::encoder to(written);
        write(to, what);
        written.insert(written.end(), payload.begin(), payload.end());
        const auto size = written.size() - start;
        for (std::size_t byte = 0; byte < 4; ++byte)
            written[start + byte] = static_cast<std::uint8_t>(size >> (24 - 8 * byte));
        return *this;
    }
    amqp::bytes written;
};

class one_link {
public:
    static constexpr amqp::link_id link{1};
    static constexpr std::uint32_t burst = 100; ///< messages that come, and are settled, at once

    /// `peers`: what the peer is, sender or receiver.
    explicit one_link(amqp::role peers) : engine_(amqp::side::server, with_, now_) {
        const auto address = amqp::encode_target("there");
        peer_output peer;
        peer.written = {'A', 'M', 'Q', 'P', 0, 1, 0, 0};
        amqp::open opening;
        opening.container_id = "peer";
        amqp::begin beginning;
        beginning.incoming_window = beginning.outgoing_window = 0x7fffffff;
        amqp::attach attaching;
        attaching.link_name = "link";
        attaching.receiver = peers == amqp::role::receiver;
        attaching.target = {address};
        receive(peer.says(opening).says(beginning).says(attaching).written);
    }

    amqp::connection& engine() { return engine_; }

    /// Gives how many deliveries there were.
    std::uint32_t receive(amqp::bytes_view input) {
        std::uint32_t count = 0;
        engine_.receive(input, now_);
        while (const auto what = engine_.next_event()) {
            if (const auto* attached = std::get_if<amqp::attached>(&*what))
                engine_.accept(attached->link, {.credit = burst});
            count += std::holds_alternative<amqp::delivery>(*what);
        }
        write();
        return count;
    }

    /// Takes a burst of transfers, settles it by one disposition and gives the credit again. False when something is missing.
    bool receive_burst(amqp::bytes_view transfers) {
        if (receive(transfers) != burst)
            return false;
        settle_burst();
        return true;
    }
    void settle_burst() {
        engine_.settle(link, amqp::delivery_id{0}, amqp::delivery_id{burst - 1}, amqp::delivery_state::accepted());
        engine_.set_credit(link, burst);
        write();
    }
    /// The transfers of a burst. The engine does not mind that their numbers come again.
    static amqp::bytes transfers(std::size_t size) {
        const amqp::bytes payload(size, 'x');
        peer_output peer;
        for (std::uint32_t number = 0; number < burst; ++number) {
            amqp::transfer frame;
            frame.delivery_id = number;
            frame.delivery_tag = amqp::as_bytes("0123456789abcdef");
            frame.message_format = 0;
            peer.says(frame, payload);
        }
        return std::move(peer.written);
    }

    /// The peer gives credit for a burst of settled transfers, which is sent.
    bool send_burst(amqp::bytes_view payload) {
        amqp::flow credit;
        credit.next_incoming_id = sent_ + 1;
        credit.incoming_window = credit.outgoing_window = 0x7fffffff;
        credit.handle = 0;
        credit.delivery_count = sent_;
        credit.link_credit = burst;
        receive(peer_output().says(credit).written);
        for (std::uint32_t number = 0; number < burst; ++number, ++sent_)
            if (!engine_.send(link, amqp::as_bytes("0123456789abcdef"), {&payload, 1}, {.settled = true}))
                return false;
        write();
        return true;
    }

private:
    void write() {
        while (!engine_.output().empty())
            engine_.sent(engine_.output().size());
    }
    static amqp::settings server_settings() {
        amqp::settings result;
        result.container_id = "bench";
        return result;
    }

    const amqp::settings with_ = server_settings();
    const amqp::steady_time now_{};
    amqp::connection engine_;
    std::uint32_t sent_ = 0;
};

} // namespace capstan::bench
