// connection: from the first header to the last attach. What can be sent without an answer is sent at once: open, begin and attaches
// follow the header (part 2, section 2.4.1 allows it), so that a connection costs as few turns as it can.
#include <algorithm>

#include <capstan/amqp/message.hpp>
#include <capstan/amqp/terminus.hpp>

#include "load/connection.hpp"
#include "load/frame_writing.hpp"

namespace capstan::load {
namespace {

std::string_view name_of(sasl mechanism) {
    switch (mechanism) {
    case sasl::plain: return "PLAIN";
    case sasl::mssbcbs: return "MSSBCBS";
    default: return "ANONYMOUS";
    }
}

constexpr std::uint32_t session_window = 0x7fffffff; ///< of ours, said anew in each flow: the peer never waits for it
constexpr std::uint32_t cbs_credit = 10;
constexpr std::size_t max_peer_handle = 65'536;

bytes source_of(std::string_view address, bytes_view filter) {
    bytes out;
    amqp::encoder to(out);
    to.descriptor(0x28);
    const auto fields = to.begin_list();
    to.write(address);
    for (int i = 0; i < 6; ++i)
        to.null();
    to.write(amqp::encoded_view{filter});
    to.end(fields, 8);
    return out;
}

} // namespace

std::size_t connection::take_header(bytes_view input) {
    if (input.size() < wire::frame_header)
        return 0;
    const std::uint8_t protocol = stage_ == stage::sasl_header ? 3 : 0;
    if (amqp::as_text(input.first(4)) != "AMQP" || input[4] != protocol) {
        fail("the peer does not speak AMQP 1.0 " + std::string(protocol == 3 ? "with SASL" : "without SASL"));
        return 0;
    }
    stage_ = stage_ == stage::sasl_header ? stage::sasl : stage::opening;
    return wire::frame_header;
}

bool connection::offered(bytes_view body) const {
    const auto frame = read_frame<amqp::sasl_mechanisms>(body);
    const auto names = frame ? amqp::decode_symbols(frame->mechanisms) : std::vector<std::string>();
    return std::ranges::find(names, name_of(with_.mechanism)) != names.end();
}

void connection::on_sasl(std::uint64_t code, bytes_view body, bytes& out) {
    if (stage_ != stage::sasl)
        return fail("the peer sent an unexpected frame");
    if (code == amqp::sasl_mechanisms::code) {
        if (!offered(body))
            return fail("the peer does not offer SASL " + std::string(name_of(with_.mechanism)));
        return write_sasl_init(out);
    }
    const auto outcome = read_frame<amqp::sasl_outcome>(body);
    if (code != amqp::sasl_outcome::code || !outcome || outcome->outcome != 0)
        return fail("the peer refuses to sign in with SASL " + std::string(name_of(with_.mechanism)));
    write_header(out, 0);
    stage_ = stage::header;
    open(out);
}

void connection::write_sasl_init(bytes& out) const {
    const std::string response = '\0' + with_.user + '\0' + with_.password;
    amqp::sasl_init init{.mechanism = {name_of(with_.mechanism)}, .initial_response = {}, .hostname = {}};
    if (with_.mechanism == sasl::plain)
        init.initial_response = amqp::as_bytes(response);
    if (!with_.hostname.empty())
        init.hostname = with_.hostname;
    write_frame(out, init, true);
}

void connection::open(bytes& out) {
    amqp::open open;
    open.container_id = plan_.name;
    open.hostname = with_.hostname;
    open.max_frame_size = our_max_frame_size;
    open.channel_max = 0;
    write_frame(out, open);
    amqp::begin begin;
    begin.incoming_window = begin.outgoing_window = session_window;
    write_frame(out, begin);
    links_.resize(plan_.links.size() + (plan_.token ? 2 : 0));
    plan_.token ? attach_cbs(out) : attach_links(out);
}

// --- the token

void connection::attach_cbs(bytes& out) {
    links_[cbs_receiver()].role = amqp::role::receiver;
    links_[cbs_receiver()].credit = cbs_credit;
    write_attach(out, static_cast<std::uint32_t>(cbs_sender()), amqp::role::sender, "$cbs-sender", "$cbs");
    write_attach(out, static_cast<std::uint32_t>(cbs_receiver()), amqp::role::receiver, "$cbs-receiver", "$cbs");
    write_credit(out, static_cast<std::uint32_t>(cbs_receiver()), cbs_credit, 0);
}

void connection::put(bytes& out) {
    bytes message;
    amqp::message_properties properties;
    properties.message_id = amqp::value("put-token-1");
    properties.reply_to = "$cbs";
    amqp::message_builder(message)
        .properties(properties)
        .application_properties([&](amqp::map_writer& entries) {
            entries.add("operation", "put-token");
            entries.add("type", "servicebus.windows.net:sastoken");
            entries.add("name", std::string_view(plan_.token->audience));
        })
        .value(amqp::value(std::string_view(plan_.token->token)));
    const auto start = begin_frame(out);
    amqp::encoder to(out);
    const auto id = ring_.next();
    amqp::transfer transfer;
    transfer.handle = static_cast<std::uint32_t>(cbs_sender());
    transfer.delivery_id = id;
    transfer.message_format = 0;
    transfer.settled = true;
    transfer.delivery_tag = amqp::as_bytes("token");
    amqp::write(to, transfer);
    out.insert(out.end(), message.begin(), message.end());
    finish_frame(out, start);
    ring_.skip();
    ++next_outgoing_, --peer_window_;
    stage_ = stage::token;
}

void connection::on_token_answer(bytes_view message, bytes& out) {
    const auto view = amqp::message_view::parse(message);
    const auto properties = view ? amqp::decode_value(view->application_properties().content) : std::nullopt;
    const auto* entries = properties ? properties->get<amqp::map>() : nullptr;
    const auto* status = entries ? entries->find("status-code") : nullptr;
    const auto* words = entries ? entries->find("status-description") : nullptr;
    const auto code = status ? status->integer().value_or(0) : 0;
    if (code / 100 != 2)
        return fail("the peer refuses the token: " + std::to_string(code) + ' ' + std::string(words ? words->text().value_or("") : ""));
    attach_links(out);
}

// --- the links

void connection::attach_links(bytes& out) {
    for (std::uint32_t handle = 0; handle < plan_.links.size(); ++handle) {
        const auto& wanted = plan_.links[handle];
        auto& one = links_[handle];
        one.role = wanted.role;
        write_attach(out, handle, wanted.role, plan_.name + '-' + std::to_string(handle), wanted.address);
        if (wanted.role == amqp::role::sender) {
            senders_.push_back(handle);
            one.next_message = with_.messages.empty() ? 0 : (plan_.first_message + handle) % with_.messages.size();
        } else {
            one.credit = with_.credit;
            write_credit(out, handle, one.credit, 0);
        }
    }
    if (plan_.token)
        stage_ = stage::attaching;
}

void connection::write_attach(bytes& out, std::uint32_t handle, amqp::role role, const std::string& name, std::string_view address) const {
    const bool receiver = role == amqp::role::receiver, cbs = handle >= plan_.links.size();
    const auto source = receiver ? source_of(address, cbs ? bytes() : with_.filter) : amqp::encode_source(plan_.name);
    const auto target = amqp::encode_target(receiver ? std::string_view(plan_.name) : address);
    amqp::attach attach;
    attach.link_name = name;
    attach.handle = handle;
    attach.receiver = receiver;
    attach.source = {source};
    attach.target = {target};
    attach.snd_settle_mode = std::uint8_t(!receiver && (cbs || with_.settled) ? 1 : 0);
    attach.rcv_settle_mode = std::uint8_t(receiver && !cbs && with_.settle_second ? 1 : 0);
    if (!receiver)
        attach.initial_delivery_count = 0;
    write_frame(out, attach);
}

void connection::write_credit(bytes& out, std::uint32_t handle, std::uint32_t credit, std::uint32_t delivery_count) const {
    amqp::flow flow;
    flow.handle = handle;
    flow.link_credit = credit;
    if (begun_) // otherwise it must be null (part 2, section 2.7.4)
        flow.next_incoming_id = next_incoming_;
    flow.delivery_count = delivery_count;
    flow.incoming_window = flow.outgoing_window = session_window;
    flow.next_outgoing_id = next_outgoing_;
    write_frame(out, flow);
}

// --- the answers

void connection::on_open(bytes_view body) {
    const auto open = read_frame<amqp::open>(body);
    if (!open)
        return fail("the peer sent a malformed open");
    peer_max_frame_size_ = std::max(open->max_frame_size, 512u);
    // Twice as often as needed, as part 2, section 2.4.5 wants it.
    heartbeat_ = std::int64_t{open->idle_time_out.value_or(0)} * 1'000'000 / 2;
}

void connection::on_begin(bytes_view body) {
    const auto begin = read_frame<amqp::begin>(body);
    if (!begin)
        return fail("the peer sent a malformed begin");
    peer_window_ = begin->incoming_window;
    next_incoming_ = begin->next_outgoing_id;
    begun_ = true;
    if (plan_.links.empty())
        stage_ = stage::ready;
}

void connection::on_attach(bytes_view body) {
    const auto attach = read_frame<amqp::attach>(body);
    if (!attach || attach->handle > max_peer_handle)
        return fail("the peer sent an attach that is malformed or has too large a handle");
    auto own = std::uint32_t{0};
    const auto named = [&](std::uint32_t handle) {
        if (handle >= plan_.links.size())
            return attach->link_name == (handle == cbs_sender() ? "$cbs-sender" : "$cbs-receiver");
        return attach->link_name == plan_.name + '-' + std::to_string(handle);
    };
    while (own < links_.size() && !named(own))
        ++own;
    if (own == links_.size())
        return fail("the peer attached a link that was not asked for");
    by_peer_.resize(std::max<std::size_t>(by_peer_.size(), attach->handle + 1), UINT32_MAX);
    by_peer_[attach->handle] = own;
    auto& one = links_[own];
    one.attached = bool(one.role == amqp::role::sender ? attach->target : attach->source); // null: a detach with the reason follows
    if (one.role == amqp::role::receiver)
        one.delivery_count = attach->initial_delivery_count.value_or(0);
    if (own < plan_.links.size() && one.attached && ++attached_ == plan_.links.size())
        stage_ = stage::ready;
}

} // namespace capstan::load
