// Part 3, sections 3.4 and 3.5, and part 2, section 2.8.14: what stands within performatives is held to its types too. Each field that
// is of a wrong type, or is missing where it must not be, ends the connection with amqp:decode-error or amqp:invalid-field.
#include "conformance/opening.hpp"

namespace capstan::amqp::test {
namespace {

constexpr auto refused = R"(close[error['amqp:invalid-field', _]])";

amqp_script attach_with(std::string_view termini) {
    auto script = begun_session({.credit = 0});
    script.peer_sends(R"(attach["in", 0, false, ~, ~, )" + std::string(termini) + ", ~, ~, 0]");
    return script;
}

/// What both termini begin with.
const std::string_view wrong_terminus_fields[] = {
    "uint:5",
    "<61>",
    "['a']",                         // address
    R"("a", "0")",
    R"("a", ulong:0)",
    R"("a", 3)",     // durable
    R"("a", 0, "never")",
    R"("a", 0, 'sometimes')",    // expiry-policy
    R"("a", 0, 'never', "5")",                         // timeout
    R"("a", 0, 'never', 5, 1)",
    R"("a", 0, ~, ~, "")", // dynamic
    R"("a", 0, ~, ~, false, "p")",
    R"("a", 0, ~, ~, false, ['p'])", // dynamic-node-properties
};

TEST(Source, WithAFieldOfTheWrongTypeClosesTheConnection) {
    for (const auto fields : wrong_terminus_fields) {
        SCOPED_TRACE(fields);
        attach_with("source[" + std::string(fields) + R"(], target["b"])").expect(refused).check();
    }
    for (const std::string_view fields : {R"("move")", "5",                                       // distribution-mode
                                          R"(~, "f")", "~, ['f']",                               // filter
                                          R"(~, ~, "accepted")", "~, ~, []", "~, ~, received[0, 0]", // default-outcome
                                          "~, ~, rejected[5]",                                   //
                                          R"(~, ~, ~, "o")", "~, ~, ~, [accepted[]]",            // outcomes
                                          R"(~, ~, ~, ~, "c")", "~, ~, ~, ~, ['c']"}) {          // capabilities
        SCOPED_TRACE(fields);
        attach_with(R"(source["a", ~, ~, ~, ~, ~, )" + std::string(fields) + R"(], target["b"])").expect(refused).check();
    }
}

TEST(Target, WithAFieldOfTheWrongTypeClosesTheConnection) {
    for (const auto fields : wrong_terminus_fields) {
        SCOPED_TRACE(fields);
        attach_with(R"(source["a"], target[)" + std::string(fields) + "]").expect(refused).check();
    }
    for (const std::string_view capabilities : {R"("c")", "['c']", "5"}) {
        SCOPED_TRACE(capabilities);
        attach_with(R"(source["a"], target["b", ~, ~, ~, ~, ~, )" + std::string(capabilities) + "]").expect(refused).check();
    }
    attach_with("source[\"a\"], coordinator[\"c\"]").expect(refused).check();
}

/// All fields as they should be, and the two liberties that clients take: an address that is a symbol, arrays without a constructor.
TEST(Terminus, WithFieldsOfTheRightTypesIsTaken) {
    for (const std::string_view termini :
         {R"(source["a", 2, 'link-detach', 5, false, {'k'="v"}, 'copy', {'f'="x"}, accepted[], 'amqp:accepted:list', ('c', 'd')], )"
          R"(target["b", 1, 'connection-close', 0, false, {}, 'c'])",
          R"(source["a", ~, 'session-end', ~, ~, ~, 'move', {}, modified[true], ('amqp:accepted:list')], target["b", ~, 'never'])",
          R"(source['a'], target['b'])",
          R"(source["a", ~, ~, ~, ~, ~, ~, ~, ~, #<e00100>, #<e00100>], target["b", ~, ~, ~, ~, ~, #<e00100>])",
          R"(source["a", ~, ~, ~, ~, ~, ~, ~, ~, ~, ~, "a field more"], target["b", ~, ~, ~, ~, ~, ~, 5])"}) {
        SCOPED_TRACE(termini);
        attach_with(termini).expect(R"(attach["in", 0, true])").check();
    }
}

const std::string_view wrong_errors[] = {
    R"("boom")",           "5", "[]", "{}", "accepted[]", R"(error["x"])", "error[]", R"(error['x', 'y'])", R"(error['x', ~, "i"])",
    R"(error['x', ~, []])"};

TEST(Error, ThatIsNoneClosesTheConnection) {
    for (const auto error : wrong_errors) {
        SCOPED_TRACE(error);
        const std::string text(error);
        begun_session().peer_sends("end[" + text + "]").expect(refused).check();
        incoming_link().peer_sends("detach[0, true, " + text + "]").expect(refused).check();
        incoming_link().peer_sends("disposition[true, 0, ~, true, rejected[" + text + "]]").expect(refused).check();
    }
    for (const std::string_view error : {R"(error['x'])", R"(error['x', "y", {'k'="v"}])"})
        incoming_link().peer_sends("detach[0, true, " + std::string(error) + "]").expect("detach[0, true, ~]").check();
}

/// The peer says no more after its close, whatever it meant by it: ours ends the conversation.
TEST(Error, OfACloseThatIsNoneEndsTheConnection) {
    for (const auto error : wrong_errors) {
        SCOPED_TRACE(error);
        opened_connection().peer_sends("close[" + std::string(error) + "]").expect(refused).expect_finished().check();
    }
}

TEST(DeliveryState, WithFieldsOfTheWrongTypeClosesTheConnection) {
    for (const std::string_view state :
         {"5", "\"accepted\"", "[]", "rejected[\"x\"]", "modified[\"x\"]", "modified[~, 5]", "modified[~, ~, \"x\"]", "modified[~, ~, []]",
          "received[]", "received[0]", "received[\"x\", 0]", "received[0, \"x\"]"}) {
        SCOPED_TRACE(state);
        incoming_link().peer_sends("disposition[true, 0, ~, true, " + std::string(state) + "]").expect(refused).check();
        incoming_link().peer_sends("transfer[0, 0, <74>, 0, ~, ~, ~, " + std::string(state) + "] + \"x\"").expect(refused).check();
    }
}

} // namespace
} // namespace capstan::amqp::test
