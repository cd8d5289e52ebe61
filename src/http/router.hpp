#pragma once
#include <expected>
#include <optional>

#include "http/resources.hpp"
#include "hub/throttle.hpp"

namespace capstan::http {

/// What stands at a path, for one method.
struct resource {
    handler serve;
    bool takes_many; ///< its body may be as large as any; those of others are about one device
    bool for_all;    ///< no right is needed
    std::optional<hub::operation> metered; ///< what the hub's throttle counts it as
};

/// Looks at all of a request but its body: path, method, api-version, and the right that is needed. Gives the resource, or why the
/// request is refused.
std::expected<resource, answer> find_resource(const context& in, const request& asked);

/// All that there is: for a test of its rights.
struct known_path {
    verb method;
    std::string_view path; ///< segments in braces stand for any text
};
std::vector<known_path> known_paths();

/// Splits a request's target: path segments, each decoded once, and query.
void parse_target(std::string_view target, request& into);

} // namespace capstan::http
