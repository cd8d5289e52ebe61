// Any bytes as what a peer sends to an engine, a server's whose owner lets everybody in or a client's that wants a link each way:
// nothing breaks, events are of links that there are, and views can be read. The bytes come in pieces, with time between them.
#include <set>

#include <capstan/amqp/connection.hpp>

#include "check.hpp"

using namespace capstan::amqp;
using capstan::fuzz::check;

namespace {

settings small_settings() {
    settings result;
    result.container_id = "fuzz";
    result.sasl_mechanisms = {"PLAIN", "ANONYMOUS"};
    result.max_frame_size = 4'096;
    result.incoming_window = 16;
    result.handle_max = 64;
    result.max_links = 16;
    result.max_sessions = 8;
    result.max_message_size = 8'192;
    result.max_partial_bytes = 16'384;
    return result;
}

/// Lets memory checkers look at every byte of a view.
std::size_t touch(bytes_view view) {
    std::size_t sum = 0;
    for (const auto byte : view)
        sum += byte;
    return sum;
}

class owner {
public:
    owner(connection& engine, bool is_client) : engine_(engine), is_client_(is_client) {}

    void handle(const event& what) {
        check(!over_, "closed is the last event");
        std::visit([this](const auto& each) { on(each); }, what);
    }
    std::size_t seen() const { return seen_; }

private:
    void on(const sasl_requested& e) {
        seen_ += touch(as_bytes(e.mechanism)) + touch(e.response);
        engine_.answer_sasl(0);
    }
    void on(const opened& e) {
        seen_ += touch(as_bytes(e.container_id)) + touch(as_bytes(e.hostname)) + touch(e.properties.raw);
        if (!is_client_)
            return;
        const auto session = engine_.open_session();
        if (session) {
            attach(*session, role::sender, "out");
            attach(*session, role::receiver, "in");
        }
    }
    void attach(std::uint16_t session, role ours, std::string_view name) {
        attach_request request;
        request.name = name;
        request.role = ours;
        request.source = encode_source("there");
        request.target = encode_target("here");
        request.credit = 5;
        if (const auto link = engine_.attach(session, request))
            links_.insert(*link);
    }
    void on(const attached& e) {
        check(links_.insert(e.link).second == e.by_peer, "a link is attached once");
        if (!e.by_peer)
            return;
        // Every fourth is refused, every eighth of them after a pause.
        const auto number = static_cast<std::uint32_t>(e.link);
        if (number % 4 == 3) {
            links_.erase(e.link);
            engine_.refuse(e.link, error(condition::not_found, "no"), std::chrono::milliseconds(number % 8 == 7 ? 100 : 0));
        } else {
            engine_.accept(e.link, {.credit = 5});
        }
    }
    void on(const detached& e) { check(links_.erase(e.link) == 1, "only what is attached is detached"); }
    void on(const delivery& e) {
        check(links_.contains(e.link), "a delivery is of a link that there is");
        seen_ += touch(e.tag) + touch(e.payload);
        engine_.settle(e.link, e.id, e.id, delivery_state::accepted(), static_cast<std::uint32_t>(e.id) % 2 == 0);
        engine_.set_credit(e.link, 5);
    }
    void on(const disposed& e) {
        check(links_.contains(e.link), "a disposition is of a link that there is");
        if (!e.settled)
            engine_.confirm(e.link, e.first, e.last, e.state);
    }
    void on(const credited& e) {
        check(links_.contains(e.link), "credit is of a link that there is");
        const bytes message(700, 'm');
        const bytes_view piece = message;
        for (int count = 0; count < 3 && engine_.credit(e.link) > 0; ++count)
            engine_.send(e.link, as_bytes("tag"), {&piece, 1}, {.settled = count == 1});
        if (engine_.draining(e.link))
            engine_.drained(e.link);
    }
    void on(const closed&) { over_ = true; }

    connection& engine_;
    const bool is_client_;
    std::set<link_id> links_;
    std::size_t seen_ = 0;
    bool over_ = false;
};

/// The first byte says how large the pieces are, how much time is between them, whether output is taken, and who we are.
void converse(bytes_view input) {
    const bool is_client = input[0] & 4;
    auto settings = small_settings();
    if (input[0] & 8)
        settings.sasl_mechanism = "ANONYMOUS";
    steady_time now{std::chrono::hours(1)};
    connection engine(is_client ? side::client : side::server, settings, now);
    owner who(engine, is_client);
    const std::size_t piece_size = input[0] % 2 ? 1 + input[0] / 4u : input.size();
    const bool takes_output = input[0] & 2;
    for (auto rest = input.subspan(1); !rest.empty();) {
        const auto length = std::min(piece_size, rest.size());
        const bytes piece(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(length));
        rest = rest.subspan(length);
        engine.receive(piece, now);
        while (const auto what = engine.next_event())
            who.handle(*what);
        while (takes_output && !engine.output().empty())
            engine.sent(engine.output().size());
        now += std::chrono::milliseconds(input[0]);
        engine.tick(now);
        if (takes_output && engine.output().empty())
            check(!engine.next_deadline() || *engine.next_deadline() > now, "after a tick the next deadline is later");
    }
    while (const auto what = engine.next_event())
        who.handle(*what);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 0)
        converse({data, size});
    return 0;
}
