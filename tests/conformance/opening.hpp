#pragma once
// How the scripts of most clauses begin: as far as a connection, a session, a link.

#include <gtest/gtest.h>

#include "support/amqp_script.hpp"

namespace capstan::amqp::test {

inline constexpr auto illegal_state = R"(close[error['amqp:illegal-state', _]])";

inline amqp_script opened_connection(const script_owner& owner = {}, const settings& with = script_settings()) {
    amqp_script script(owner, with);
    script.peer_sends({"header amqp", R"(open["peer"])"}).expect("header amqp").expect(R"(open["test", "localhost"])");
    return script;
}

inline amqp_script begun_session(const script_owner& owner = {}, const settings& with = script_settings()) {
    auto script = opened_connection(owner, with);
    script.peer_sends("begin[~, 0, 2048, 2048]").expect("begin[0, 1, 5000, 2048, 262143]");
    return script;
}

/// Handle 0: the peer sends, with the credit that the owner gives. Link 1.
inline amqp_script incoming_link(const script_owner& owner = {}, const settings& with = script_settings()) {
    auto script = begun_session(owner, with);
    script.peer_sends(R"(attach["in", 0, false, ~, ~, source["here"], target["there"], ~, ~, 0])")
        .expect(R"(attach["in", 0, true, ~, ~, source["here"], target["there"], ~, _, ~, _])");
    if (owner.credit > 0)
        script.expect("flow[0, 5000, 1, 2048, 0, 0, " + std::to_string(owner.credit) + "]");
    return script;
}

/// The same, once the owner knows of it.
inline amqp_script told_link(const script_owner& owner = {}, const settings& with = script_settings()) {
    auto script = incoming_link(owner, with);
    script.expect_event("opened peer").expect_event("attached 1 by peer");
    return script;
}

/// Handle 0: we send, as soon as there is credit. Link 1.
inline amqp_script outgoing_link(const script_owner& owner = {}, const settings& with = script_settings()) {
    auto script = begun_session(owner, with);
    script.peer_sends(R"(attach["out", 0, true, ~, ~, source["there"], target["here"]])")
        .expect(R"(attach["out", 0, false, ~, ~, source["there"], target["here"], ~, _, 0, _])");
    return script;
}

/// The owner sends one small message on link 1.
inline amqp_script::verb sends(std::string payload, bool settled = false) {
    return [payload = std::move(payload), settled](connection& engine) {
        const auto piece = as_bytes(payload);
        EXPECT_TRUE(engine.send(link_id{1}, as_bytes("t"), {&piece, 1}, {.settled = settled})) << "not sent";
    };
}

} // namespace capstan::amqp::test
