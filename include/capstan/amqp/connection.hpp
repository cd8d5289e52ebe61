#pragma once
// The AMQP 1.0 engine: one connection, either side of it. Bytes and the time go in; events and bytes come out. It has no socket,
// no clock and no thread. Its owner runs this loop, and nothing else is needed:
//
//     engine.receive(bytes_from_socket, now);          // whenever there are any
//     while (auto event = engine.next_event())         // to the end, before the bytes are given up
//         handle(*event);                              // may call any verb below
//     write(engine.output()); engine.sent(n);          // until output() is empty
//     sleep until engine.next_deadline() or more bytes; on the deadline engine.tick(now), then as above
//     when engine.finished(), close the socket
//
// What the peer does wrong never comes back from a call: it goes onto the wire as a close, end or detach, and comes out as one
// event. What the owner does wrong (a link that is gone, no credit) is answered by the call, and changes nothing.

#include <functional>
#include <memory>
#include <optional>

#include <capstan/amqp/events.hpp>
#include <capstan/amqp/settings.hpp>

namespace capstan::amqp {

enum class side : std::uint8_t { server, client };

/// What is known of a link from its attaches. Texts are the peer's where the peer began, ours where we did.
struct link_info {
    link_id id;
    std::uint16_t channel;          ///< of its session, ours
    std::string name;
    amqp::role role;                ///< ours
    std::optional<std::uint8_t> snd_settle_mode, rcv_settle_mode; ///< as the peer asked, or answered
    bytes source, target;           ///< encoded, as the peer wrote them; empty for null, and once we have accepted its link
    terminus source_terminus, target_terminus; ///< the same; then without the address of the peer's own end
    bytes properties;               ///< the peer's, an encoded map with symbol keys; empty when absent, and like source and target
    std::vector<std::string> desired_capabilities; ///< the peer's
    std::uint64_t max_message_size; ///< the peer's; 0: none given
    bool answered;                  ///< both attaches have been sent
};

/// How to answer a peer's attach. Source, target and properties are repeated as the peer wrote them.
struct attach_answer {
    std::optional<std::uint8_t> snd_settle_mode = std::nullopt, rcv_settle_mode = std::nullopt;
    std::uint32_t credit = 0;           ///< when we receive: what the peer may send at once
    std::uint64_t max_message_size = 0; ///< 0: the settings' or the peer's, whichever is less
};

/// A link that we begin.
struct attach_request {
    std::string name;
    amqp::role role;
    bytes source, target; ///< encoded
    std::optional<sender_settle_mode> snd_settle_mode;
    std::optional<receiver_settle_mode> rcv_settle_mode;
    bytes properties;     ///< encoded map, or empty
    std::vector<std::string> desired_capabilities;
    std::uint32_t credit = 0;
};

struct send_options {
    bool settled = false;
    std::uint32_t message_format = 0;
};

class connection {
public:
    /// A client's engine has its first output at once. `settings` must outlive the connection.
    connection(amqp::side side, const settings& settings, steady_time now);
    ~connection();
    connection(connection&&) noexcept;

    // --- the loop

    /// Takes what came from the socket. The bytes must stay until next_event() has returned nothing; a frame that is not yet whole
    /// is copied then.
    void receive(bytes_view input, steady_time now);
    std::optional<event> next_event();
    /// What to write next, up to the next point where one write must end (see refuse). Valid until any other call.
    bytes_view output() const;
    void sent(std::size_t count);
    /// All bytes that wait to be written.
    std::size_t output_size() const;
    /// May lie in the past: the owner's verbs do not say what time it is.
    std::optional<steady_time> next_deadline() const;
    void tick(steady_time now);
    /// Nothing more will be read or written.
    bool finished() const;

    // --- connection

    /// Answers sasl_requested. Code: part 5, section 5.3.3.6 (0 ok, 1 auth). On refusal the connection is closed once it is written.
    void answer_sasl(std::uint8_t code, bytes_view additional_data = {});
    bool is_open() const;
    void close(error why = {});
    /// What the engine itself finds wrong goes through `words` before the peer hears of it, and its event has what that returned: for
    /// an owner that adds numbers of its own, or writes a log. Not called for what the owner's verbs say, nor for what the peer says.
    /// It must not call the connection.
    void word_errors(std::function<error(error)> words);

    // --- links

    /// Client: a session; sessions that the peer begins are answered by the engine. 0 when channel-max is used up or not open.
    std::optional<std::uint16_t> open_session();
    void end_session(std::uint16_t channel, error why = {});
    std::optional<link_id> attach(std::uint16_t channel, const attach_request& request);
    /// Null when the link is gone. Valid until the next next_event().
    const link_info* find(link_id link) const;
    bool accept(link_id link, const attach_answer& answer);
    /// Answers with null termini, then detaches with the error. The detach is written apart from the attach, `pause` later: some
    /// clients look for it only once they have seen the attach (contract/event-hubs.md, section 1.1), and one that tries again at
    /// once is slowed down (section 4.4).
    bool refuse(link_id link, error why, std::chrono::milliseconds pause = {});
    /// Closes the link. Events for it stop at once.
    bool detach(link_id link, error why = {}, bool closed = true);

    /// What is left of the credit, ours or the peer's.
    std::uint32_t credit_left(link_id link) const;

    // --- sending, on links whose role is sender

    /// How many deliveries may be sent now: the credit that is left, or none while the session's window is shut.
    std::uint32_t credit(link_id link) const;
    /// The peer wants the credit used or given back: call drained() when there is nothing (more) to send, or no credit left. While
    /// credit() is 0 only because the session's window is shut, there may be more to send: a credited event comes when it opens.
    bool draining(link_id link) const;
    void drained(link_id link);
    /// Sends one message, its pieces joined, in as many frames as it takes. None when there is no credit, or the tag is longer than
    /// 32 bytes. None, too, when the message is larger than the peer's max-message-size: that ends the link (part 2, section 2.7.3),
    /// as a detached event says.
    std::optional<delivery_id> send(link_id link, bytes_view tag, std::span<const bytes_view> pieces, send_options options = {});
    /// Settles deliveries of ours after a disposed event that was not settled (receiver-settle-mode second).
    bool confirm(link_id link, delivery_id first, delivery_id last, const delivery_state& state);

    // --- receiving, on links whose role is receiver

    /// What the peer may send from now on, in all.
    bool set_credit(link_id link, std::uint32_t credit, bool drain = false);
    /// Says what became of the deliveries first..last, all of this link; settled unless said otherwise. One frame.
    bool settle(link_id link, delivery_id first, delivery_id last, const delivery_state& state, bool settled = true);

private:
    class engine;
    std::unique_ptr<engine> engine_;
};

} // namespace capstan::amqp
