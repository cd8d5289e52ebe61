#pragma once
// All state of one connection. What is done with it stands in one file per noun: connection.cpp (headers, SASL, open, close, time),
// session_frames.cpp (begin, end, flow), link_frames.cpp (attach, detach), sending.cpp, receiving.cpp (transfer, disposition).

#include <boost/container/flat_set.hpp>

#include <capstan/amqp/connection.hpp>

#include "amqp/framing.hpp"
#include "amqp/output_queue.hpp"
#include "amqp/session.hpp"

namespace capstan::amqp {

class connection::engine {
public:
    engine(amqp::side side, const settings& settings, steady_time now);

    // --- the loop (connection.cpp)
    void receive(bytes_view input, steady_time now);
    std::optional<event> next_event();
    void sent(std::size_t count);
    std::optional<steady_time> next_deadline() const;
    void tick(steady_time now);
    bool finished() const { return stage_ == stage::over && out_.empty(); }
    void answer_sasl(std::uint8_t code, bytes_view additional_data);
    bool is_open() const { return stage_ == stage::frames && peer_open_; }
    /// What the peer is told, and held to: no channel that there may be no session for.
    std::uint16_t channel_max() const {
        return static_cast<std::uint16_t>(std::min<std::size_t>(settings_.channel_max, settings_.max_sessions - 1));
    }
    void close(const error& why, bool by_peer = false);

    // --- sessions (session_frames.cpp)
    std::optional<std::uint16_t> open_session();
    void end_session(std::uint16_t channel, error why);

    // --- links (link_frames.cpp)
    std::optional<link_id> attach(std::uint16_t channel, const attach_request& request);
    link* find(link_id id) const;
    bool accept(link_id id, const attach_answer& answer);
    bool refuse(link_id id, error why, std::chrono::milliseconds pause);
    bool detach(link_id id, const error& why, bool closed);

    // --- messages (sending.cpp, receiving.cpp)
    std::uint32_t credit(link_id id) const;
    void drained(link_id id);
    std::optional<delivery_id> send(link_id id, bytes_view tag, std::span<const bytes_view> pieces, send_options options);
    bool confirm(link_id id, delivery_id first, delivery_id last, const delivery_state& state);
    bool set_credit(link_id id, std::uint32_t credit, bool drain);
    bool settle(link_id id, delivery_id first, delivery_id last, const delivery_state& state, bool settled);

    output_queue out_;
    std::function<error(error)> words_; ///< see connection::word_errors

private:
    // --- bytes to frames (connection.cpp)
    enum class stage : std::uint8_t {
        header,  ///< the next eight bytes are a protocol header
        sasl,    ///< SASL frames
        frames,  ///< AMQP frames
        closing, ///< our close is written: only the peer's close still counts
        over,    ///< nothing more is read
    };
    bool step();
    bool step_header();
    bool step_frame();
    bytes_view unread() const { return partial_.empty() ? input_ : bytes_view(partial_); }
    bool gather(std::size_t wanted);
    void consume(std::size_t count);
    void keep_rest();
    void tick_open();
    void tick_refused();
    void tick_closed();
    void on_header(bytes_view header);
    void on_sasl_frame(bytes_view body);
    void on_sasl_mechanisms(decoder& from);
    void on_sasl_init(decoder& from);
    void on_sasl_outcome(decoder& from);
    void on_frame(const frame& received);
    template<class Performative>
    void dispatch(const frame& received, decoder& from, void (engine::*handler)(std::uint16_t, const Performative&, bytes_view));

    void on_open(std::uint16_t, const amqp::open&, bytes_view);
    void on_close(std::uint16_t, const amqp::close&, bytes_view);
    void on_begin(std::uint16_t channel, const amqp::begin&, bytes_view);
    void on_end(std::uint16_t channel, const amqp::end&, bytes_view);
    void on_attach(std::uint16_t channel, const amqp::attach&, bytes_view);
    void on_detach(std::uint16_t channel, const amqp::detach&, bytes_view);
    void on_flow(std::uint16_t channel, const amqp::flow&, bytes_view);
    void on_transfer(std::uint16_t channel, const amqp::transfer&, bytes_view payload);
    void on_disposition(std::uint16_t channel, const amqp::disposition&, bytes_view);

    // --- writing
    template<class Performative> void write_frame(std::uint16_t channel, const Performative& what);
    template<class Performative> void write_sasl_frame(const Performative& what);
    void write_header(protocol id);
    void write_open();
    void write_begin(session& at, std::optional<std::uint16_t> answer_to);
    void write_attach(session& at, link& what, const attach_answer& answer, bool refused);
    void write_detach(const link& what, bool closed, const error& why);
    void write_session_flow(session& at);
    void write_link_flow(session& at, link& what);
    void write_disposition(std::uint16_t channel, role ours, delivery_id first, delivery_id last, const delivery_state& state,
                           bool settled);
    error fitting(const error& why) const;

