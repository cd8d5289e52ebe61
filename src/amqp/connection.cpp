// From bytes to frames, and what concerns the connection as a whole: protocol headers, open, close, time.

#include "amqp/engine.hpp"

namespace capstan::amqp {
namespace {

/// After the end, how long the peer gets to answer our close, and to read what was written, before the socket is closed all the same.
constexpr std::chrono::seconds close_time_out{5};
/// Heartbeats are not written more often than this, however short a time-out the peer asks for.
constexpr std::chrono::milliseconds min_heartbeat{100};

} // namespace

connection::engine::engine(amqp::side side, const settings& settings, steady_time now)
    : side_(side), settings_(settings), now_(now), last_frame_(now), last_written_(now), started_(now) {
    if (side_ == side::server)
        return;
    if (settings_.sasl_mechanism) {
        write_header(protocol::sasl);
        return;
    }
    sasl_done_ = true;
    write_header(protocol::amqp);
    write_open();
}

void connection::engine::receive(bytes_view input, steady_time now) {
    now_ = now;
    input_ = input;
}

std::optional<event> connection::engine::next_event() {
    for (;;) {
        if (next_event_ < events_.size())
            return std::move(events_[next_event_++]);
        next_event_ = 0;
        events_.clear();
        held_.clear();
        consume(std::exchange(processed_, 0));
        if (sasl_pending_)
            answer_sasl(2, {});
        if (!step())
            break;
    }
    keep_rest();
    // What an idle connection does not need it does not keep.
    out_.fit();
    std::vector<event>().swap(events_);
    bytes().swap(held_);
    return std::nullopt;
}

bool connection::engine::step() {
    switch (stage_) {
    case stage::header: return step_header();
    case stage::sasl:
    case stage::frames:
    case stage::closing: return step_frame();
    case stage::over: break;
    }
    return next_event_ < events_.size();
}

bool connection::engine::step_header() {
    if (!gather(header_size))
        return false;
    processed_ = header_size;
    on_header(unread().first(header_size));
    return true;
}

bool connection::engine::step_frame() {
    const auto found = next_frame(unread(), settings_.max_frame_size);
    switch (found.what) {
    case frame_result::shape::incomplete: return gather(found.size) && step_frame();
    case frame_result::shape::malformed:
        fail(condition::framing_error, found.problem);
        give_up();
        return true;
    case frame_result::shape::whole: break;
    }
    processed_ = found.size;
    last_frame_ = now_;
    const bool sasl = stage_ == stage::sasl;
    if (sasl != (found.found.type == frame_type::sasl)) {
        fail(condition::framing_error, sasl ? "an AMQP frame before the end of SASL" : "a SASL frame after the end of SASL");
        give_up();
    } else if (sasl) {
        on_sasl_frame(found.found.body);
    } else {
        on_frame(found.found);
    }
    return true;
}

/// True when at least `wanted` bytes can be seen at once; to that end what lies in two pieces is joined.
bool connection::engine::gather(std::size_t wanted) {
    if (partial_.empty())
        return input_.size() >= wanted;
    const auto missing = std::min(input_.size(), wanted - std::min(wanted, partial_.size()));
    partial_.insert(partial_.end(), input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(missing));
    input_ = input_.subspan(missing);
    return partial_.size() >= wanted;
}

void connection::engine::consume(std::size_t count) {
    if (partial_.empty()) {
        input_ = input_.subspan(count);
    } else {
        partial_.erase(partial_.begin(), partial_.begin() + static_cast<std::ptrdiff_t>(count));
        if (partial_.empty())
            bytes().swap(partial_);
    }
}

void connection::engine::keep_rest() {
    if (stage_ != stage::over)
        partial_.insert(partial_.end(), input_.begin(), input_.end());
    input_ = {};
}

void connection::engine::on_header(bytes_view header) {
    const auto is = [&](protocol id) { return std::ranges::equal(header, protocol_header(id)); };
    const bool server = side_ == side::server;
    if (!sasl_done_ && is(protocol::sasl)) {
        if (server) {
            write_header(protocol::sasl);
            std::vector<symbol_view> names;
            for (const auto& mechanism : settings_.sasl_mechanisms)
                names.push_back({mechanism});
            bytes encoded;
            encoder(encoded).array(names);
            write_sasl_frame(sasl_mechanisms{.mechanisms = {encoded}});
        }
        stage_ = stage::sasl;
    } else if (is(protocol::amqp) && (sasl_done_ || (server && !settings_.sasl_required))) {
        if (server)
            write_header(protocol::amqp);
        stage_ = stage::frames;
    } else {
        // Part 2, section 2.2: answer with a header that would do, and close.
        if (server)
            write_header(sasl_done_ || !settings_.sasl_required ? protocol::amqp : protocol::sasl);
        give_up();
        fail(condition::framing_error, "unexpected protocol header");
    }
}

template<class Performative>
void connection::engine::dispatch(const frame& received, decoder& from,
                                  void (engine::*handler)(std::uint16_t, const Performative&, bytes_view)) {
    const auto body = read_fields<Performative>(from);
    if (body)
        (this->*handler)(received.channel, *body, from.rest());
    else
        fail(body.error());
}

void connection::engine::on_frame(const frame& received) {
    if (received.body.empty())
        return; // a heartbeat
    decoder from(received.body);
    std::optional<std::uint64_t> code;
    std::string_view name;
    if (!from.enter_described() || !from.read_descriptor(code, name))
        return fail(condition::decode_error, "a frame without a performative");
    if (stage_ == stage::closing && code != amqp::close::code)
        return; // discarded, part 2, section 2.4.6
    if (received.channel > channel_max())
        return fail(condition::framing_error, "a channel above channel-max"); // part 2, section 2.7.1
    if (stage_ == stage::frames && !peer_open_ && code != amqp::open::code)
        return fail(condition::illegal_state, "the first frame must be an open");
    switch (code.value_or(0)) {
    case amqp::open::code: return dispatch<amqp::open>(received, from, &engine::on_open);
    case amqp::begin::code: return dispatch<amqp::begin>(received, from, &engine::on_begin);
    case amqp::attach::code: return dispatch<amqp::attach>(received, from, &engine::on_attach);
    case amqp::flow::code: return dispatch<amqp::flow>(received, from, &engine::on_flow);
    case amqp::transfer::code: return dispatch<amqp::transfer>(received, from, &engine::on_transfer);
    case amqp::disposition::code: return dispatch<amqp::disposition>(received, from, &engine::on_disposition);
    case amqp::detach::code: return dispatch<amqp::detach>(received, from, &engine::on_detach);
    case amqp::end::code: return dispatch<amqp::end>(received, from, &engine::on_end);
    case amqp::close::code:
        dispatch<amqp::close>(received, from, &engine::on_close);
        return give_up(); // also when it is malformed: the peer says no more
    default: return fail(condition::decode_error, "unknown performative");
    }
}

void connection::engine::on_open(std::uint16_t channel, const amqp::open& peer, bytes_view) {
    if (channel != 0)
        return fail(condition::framing_error, "an open on a channel other than 0"); // part 2, section 2.4.1
    if (peer_open_)
        return fail(condition::illegal_state, "a second open");
    if (peer.max_frame_size < min_max_frame_size)
        return fail(condition::invalid_field, "max-frame-size below 512");
    peer_open_ = true;
    peer_max_frame_size_ = peer.max_frame_size;
    peer_channel_max_ = peer.channel_max;
    if (peer.idle_time_out.value_or(0) > 0)
        heartbeat_ = std::max(min_heartbeat, std::chrono::milliseconds(*peer.idle_time_out / 2));
    if (!open_sent_)
        write_open();
    emit(opened{peer.container_id, peer.hostname.value_or(""), peer.properties});
}

void connection::engine::on_close(std::uint16_t, const amqp::close& peer, bytes_view) {
    stage_ = stage::over;
    close(decode_error(peer.error), true);
}

/// Writes our close, which answers the peer's when it was first.
void connection::engine::close(const error& why, bool by_peer) {
    if (std::exchange(closed_, true))
        return;
    if (stage_ == stage::frames || by_peer) {
        if (!open_sent_)
            write_open();
        const auto encoded = by_peer ? bytes() : encode(fitting(why));
        write_frame(0, amqp::close{.error = {encoded}});
    }
    close_sent_ = true;
    // Before the frames there is nobody to tell, and no close to wait for.
    stage_ = stage_ == stage::frames ? stage::closing : stage::over;
    emit(closed{why, by_peer});
}

void connection::engine::fail(error why) {
    if (!closed_)
        close(worded(std::move(why)));
}

error connection::engine::worded(error why) const { return words_ ? words_(std::move(why)) : std::move(why); }

/// What is left of an error in the peer's frames: one that is too long loses its words and details.
error connection::engine::fitting(const error& why) const {
    constexpr std::size_t around = 64; // the frame's header, and the other fields of close, end, detach and disposition
    return encode(why).size() + around <= peer_max_frame_size_ ? why : error(why.condition, "");
}

/// The input cannot be read any further.
void connection::engine::give_up() { stage_ = stage::over; }

void connection::engine::sent(std::size_t count) {
    out_.sent(count);
    if (count > 0)
        last_written_ = now_;
}

std::optional<steady_time> connection::engine::next_deadline() const {
    if (finished())
        return std::nullopt;
    if (closed_)
        return closed_at_ ? *closed_at_ + close_time_out : now_;
    if (!peer_open_)
        return started_ + settings_.handshake_time_out;
    std::optional<steady_time> earliest;
    const auto consider = [&](steady_time when) { earliest = std::min(earliest.value_or(when), when); };
    if (settings_.idle_time_out.count() > 0)
        consider(last_frame_ + settings_.idle_time_out);
    if (heartbeat_ && out_.empty())
        consider(last_written_ + *heartbeat_);
    for (const auto id : refused_)
        if (const auto* waiting = find(id); waiting && waiting->refused)
            consider(waiting->refused->until);
    return earliest;
}

void connection::engine::tick(steady_time now) {
    now_ = now;
    if (!closed_)
        tick_open();
    if (closed_)
        tick_closed();
}

void connection::engine::tick_open() {
    if (!peer_open_) {
        if (now_ >= started_ + settings_.handshake_time_out)
            give_up(), fail(condition::connection_forced, "no open in time");
        return;
    }
    // What has come but is not yet read may be the frame that was waited for.
    if (settings_.idle_time_out.count() > 0 && now_ >= last_frame_ + settings_.idle_time_out && input_.empty())
        return fail(condition::connection_forced, "no frame was received for as long as the idle time-out");
    tick_refused();
    if (heartbeat_ && out_.empty() && now_ >= last_written_ + *heartbeat_)
        finish_frame(out_.tail(), begin_frame(out_.tail(), frame_type::amqp, 0));
}

void connection::engine::tick_refused() {
    std::erase_if(refused_, [&](link_id id) {
        auto* waiting = find(id);
        if (waiting && waiting->refused && now_ < waiting->refused->until)
            return false;
        if (waiting)
            detach(id, waiting->refused ? std::exchange(waiting->refused->why, {}) : error(), true);
        return true;
    });
}

/// A peer that neither closes nor reads what we still have to write is not waited for.
void connection::engine::tick_closed() {
    closed_at_ = closed_at_.value_or(now_);
    if (now_ < *closed_at_ + close_time_out)
        return;
    give_up();
    out_.clear();
}

void connection::engine::write_header(protocol id) {
    const auto header = protocol_header(id);
    out_.tail().insert(out_.tail().end(), header.begin(), header.end());
}

void connection::engine::write_open() {
    open_sent_ = true;
    amqp::open ours;
    ours.container_id = settings_.container_id;
    ours.hostname = settings_.hostname;
    ours.max_frame_size = settings_.max_frame_size;
    ours.channel_max = channel_max();
    if (settings_.idle_time_out.count() > 0)
        ours.idle_time_out = static_cast<std::uint32_t>(settings_.idle_time_out.count());
    write_frame(0, ours);
}

// --- the public face

connection::connection(amqp::side side, const settings& settings, steady_time now)
    : engine_(std::make_unique<engine>(side, settings, now)) {}
connection::~connection() = default;
connection::connection(connection&&) noexcept = default;

void connection::receive(bytes_view input, steady_time now) { engine_->receive(input, now); }
std::optional<event> connection::next_event() { return engine_->next_event(); }
bytes_view connection::output() const { return engine_->out_.next(); }
void connection::sent(std::size_t count) { engine_->sent(count); }
std::size_t connection::output_size() const { return engine_->out_.size(); }
std::optional<steady_time> connection::next_deadline() const { return engine_->next_deadline(); }
void connection::tick(steady_time now) { engine_->tick(now); }
bool connection::finished() const { return engine_->finished(); }
void connection::answer_sasl(std::uint8_t code, bytes_view additional_data) { engine_->answer_sasl(code, additional_data); }
bool connection::is_open() const { return engine_->is_open(); }
void connection::close(error why) { engine_->close(why); }
void connection::word_errors(std::function<error(error)> words) { engine_->words_ = std::move(words); }
std::optional<std::uint16_t> connection::open_session() { return engine_->open_session(); }
void connection::end_session(std::uint16_t channel, error why) { engine_->end_session(channel, std::move(why)); }
std::optional<link_id> connection::attach(std::uint16_t channel, const attach_request& request) {
    return engine_->attach(channel, request);
}
const link_info* connection::find(link_id link) const {
    const auto* found = engine_->find(link);
    return found ? &found->info : nullptr;
}
bool connection::accept(link_id link, const attach_answer& answer) { return engine_->accept(link, answer); }
bool connection::refuse(link_id link, error why, std::chrono::milliseconds pause) { return engine_->refuse(link, std::move(why), pause); }
bool connection::detach(link_id link, error why, bool closed) { return engine_->detach(link, why, closed); }
std::uint32_t connection::credit(link_id link) const { return engine_->credit(link); }
bool connection::draining(link_id link) const {
    const auto* found = engine_->find(link);
    return found && found->draining;
}
void connection::drained(link_id link) { engine_->drained(link); }
std::optional<delivery_id> connection::send(link_id link, bytes_view tag, std::span<const bytes_view> pieces, send_options options) {
    return engine_->send(link, tag, pieces, options);
}
bool connection::confirm(link_id link, delivery_id first, delivery_id last, const delivery_state& state) {
    return engine_->confirm(link, first, last, state);
}
bool connection::set_credit(link_id link, std::uint32_t credit, bool drain) { return engine_->set_credit(link, credit, drain); }
std::uint32_t connection::credit_left(link_id link) const {
    const auto* found = engine_->find(link);
    return found ? found->credit : 0;
}
bool connection::settle(link_id link, delivery_id first, delivery_id last, const delivery_state& state, bool settled) {
    return engine_->settle(link, first, last, state, settled);
}

} // namespace capstan::amqp
