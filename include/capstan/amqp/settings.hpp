#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <capstan/amqp/types.hpp>

namespace capstan::amqp {

/// What one side says of itself and how much it takes. Shared by all connections of a listener; must outlive them.
struct settings {
    std::string container_id;
    std::string hostname;                             ///< of open; a client names the server's, a server its own
    std::uint32_t max_frame_size = 65'536;            ///< of frames that the peer may send; also the largest that we send
    std::uint16_t channel_max = 8'191;                ///< contract/iothub-amqp.md, section 2.3; less, where max_sessions is
    /// We close when no whole frame came for so long, however many bytes of one did; 0: never.
    std::chrono::milliseconds idle_time_out{240'000};
    /// From the engine's making to the peer's open, whatever comes in between: a stranger holds memory no longer.
    std::chrono::milliseconds handshake_time_out{30'000};

    std::uint32_t incoming_window = 5'000; ///< frames per session; kept topped up, so credit is what really limits (iothub-amqp.md, 2.5)
    std::uint32_t handle_max = 262'143;
    std::uint64_t max_message_size = 1'048'576; ///< of a link that asks for more, or does not say

    /// 1,000 devices with six links each may share a connection (iothub-amqp.md, 4.8); beyond, attaches are refused. Twice as many,
    /// with those that we have detached and the peer has not, close the connection.
    std::size_t max_links = 6'500;
    std::size_t max_sessions = 8'192; ///< as many as channel_max promises; each takes about 400 bytes
    /// Bytes of unfinished multi-frame deliveries on one connection; beyond, the delivery's link is detached.
    std::size_t max_partial_bytes = 8u << 20;

    // --- server
    std::vector<std::string> sasl_mechanisms; ///< in the order offered
    bool sasl_required = false;               ///< otherwise a peer may start with the AMQP header

    // --- client
    std::optional<std::string> sasl_mechanism; ///< none: no SASL layer
    bytes sasl_initial_response;
};

} // namespace capstan::amqp
