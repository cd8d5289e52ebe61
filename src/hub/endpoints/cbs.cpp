#include "hub/endpoints/cbs.hpp"

#include <spdlog/spdlog.h>

namespace capstan::hub {

response cbs_endpoint::answer(const request& asked) {
    const auto fail = [&](int status, std::string text) {
        if (with_.log.may_write(with_.now()))
            spdlog::info("put-token refused peer={} audience=\"{}\" status={} reason=\"{}\"", with_.origin, printable(asked.text("name")),
                         status, printable(text));
        return response{.status = status, .description = std::move(text), .condition = {}, .body = {}};
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
        return fail(403, "Too many tokens on one connection.");
    return {};
}

} // namespace capstan::hub
