#pragma once
// The hub's REST interface as the command line uses it. contract/rest.md.

#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/verb.hpp>
#include <boost/json.hpp>

#include "base/clock.hpp"
#include "cli/hub_location.hpp"

namespace capstan::cli {

struct hub_request {
    boost::beast::http::verb method;
    std::string path;                  ///< percent-encoded, without the query
    std::string query;                 ///< further parameters, each led by '&'; api-version is added here
    std::string if_match;              ///< the header's value; empty: none
    std::optional<boost::json::value> body;
};

/// Sends one request over a connection of its own and waits for the answer: null for one without a body. Throws `failed`:
/// exit_unreachable when no hub answers or its certificate is not trusted, exit_refused with its error code and text when it refuses.
boost::json::value ask_hub(const hub_location& hub, const hub_request& request, wall_time now);

/// /devices/{id}
std::string device_path(std::string_view id);

} // namespace capstan::cli
