#pragma once
// What the endpoints of one connection share: the engine, the thread, who the peer has shown itself to be, and the answers that
// wait for a link. Owned by the peer; lives on its io thread.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include <capstan/amqp/connection.hpp>

#include "hub/address.hpp"
#include "hub/hub.hpp"
#include "hub/identities.hpp"
#include "hub/peer_log.hpp"
#include "hub/reply_box.hpp"

namespace capstan::hub {

class endpoint;

struct conversation {
    capstan::hub::hub& hub;
    std::size_t thread;
    amqp::connection& engine;
    std::string origin;          ///< for the log
    std::function<void()> wake;  ///< call when the engine got output outside of the peer's own functions

    std::function<void(amqp::link_id)> forget_link; ///< the endpoint has ended its link by itself
    /// What allowed the link of this device or module may have gone: it ends if nothing else does.
    std::function<void(amqp::link_id, const std::string& device)> check_link;

    std::string hostname;        ///< what the peer calls us: of its open, without port; empty when it did not say
    peer_log log;
    capstan::hub::identities identities;
    reply_box cbs_replies;
    reply_box management_replies;
    std::map<std::string, std::weak_ptr<endpoint>> twin_links; ///< where answers to twin requests go out, by whose twin it is

    std::set<std::string> connected; ///< under a throttle: the devices and modules that have had their turn to connect

    std::size_t unanswered = 0;  ///< deliveries whose commit is under way
    std::size_t bytes_in_flight = 0; ///< of them
    bool quiescing = false;      ///< the hub stops: no more credit

    /// Tells the log what a peer is told that is refused something ("link", "message"), with condition, number and tracking id: the one
    /// place for it. `about`: what it was about, the link's address in the second form; that form comes before the link is ended.
    void refused(std::string_view what, const amqp::error& why, std::string_view about = {});
    void refused(std::string_view what, const amqp::error& why, amqp::link_id link);

    run_queue& home() { return hub.queue(thread); }
    wall_time now() const { return hub.clock().now(); }
};

} // namespace capstan::hub
