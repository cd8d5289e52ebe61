// connection: transfers in, credit and outcomes out.
#include <capstan/amqp/terminus.hpp>

#include "load/connection.hpp"
#include "load/frame_writing.hpp"

namespace capstan::load {
namespace {

struct transfer_fields {
    std::uint32_t handle = 0, id = 0;
    bool has_id = false, settled = false, more = false, aborted = false;
    bytes_view payload;
};

/// A field that is left out, null, or this.
template<class Read> bool optional(wire::fast_reader& from, std::uint32_t count, std::uint32_t index, Read&& read) {
    return index >= count || from.null() || read();
}

bool read_fast(bytes_view body, transfer_fields& found) {
    wire::fast_reader from(body.subspan(3));
    std::uint32_t count = 0;
    if (!from.open_list(1, count) || !from.uint(found.handle))
        return false;
    const auto payload = static_cast<std::size_t>(from.end() - body.data());
    std::uint32_t format = 0;
    bool no = false;
    const bool read = optional(from, count, 1, [&] { return found.has_id = from.uint(found.id); }) &&
                      optional(from, count, 2, [&] { return from.binary(); }) &&
                      optional(from, count, 3, [&] { return from.uint(format); }) &&
                      optional(from, count, 4, [&] { return from.boolean(found.settled); }) &&
                      optional(from, count, 5, [&] { return from.boolean(found.more); });
    if (!read)
        return false;
    for (std::uint32_t index = 6; index < count; ++index)
        if (!from.null() && (!from.boolean(no) || (no && index != 10))) // 10: batchable
            return false;
    found.payload = body.subspan(payload);
    return true;
}

bool read_any(bytes_view body, transfer_fields& found) {
    amqp::decoder from(body);
    std::optional<std::uint64_t> code;
    std::string_view name;
    if (!from.enter_described() || !from.read_descriptor(code, name))
        return false;
    const auto transfer = amqp::read_fields<amqp::transfer>(from);
    if (!transfer)
        return false;
    found = {transfer->handle,
             transfer->delivery_id.value_or(0),
             transfer->delivery_id.has_value(),
             transfer->settled.value_or(false),
             transfer->more,
             transfer->aborted,
             from.rest()};
    return true;
}

} // namespace

void connection::on_transfer(bytes_view body, bytes& out, std::int64_t now) {
    transfer_fields found;
    if (!read_fast(body, found)) {
        found = {};
        if (!read_any(body, found))
            return fail("the peer sent a malformed transfer");
    }
    ++next_incoming_;
    auto* on = of_peer(found.handle);
    if (!on || on->role != amqp::role::receiver)
        return fail("the peer sent a transfer on a link that does not receive");
    if (found.has_id)
        on->incoming_id = found.id, on->incoming_settled = found.settled;
    else
        on->incoming_settled = on->incoming_settled || found.settled;
    if (found.more || !on->partial.empty() || found.aborted)
        on->partial.insert(on->partial.end(), found.payload.begin(), found.payload.end());
    if (found.more)
        return;
    if (!found.aborted)
        on_message(*on, on->incoming_id, on->incoming_settled, on->partial.empty() ? found.payload : on->partial, out, now);
    on->partial.clear();
    on->credit -= on->credit > 0;
    ++on->delivery_count;
    replenish(*on, handle_of(*on), out);
}

void connection::on_message(link& on, std::uint32_t id, bool settled, bytes_view message, bytes& out, std::int64_t now) {
    if (!settled) {
        if (run_.count > 0 && run_.first + run_.count != id)
            settle_received(out);
        if (run_.count == 0)
            run_.first = id;
        ++run_.count;
    }
    if (handle_of(on) >= plan_.links.size())
        return on_token_answer(message, out);
    ++counts_.received;
    counts_.bytes += message.size();
    const auto time = time_in_body(message, with_.body_size);
    if (time == 0)
        return;
    if (with_.settle_second)
        awaiting_.push_back({id, time});
    else
        counts_.latency.record(now - time);
}

void connection::on_confirmed(std::uint32_t first, std::uint32_t last, std::int64_t now) {
    std::erase_if(awaiting_, [&](const awaited& one) {
        const bool here = one.id - first <= last - first;
        if (here)
            counts_.latency.record(now - one.time), ++counts_.confirmed;
        return here;
    });
}

void connection::settle_received(bytes& out) {
    if (run_.count == 0)
        return;
    static const bytes accepted = amqp::encode(amqp::delivery_state::accepted());
    amqp::disposition disposition{.receiver = true, .first = run_.first, .last = run_.first + run_.count - 1, .state = {accepted}};
    disposition.settled = !with_.settle_second;
    write_frame(out, disposition);
    run_.count = 0;
}

void connection::replenish(link& on, std::uint32_t handle, bytes& out) const {
    const auto full = handle < plan_.links.size() ? with_.credit : 1;
    if (on.credit * 2 > full)
        return;
    on.credit = full;
    write_credit(out, handle, on.credit, on.delivery_count);
}

} // namespace capstan::load
