#pragma once
#include <memory>

#include <boost/unordered/unordered_flat_map.hpp>

#include <capstan/amqp/connection.hpp>

namespace capstan::amqp {

/// Part 2, section 2.8.7.
constexpr std::size_t max_tag_size = 32;

/// How far an endpoint's end of the conversation has come. A link, like a session and a connection, is begun and ended by each
/// side once; what one side has ended it says nothing more on, and what the other has ended it hears nothing more of.
enum class lifecycle : std::uint8_t { unbegun, begun, ended };

/// A delivery of which only some frames have arrived.
struct partial_delivery {
    delivery_id id{};
    bytes tag;
    std::uint32_t message_format = 0;
    bool settled = false;
    bool waits_for_sender = false; ///< its receiver settles second
    bool resumed = false; ///< to be ignored: nothing of it is kept
    bytes payload;
};

/// A refusal whose detach is to be written at this time.
struct refusal {
    steady_time until;
    error why;
};

/// One link: both ends' attaches, and its credit. All counters are serial numbers (part 2, section 2.6.7).
struct link {
    link_info info;
    std::uint32_t local_handle = 0;
    std::uint32_t remote_handle = 0;
    lifecycle local = lifecycle::unbegun, remote = lifecycle::unbegun;

    std::uint32_t delivery_count = 0;
    std::uint32_t credit = 0; ///< what may still be sent, by us or by the peer
    bool draining = false;

    std::uint64_t max_message_size = 0; ///< receiver: what we told the peer
    std::uint32_t initial_credit = 0;   ///< receiver that we began: granted once the peer has answered
    // Few links have either, and none for long.
    std::unique_ptr<partial_delivery> partial;
    std::unique_ptr<amqp::refusal> refused;

    /// We have answered: of what the peer wrote, that which only the answer had to repeat, or which says where its own end lies, is
    /// not kept.
    void forget_what_was_answered() {
        for (auto* const each : {&info.source, &info.target, &info.properties})
            bytes().swap(*each);
        std::string().swap((sends() ? info.target_terminus : info.source_terminus).address);
    }
    /// Our end is over, and the peer may leave its own as it is for ever: what it wrote is not kept.
    void forget_peers_words() {
        forget_what_was_answered();
        info.source_terminus = info.target_terminus = terminus();
        info.desired_capabilities = std::vector<std::string>();
    }
    bool open() const { return local == lifecycle::begun && remote == lifecycle::begun; }
    bool sends() const { return info.role == role::sender; }
};

/// What is left of a window or credit that the peer granted when its count stood at `from`, now that ours stands at `now`.
constexpr std::uint32_t left_of(std::uint32_t granted, std::uint32_t from, std::uint32_t now) {
    const auto used = serial_less(from, now) ? now - from : 0;
    return granted > used ? granted - used : 0;
}

/// Deliveries that have not been settled by both sides, with the link that each belongs to. Bounded by the credit of its links.
using unsettled_map = boost::unordered_flat_map<std::uint32_t, link_id>;

} // namespace capstan::amqp
