#pragma once
// What the endpoints of one connection share: the engine, the thread, who the peer has shown itself to be, and the answers that
// wait for a link. Owned by the peer; lives on its io thread.

#include <functional>
#include <memory>
#include <string>

#include <boost/container/flat_map.hpp>
#include <boost/container/flat_set.hpp>

#include <capstan/amqp/connection.hpp>

#include "hub/address.hpp"
#include "hub/hub.hpp"
#include "hub/identities.hpp"
#include "hub/peer_log.hpp"
#include "hub/reply_box.hpp"

namespace capstan::hub {

class endpoint;

/// The peer, for its endpoints.
class link_owner {
public:
    /// The endpoint has ended its link by itself.
    virtual void forget_link(amqp::link_id link) = 0;
    /// What allowed the link of this device or module may have gone: it ends if nothing else does.
    virtual void check_link(amqp::link_id link, const std::string& device) = 0;

protected:
    ~link_owner() = default;
};

struct conversation {
    capstan::hub::hub& hub;
    std::size_t thread;
    amqp::connection& engine;
    std::string origin;          ///< for the log
    std::move_only_function<void()> wake; ///< call when the engine got output outside of the peer's own functions
    link_owner& links;

    std::string hostname;        ///< what the peer calls us: of its open, without port; empty when it did not say
    peer_log log;
    capstan::hub::identities identities;
    std::unique_ptr<reply_box> cbs_box, management_box; ///< none as long as nobody asks
    /// Where answers to twin requests go out, by whose twin it is.
    boost::container::flat_map<std::string, std::weak_ptr<endpoint>> twin_links;

    boost::container::flat_set<std::string> connected; ///< under a throttle: the devices and modules that have had their turn to connect

    std::size_t unanswered = 0;  ///< deliveries whose commit is under way
    std::size_t bytes_in_flight = 0; ///< of them
    bool quiescing = false;      ///< the hub stops: no more credit

    /// Tells the log what a peer is told that is refused something ("link", "message"), with condition, number and tracking id: the one
    /// place for it. `about`: what it was about, the link's address in the second form; that form comes before the link is ended.
    void refused(std::string_view what, const amqp::error& why, std::string_view about = {});
    void refused(std::string_view what, const amqp::error& why, amqp::link_id link);

    reply_box& cbs_replies() { return made(cbs_box); }
    reply_box& management_replies() { return made(management_box); }
    static reply_box& made(std::unique_ptr<reply_box>& box) {
        if (!box)
            box = std::make_unique<reply_box>();
        return *box;
    }

    run_queue& home() { return hub.queue(thread); }
    wall_time now() const { return hub.clock().now(); }
};

} // namespace capstan::hub