    // --- violations by the peer: of the connection, of a session, of a link
    void fail(error why);
    void fail(std::string_view condition, std::string description) { fail(error(condition, description)); }
    void fail_session(session& at, error why);
    void fail_link(link& what, error why);
    /// As the peer hears of what it did wrong.
    error worded(error why) const;
    void give_up();

    // --- sessions and links
    session* session_at(std::uint16_t remote_channel);
    session* begun_session_at(std::uint16_t remote_channel);
    session* session_of(const link& what) const;
    session* new_session();
    void end_links(session& at, const error& why, bool by_peer);
    void forget(session& at);
    link* link_at(session& at, std::uint32_t remote_handle);
    link* new_link(session& at, role ours, std::string_view name);
    void on_attach_answer(session& at, link& what, const amqp::attach& peer);
    void on_new_link(session& at, const amqp::attach& peer);
    bool learn(link& what, const amqp::attach& peer);
    void forget(link& what, const error& why, bool by_peer);
    void forget_events(link_id id);
    void on_link_flow(session& at, link& what, const amqp::flow& peer);
    void take_delivery_count(link& what, std::uint32_t theirs);
    void update_remote_window(session& at, const amqp::flow& peer);

    // --- messages
    bool take_frame(session& at);
    bool may_begin_delivery(link& what, const amqp::transfer& frame);
    bool may_continue_delivery(link& what, const amqp::transfer& frame);
    bool within_limits(link& what, std::size_t more);
    void begin_partial(link& what, const amqp::transfer& frame);
    void finish_partial(session& at, link& what);
    void finish_delivery(session& at, link& what, const delivery& done, bool waits_for_sender);
    void abort_delivery(session& at, link& what);
    void ignore_resumed(session& at, link& what, const amqp::transfer& frame);
    void drop_partial(link& what);
    std::size_t write_transfer(session& at, amqp::transfer& frame, std::span<const bytes_view> pieces, std::size_t skip, std::size_t total);
    void resume_blocked(session& at);
    void report(unsettled_map& deliveries, const amqp::disposition& peer, const delivery_state& state);

    void emit(event what) { events_.push_back(std::move(what)); }

    const amqp::side side_;
    const settings& settings_;
    stage stage_ = stage::header;
    bool sasl_done_ = false;
    bool sasl_pending_ = false;   ///< sasl_requested is with the owner
    bool open_sent_ = false, peer_open_ = false;
    bool closed_ = false;     ///< the connection is over, as far as its owner hears
    bool close_sent_ = false; ///< nothing may be written any more

    std::uint32_t peer_max_frame_size_ = min_max_frame_size;
    std::uint16_t peer_channel_max_ = 65'535;
    std::optional<std::chrono::milliseconds> heartbeat_; ///< we write at least this often
    steady_time now_;        ///< as the owner said last: it may be long ago when a verb is called
    steady_time last_frame_; ///< when the peer's last whole frame came
    steady_time last_written_, started_;
    std::optional<steady_time> closed_at_;

    bytes_view input_;
    bytes partial_;                  ///< the start of a frame that is not yet whole; one frame at most
    std::size_t processed_ = 0;      ///< bytes of the frame that the last events point into: given up by the next next_event()
    bytes held_, held_tag_;          ///< payload (of a multi-frame delivery) and tag that the last event points to
    std::vector<event> events_;
    std::size_t next_event_ = 0;

    std::vector<std::unique_ptr<session>> sessions_; ///< by our channel; holes where sessions have gone
    std::size_t session_count_ = 0;
    boost::container::flat_map<std::uint16_t, session*> by_remote_channel_;
    boost::container::flat_set<std::uint16_t> ended_channels_; ///< of the peer: late frames for them are dropped
    boost::container::flat_map<std::uint32_t, link*> links_;
    std::uint32_t next_link_ = 1;
    std::size_t link_count_ = 0;    ///< also of those that we have detached and the peer not yet
    std::size_t partial_bytes_ = 0; ///< of all links' unfinished deliveries
    std::vector<link_id> refused_;  ///< whose detach waits for its time
};

/// A frame that cannot be cut and is larger than the peer takes closes the connection (part 2, section 2.8.15).
template<class Performative> void connection::engine::write_frame(std::uint16_t channel, const Performative& what) {
    if (close_sent_)
        return;
    auto& out = out_.tail();
    const auto start = begin_frame(out, frame_type::amqp, channel);
    encoder to(out);
    write(to, what);
    finish_frame(out, start);
    if (out.size() - start <= peer_max_frame_size_)
        return;
    out.resize(start);
    fail(condition::frame_size_too_small, std::string(Performative::name) + " is larger than max-frame-size");
}

template<class Performative> void connection::engine::write_sasl_frame(const Performative& what) {
    const auto start = begin_frame(out_.tail(), frame_type::sasl, 0);
    encoder to(out_.tail());
    write(to, what);
    finish_frame(out_.tail(), start);
}

} // namespace capstan::amqp
