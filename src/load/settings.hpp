#pragma once
// What a connection of the load generator is to do.

#include <optional>
#include <string>
#include <vector>

#include "load/transfer_template.hpp"

namespace capstan::load {

enum class sasl : std::uint8_t { none, anonymous, plain, mssbcbs };

/// Claims-based security: a token for an audience, put before the links are attached.
struct put_token {
    std::string audience, token;
};

struct link_plan {
    amqp::role role;     ///< ours
    std::string address; ///< target of a sender, source of a receiver
};

struct connection_plan {
    std::string name; ///< container-id: no two connections have the same
    std::vector<link_plan> links;
    std::size_t first_message = 0; ///< of the settings' messages: what its first link sends first
    std::optional<put_token> token{};
};

enum class pace : std::uint8_t {
    still,     ///< nothing is sent
    flat_out,  ///< as much as window and credit allow
    scheduled, ///< as much as connection::owe says
};

/// What connections have in common. Must outlive them.
struct settings {
    std::string hostname; ///< of open
    sasl mechanism = sasl::anonymous;
    std::string user, password;        ///< of PLAIN
    std::uint32_t window = 100;        ///< unsettled deliveries of a sending link
    std::uint32_t credit = 1000;       ///< of a receiving link; given again when half of it is used
    bool settled = false;              ///< sent so
    bool settle_second = false;        ///< receivers say accepted and have the sender settle, which they count
    std::size_t body_size = 0;         ///< of received messages that carry the time they were sent at; 0: they do not
    bool latency_of_accept = true;     ///< of sent messages
    amqp::bytes filter;                ///< of receivers' sources: an encoded map, or empty
    std::vector<transfer_template> messages; ///< sent in turn by each link; at least one where there are senders
};

} // namespace capstan::load
