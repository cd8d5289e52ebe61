// The SASL layer (part 5, section 5.3): who the peer says it is, before the first AMQP frame. The owner judges it.

#include "amqp/engine.hpp"

namespace capstan::amqp {

void connection::engine::on_sasl_frame(bytes_view body) {
    decoder from(body);
    std::optional<std::uint64_t> code;
    std::string_view name;
    if (!from.enter_described() || !from.read_descriptor(code, name))
        return fail(condition::decode_error, "a SASL frame without a body");
    const bool server = side_ == side::server;
    if (server && code == sasl_init::code)
        return on_sasl_init(from);
    if (!server && code == sasl_mechanisms::code)
        return on_sasl_mechanisms(from);
    if (!server && code == sasl_outcome::code)
        return on_sasl_outcome(from);
    // None of the mechanisms here has a challenge.
    fail(condition::illegal_state, "unexpected SASL frame");
}

void connection::engine::on_sasl_init(decoder& from) {
    const auto init = read_fields<sasl_init>(from);
    if (!init)
        return fail(init.error());
    sasl_pending_ = true;
    emit(sasl_requested{init->mechanism.text, init->initial_response.value_or(bytes_view{})});
}

void connection::engine::answer_sasl(std::uint8_t code, bytes_view additional_data) {
    if (!std::exchange(sasl_pending_, false))
        return;
    sasl_outcome outcome{.outcome = code, .additional_data = {}};
    if (!additional_data.empty())
        outcome.additional_data = additional_data;
    write_sasl_frame(outcome);
    sasl_done_ = true;
    stage_ = stage::header;
    if (code != 0)
        give_up(), fail(condition::unauthorized_access, "SASL: refused");
}

void connection::engine::on_sasl_mechanisms(decoder& from) {
    const auto offered = read_fields<sasl_mechanisms>(from);
    if (!offered)
        return fail(offered.error());
    const auto names = decode_symbols(offered->mechanisms);
    if (std::ranges::find(names, *settings_.sasl_mechanism) == names.end())
        return fail(condition::not_implemented, "the server does not offer SASL " + *settings_.sasl_mechanism);
    sasl_init init{.mechanism = {*settings_.sasl_mechanism}, .initial_response = {}, .hostname = {}};
    if (!settings_.sasl_initial_response.empty())
        init.initial_response = settings_.sasl_initial_response;
    if (!settings_.hostname.empty())
        init.hostname = settings_.hostname;
    write_sasl_frame(init);
}

void connection::engine::on_sasl_outcome(decoder& from) {
    const auto outcome = read_fields<sasl_outcome>(from);
    if (!outcome)
        return fail(outcome.error());
    if (outcome->outcome != 0)
        return fail(condition::unauthorized_access, "SASL: the server refused with code " + std::to_string(outcome->outcome));
    sasl_done_ = true;
    stage_ = stage::header;
    write_header(protocol::amqp);
    write_open();
}

} // namespace capstan::amqp
