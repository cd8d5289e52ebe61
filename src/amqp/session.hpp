#pragma once
// A session: the transfer windows (part 2, section 2.5.6) and the links of one channel.

#include <boost/container/flat_map.hpp>

#include "amqp/link.hpp"

namespace capstan::amqp {

/// What is left of a delivery that stopped at the peer's window.
struct blocked_delivery {
    link_id link;
    bytes rest;
    std::size_t written = 0;
};

struct session {
    std::uint16_t local_channel = 0;
    std::uint16_t remote_channel = 0;
    lifecycle local = lifecycle::unbegun, remote = lifecycle::unbegun;

    // --- what we receive
    std::uint32_t next_incoming_id = 0;
    std::uint32_t incoming_window = 0; ///< frames that the peer may still send

    // --- what we send
    std::uint32_t next_outgoing_id = 1; ///< contract/iothub-amqp.md, section 2.5
    std::uint32_t initial_outgoing_id = 1;
    std::uint32_t outgoing_window = 0; ///< as we say it; nothing hangs on it
    std::uint32_t remote_window = 0;   ///< frames that we may still send
    std::uint32_t next_delivery_id = 0;
    std::uint32_t peer_handle_max = 4294967295;
    std::unique_ptr<blocked_delivery> blocked;

    unsettled_map sent;     ///< our deliveries
    unsettled_map received; ///< the peer's, on links with receiver-settle-mode second

    std::vector<std::unique_ptr<link>> links; ///< by our handle; holes where links have gone
    // Sorted vectors, here and in the engine: most connections have one session and two links, and a hash table begins with 300 bytes.
    boost::container::flat_map<std::uint32_t, link*> by_remote_handle;

    link* at_remote_handle(std::uint32_t handle) const {
        const auto found = by_remote_handle.find(handle);
        return found == by_remote_handle.end() ? nullptr : found->second;
    }
    /// A live link of this name and (our) role: names are told apart per session and direction, because Azure's C# client uses the
    /// same names on each of its sessions (contract/iothub-amqp.md, section 5.2).
    link* named(std::string_view name, role ours) const;
    link& add_link(role ours, std::string_view name);
    /// Nothing more will be said of its deliveries.
    void forget_deliveries(const link& gone);
    void remove(link& gone);
};

} // namespace capstan::amqp
