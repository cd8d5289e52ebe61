#include "load/connection.hpp"

#include <utility>

#include <capstan/amqp/performatives.hpp>

#include "load/frame_writing.hpp"

namespace capstan::load {
namespace {

/// Of what the peer may send in one frame: more than our open says is a violation.
constexpr std::uint32_t largest_frame = our_max_frame_size;

std::string text_of(amqp::encoded_view encoded, const char* what) {
    const auto error = amqp::decode_error(encoded);
    return error ? std::string(what) + ": " + error.condition + ": " + error.description : std::string(what);
}

} // namespace

connection::connection(const settings& with, const connection_plan& plan, tally& counts, std::uint64_t& left)
    : with_(with), plan_(plan), counts_(counts), left_(left),
      ring_(std::size_t{with.window} * std::max<std::size_t>(plan.links.size(), 1)) {}

void connection::start(bytes& out, std::int64_t now) {
    last_written_ = now;
    const bool plain = with_.mechanism == sasl::none;
    write_header(out, plain ? 0 : 3);
    stage_ = plain ? stage::header : stage::sasl_header;
    if (plain)
        open(out);
}

std::size_t connection::receive(bytes_view input, bytes& out, std::int64_t now) {
    std::size_t taken = 0;
    while (stage_ != stage::over) {
        const auto rest = input.subspan(taken);
        const bool header = stage_ == stage::sasl_header || stage_ == stage::header;
        const auto size = header ? take_header(rest) : take_frame(rest, out, now);
        if (size == 0)
            break;
        taken += size;
    }
    settle_received(out);
    if (!out.empty())
        last_written_ = now;
    return taken;
}

std::size_t connection::take_frame(bytes_view input, bytes& out, std::int64_t now) {
    if (input.size() < wire::frame_header)
        return 0;
    const auto size = wire::load<std::uint32_t>(input.data());
    const std::size_t body = std::size_t{input[4]} * 4;
    if (size > largest_frame || body < wire::frame_header || body > size) {
        fail("the peer sent a malformed frame");
        return 0;
    }
    if (input.size() < size)
        return 0;
    if (body < size)
        on_frame(input.subspan(body, size - body), out, now);
    return size;
}

void connection::on_frame(bytes_view body, bytes& out, std::int64_t now) {
    const bool usual = body.size() > 3 && body[0] == 0 && body[1] == 0x53;
    if (usual && body[2] == amqp::disposition::code)
        return on_disposition(body, out, now);
    if (usual && body[2] == amqp::transfer::code)
        return on_transfer(body, out, now);
    amqp::decoder from(body);
    std::optional<std::uint64_t> code;
    std::string_view name;
    if (!from.enter_described() || !from.read_descriptor(code, name) || !code)
        return fail("the peer sent an unknown frame");
    if (*code == amqp::disposition::code)
        return on_disposition(body, out, now);
    if (*code == amqp::transfer::code)
        return on_transfer(body, out, now);
    on_performative(*code, from, body, out);
}

void connection::on_performative(std::uint64_t code, amqp::decoder& from, bytes_view body, bytes& out) {
    switch (code) {
    case amqp::open::code: return on_open(body);
    case amqp::begin::code: return on_begin(body);
    case amqp::attach::code: return on_attach(body);
    case amqp::flow::code:
        if (const auto flow = amqp::read_fields<amqp::flow>(from))
            return on_flow(*flow, out);
        return fail("the peer sent a malformed flow");
    case amqp::detach::code:
        if (const auto detach = amqp::read_fields<amqp::detach>(from))
            return on_detach(*detach);
        return fail("the peer sent a malformed detach");
    case amqp::end::code: {
        const auto end = amqp::read_fields<amqp::end>(from);
        return fail(text_of(end ? end->error : amqp::encoded_view{}, "session ended"));
    }
    case amqp::close::code: {
        const auto close = amqp::read_fields<amqp::close>(from);
        if (stage_ != stage::closing)
            fail(text_of(close ? close->error : amqp::encoded_view{}, "connection closed"));
        stage_ = stage::over;
        return;
    }
    default: on_sasl(code, body, out);
    }
}

link* connection::of_peer(std::uint32_t handle) {
    return handle < by_peer_.size() && by_peer_[handle] < links_.size() ? &links_[by_peer_[handle]] : nullptr;
}

/// Any link that goes takes the connection with it: a load with links missing would be another one than was asked for.
void connection::on_detach(const amqp::detach& detach) {
    const auto* gone = of_peer(detach.handle);
    if (stage_ == stage::closing || !gone)
        return;
    const auto handle = handle_of(*gone);
    fail(text_of(detach.error, handle < plan_.links.size() ? ("link to " + plan_.links[handle].address).c_str() : "link to $cbs"));
}

void connection::fail(std::string why) {
    if (stage_ == stage::over)
        return;
    problem_ = std::move(why);
    if (stage_ != stage::closing)
        counts_.failure(problem_);
    stage_ = stage::over;
}

void connection::lost(const std::string& why) { fail(why); }

void connection::tick(bytes& out, std::int64_t now) {
    if (heartbeat_ == 0 || now - last_written_ < heartbeat_ || over())
        return;
    last_written_ = now;
    finish_frame(out, begin_frame(out));
}

void connection::close(bytes& out) {
    if (stage_ == stage::over || stage_ == stage::closing)
        return;
    stage_ = stage::closing;
    write_frame(out, amqp::close{});
}

} // namespace capstan::load
