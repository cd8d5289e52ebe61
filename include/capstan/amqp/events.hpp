#pragma once
// What the engine tells its owner: one event at a time, from connection::next_event(). Views are valid until the next call of it.
//
// Events come in the order of the peer's frames; what a verb of the owner leads to comes after what was waiting. Of one connection:
// first sasl_requested, if there is SASL; opened once, before anything of links; closed once, as the last. Of one link: attached
// first, and until the owner has accepted it nothing but detached; detached last, unless the owner itself detached or refused the
// link: then nothing more comes of it, also nothing that was waiting. When the connection closes, its links go without a word.

#include <variant>

#include <capstan/amqp/terminus.hpp>

namespace capstan::amqp {

/// Server: the peer chose a mechanism. Answer with connection::answer_sasl before the next next_event(); no answer refuses it.
struct sasl_requested {
    std::string_view mechanism;
    bytes_view response;
};

/// The peer's open has arrived (and ours is on its way).
struct opened {
    std::string_view container_id;
    std::string_view hostname;
    encoded_view properties;
};

/// The peer wants this link (answer with accept or refuse), or has answered ours.
struct attached {
    link_id link;
    bool by_peer; ///< the peer began
};

/// The link is over: refused, detached by either side, or gone with its session. Its id means nothing any more.
struct detached {
    link_id link;
    amqp::error error; ///< of the peer, or of the engine when it ended the link for a violation; empty when there was none
    bool by_peer;
};

/// A message has arrived, whole.
struct delivery {
    link_id link;
    delivery_id id;
    bytes_view tag;
    std::uint32_t message_format;
    bool settled; ///< by the sender: it wants no answer
    bytes_view payload;
};

/// The peer says what became of deliveries, ours or (on a link on which we receive) its own: one event per run of deliveries of a
/// link. Ours that are settled are forgotten with this event; those that are not wait for connection::confirm.
struct disposed {
    link_id link;
    delivery_id first, last;
    delivery_state state;
    bool settled;
};

/// The peer changed the credit of a link on which we send, opened its session's window again, or asks to drain it. Of a link on
/// which we receive: the sender has given back what was left of its credit, whether or not we wanted it drained.
struct credited {
    link_id link;
};

/// The connection is over, with the peer's error or ours. The last event. Output may be left to write: finished() tells.
struct closed {
    amqp::error error;
    bool by_peer;
};

using event = std::variant<sasl_requested, opened, attached, detached, delivery, disposed, credited, closed>;

} // namespace capstan::amqp
