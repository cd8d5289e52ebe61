#pragma once
// One request and its answer, as the resources see them.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/json.hpp>

#include "base/client_certificate.hpp"
#include "hub/hub.hpp"
#include "hub/registry/registry.hpp"

namespace capstan::http {

namespace asio = boost::asio;
using verb = boost::beast::http::verb;
using status = boost::beast::http::status;

struct request {
    verb method = verb::unknown; ///< HEAD counts as GET
    bool head = false;
    std::vector<std::string> path; ///< segments, each percent-decoded once
    std::vector<std::pair<std::string, std::string>> query; ///< decoded; a name without a value has an empty one
    std::string authorization;
    std::optional<client_certificate> certificate; ///< where there is no authorization
    std::optional<std::string> if_match;
    std::vector<std::pair<std::string, std::string>> headers{}; ///< the others that mean something here; names in lower case
    std::string body;
    std::string peer; ///< for the log

    std::optional<std::string_view> parameter(std::string_view name) const;
    std::string_view header(std::string_view name) const; ///< empty when there is none

    /// At /devices/{id}/modules/{id}…, not at /devices/{id}/….
    bool names_module() const;
    /// The device that the path is about, or the module by its store::module_key.
    std::string holder() const;
    /// The path behind that: "messages" is the first of /devices/{id}/messages/events.
    const std::string& below_holder(std::size_t index) const { return path.at((names_module() ? 4 : 2) + index); }
    std::size_t segments_below_holder() const { return path.size() - (names_module() ? 4 : 2); }
};

/// A lock's token in a path may have the quotes of the ETag that it came in.
inline std::string_view unquoted(std::string_view text) {
    return text.size() > 2 && text.starts_with('"') && text.ends_with('"') ? text.substr(1, text.size() - 2) : text;
}

struct answer {
    http::status status = http::status::ok;
    std::optional<boost::json::value> body = std::nullopt;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::optional<std::string> octets = std::nullopt; ///< in place of the body: somebody's own

    /// Of an error, for the log: the session writes one line about each.
    struct refusal {
        std::string_view code; ///< its name
        std::string tracking_id;
        std::string reason; ///< more than a stranger is told
    };
    std::optional<refusal> refused = std::nullopt;
};

/// What a resource may use. Lives as long as the server.
struct context {
    capstan::hub::hub& hub;
    run_queue& home; ///< of the thread that the request is served on
};

} // namespace capstan::http
