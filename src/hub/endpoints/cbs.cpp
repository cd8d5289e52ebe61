#include "hub/endpoints/cbs.hpp"

namespace capstan::hub {

namespace {

/// contract/iothub-amqp.md, 4.8: IotHubMaxCbsTokenExceeded.
constexpr int too_many = 403;

errc code_of(int status) {
    switch (status) {
    case 401: return errc::unauthorized;
    case too_many: return errc::too_many_tokens;
    case 404: return errc::device_not_found;
    default: return errc::argument_invalid;
    }
}

} // namespace

/// The descriptions are the real hub's: clients show them (4.3).
response cbs_endpoint::answer(const request& asked) {
    const auto fail = [&](int status, std::string_view text) {
        return refuse(status, describe_verbatim(code_of(status), text, with_.now()), asked.text("name"));
    };
    if (asked.text("operation") != "put-token")
        return fail(400, "The operation must be put-token.");
    const auto token = asked.body.text();
    if (!token)
        return fail(400, "The body must be an amqp-value with the token as a string.");
    // The token says itself what it is good for: `name` and `type` are not relied upon (4.4; event-hubs.md, 2.3).
    auto shown = with_.hub.access().check_token(*token);
    if (!shown)
        return fail(shown.error().status, shown.error().text);
    if (!with_.identities.add(*shown))
        return fail(too_many, "The connection has as many tokens as it may have.");
    return {};
}

} // namespace capstan::hub
