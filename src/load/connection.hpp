#pragma once
// One client connection of the load generator. Sans-IO: bytes and the time in, bytes out. It does what capstan::amqp::connection does
// at a fraction of the cost, because it has one session, links that are all there from the start, and messages that are all alike.
//
//     connection peer(settings, plan, tally); peer.start(now, out)
//     consumed = peer.receive(input, out, now); keep what was not consumed
//     peer.fill(out, now)                         sends what may be sent
//     peer.tick(out, now)                         now and then: heartbeats

#include <capstan/amqp/performatives.hpp>

#include "load/delivery_ring.hpp"
#include "load/link.hpp"
#include "load/settings.hpp"
#include "load/tally.hpp"
#include "load/wire.hpp"

namespace capstan::load {

class connection {
public:
    /// All four must outlive it. `left` is how many messages may still be sent, of all connections that share it.
    connection(const settings& with, const connection_plan& plan, tally& counts, std::uint64_t& left);

    enum class stage : std::uint8_t { sasl_header, sasl, header, opening, token, attaching, ready, closing, over };
    stage at() const { return stage_; }
    bool ready() const { return stage_ == stage::ready; }
    /// Nothing more will come of it: closed by either side, or failed.
    bool over() const { return stage_ == stage::over; }
    /// Why, if it is not by our close.
    const std::string& problem() const { return problem_; }

    /// Appends the first bytes.
    void start(bytes& out, std::int64_t now);
    /// Takes whole frames; gives back how many bytes were taken. Answers are appended to `out`.
    std::size_t receive(bytes_view input, bytes& out, std::int64_t now);
    /// Appends what may be sent, up to about `burst` bytes; says whether there is more.
    bool fill(bytes& out, std::int64_t now, pace how, std::size_t burst = 256 * 1024);
    void tick(bytes& out, std::int64_t now);
    void close(bytes& out);
    /// The socket is gone.
    void lost(const std::string& why);

    /// Scheduled: a message that is meant to be sent at `time` on the sending link of this number. Times of a link ascend.
    void owe(std::size_t sender, std::int64_t time) { links_[senders_[sender]].owed.push_back(time); }
    std::size_t senders() const { return senders_.size(); }
    bool unsettled() const { return !ring_.empty(); }

private:
    // handshake.cpp
    std::size_t take_header(bytes_view input);
    void on_sasl(std::uint64_t code, bytes_view body, bytes& out);
    bool offered(bytes_view mechanisms) const;
    void write_sasl_init(bytes& out) const;
    void open(bytes& out);
    void attach_cbs(bytes& out);
    void put(bytes& out);
    void on_token_answer(bytes_view message, bytes& out);
    void attach_links(bytes& out);
    void write_attach(bytes& out, std::uint32_t handle, amqp::role role, const std::string& name, std::string_view address) const;
    void write_credit(bytes& out, std::uint32_t handle, std::uint32_t credit, std::uint32_t delivery_count) const;
    void on_open(bytes_view body);
    void on_begin(bytes_view body);
    void on_attach(bytes_view body);

    // connection.cpp
    std::size_t cbs_sender() const { return plan_.links.size(); } ///< handles of the links to $cbs, if a token is put
    std::size_t cbs_receiver() const { return plan_.links.size() + 1; }
    link* of_peer(std::uint32_t handle);
    std::uint32_t handle_of(const link& one) const { return static_cast<std::uint32_t>(&one - links_.data()); }
    std::size_t take_frame(bytes_view input, bytes& out, std::int64_t now);
    void on_frame(bytes_view body, bytes& out, std::int64_t now);
    void on_performative(std::uint64_t code, amqp::decoder& from, bytes_view body, bytes& out);
    void on_detach(const amqp::detach& detach);
    void fail(std::string why);

    // sending.cpp
    void on_flow(const amqp::flow& flow, bytes& out);
    void on_disposition(bytes_view body, bytes& out, std::int64_t now);
    void settle(std::uint32_t first, std::uint32_t last, std::uint8_t outcome, std::int64_t now);
    std::size_t may_send(const link& on, pace how) const;
    bool send(link& on, std::size_t count, bytes& out, std::int64_t now, pace how, std::size_t end);
    void send_one(link& on, bytes& out, std::int64_t time);
    bool send_rest(bytes& out);

    // receiving.cpp
    void on_transfer(bytes_view body, bytes& out, std::int64_t now);
    void on_message(link& on, std::uint32_t id, bool settled, bytes_view message, bytes& out, std::int64_t now);
    void on_confirmed(std::uint32_t first, std::uint32_t last, std::int64_t now);
    void settle_received(bytes& out);
    void replenish(link& on, std::uint32_t handle, bytes& out) const;

    const settings& with_;
    const connection_plan& plan_;
    tally& counts_;
    std::uint64_t& left_;
    stage stage_ = stage::sasl_header;
    std::string problem_;
    std::vector<link> links_; ///< by handle
    std::vector<std::uint32_t> senders_;
    std::vector<std::uint32_t> by_peer_; ///< our handle of the link that the peer has this handle for
    std::size_t attached_ = 0; ///< links that the peer has answered
    std::size_t turn_ = 0;     ///< of the senders: who goes first

    std::uint32_t peer_max_frame_size_ = 512;
    std::int64_t heartbeat_ = 0, last_written_ = 0; ///< ns; heartbeat 0: none are wanted

    // --- session
    delivery_ring ring_;
    std::uint32_t next_outgoing_ = 0, peer_window_ = 0; ///< transfer frames
    std::uint32_t next_incoming_ = 0;
    bool begun_ = false; ///< by the peer
    /// A delivery of which frames are still to be sent.
    struct {
        const transfer_template* message = nullptr;
        std::uint32_t handle = 0, id = 0;
        std::int64_t time = 0;
        std::size_t offset = 0;
    } rest_;
    /// Received, to be settled in one frame.
    struct {
        std::uint32_t first = 0, count = 0;
    } run_;
    struct awaited {
        std::uint32_t id;
        std::int64_t time;
    };
    std::vector<awaited> awaiting_; ///< accepted by us, not yet settled by their sender; at most the links' credit
};

} // namespace capstan::load
