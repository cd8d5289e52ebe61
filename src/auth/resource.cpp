#include "auth/resource.hpp"

#include <array>

#include "auth/ascii.hpp"
#include "auth/percent.hpp"

namespace capstan::auth {
namespace {

constexpr std::array<std::string_view, 3> loopback_names = {"localhost", "127.0.0.1", "::1"};

/// Is the next segment of a path an id, which has case, and not a fixed word?
bool announces_id(std::string_view word) { return equal_ignoring_case(word, "devices") || equal_ignoring_case(word, "modules"); }

/// Takes the next piece that is not empty off the front of the path; empty at its end. So slashes at the ends count for nothing.
std::string_view next_piece(std::string_view& path) {
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    const std::string_view piece = path.substr(0, path.find('/'));
    path.remove_prefix(piece.size());
    return piece;
}

std::vector<segment> split_path(std::string_view path) {
    std::vector<segment> segments;
    while (segments.size() + 1 < max_path_segments) {
        const std::string_view piece = next_piece(path);
        if (piece.empty())
            return segments;
        segments.push_back(make_segment(piece));
    }
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    if (!path.empty())
        segments.push_back(make_segment(path));
    return segments;
}

/// Takes "scheme://" (its colon perhaps encoded) off the front of the text.
std::string take_scheme(std::string_view& text) {
    const std::size_t slashes = text.find("//");
    if (slashes == std::string_view::npos)
        return {};
    const std::string_view before = text.substr(0, slashes);
    const std::size_t colon = before.ends_with(':')                                                                    ? 1
                              : equal_ignoring_case(before.substr(std::max<std::size_t>(before.size(), 3) - 3), "%3a") ? 3
                                                                                                                       : 0;
    if (colon == 0 || before.substr(0, before.size() - colon).find('/') != std::string_view::npos)
        return {};
    text.remove_prefix(slashes + 2);
    return std::string(before.substr(0, before.size() - colon));
}

/// Takes "host[:port]" off the front of the text, up to the first slash.
void take_authority(std::string_view& text, resource& into) {
    const std::string_view encoded = text.substr(0, text.find('/'));
    text.remove_prefix(encoded.size());
    const std::string authority = percent_decode(encoded);
    const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : std::string::npos;
    if (bracket != std::string::npos) {
        into.host = authority.substr(1, bracket - 1);
        into.port = authority.substr(std::min(bracket + 2, authority.size()));
        return;
    }
    const std::size_t colon = authority.find(':');
    const bool has_port = colon != std::string::npos && authority.find(':', colon + 1) == std::string::npos;
    into.host = authority.substr(0, has_port ? colon : std::string::npos);
    into.port = has_port ? authority.substr(colon + 1) : std::string();
}

} // namespace

bool segment::is(std::string_view word) const {
    return std::ranges::any_of(readings, [&](const std::string& reading) { return equal_ignoring_case(reading, word); });
}

bool segment::names(std::string_view id) const { return std::ranges::find(readings, id) != readings.end(); }

segment make_segment(std::string_view encoded) {
    segment made;
    made.readings.push_back(percent_decode(encoded));
    std::string twice = percent_decode(made.readings.front());
    for (std::string other : {std::string(encoded), std::move(twice)})
        if (!made.names(other))
            made.readings.push_back(std::move(other));
    return made;
}

resource parse_scope(std::string_view text) {
    // A text without a slash is encoded as a whole: only once decoded does it show its path, in which ids may be encoded again.
    const std::string decoded = text.find('/') == std::string_view::npos ? percent_decode(text) : std::string(text);
    std::string_view rest = decoded;
    resource parsed;
    parsed.scheme = take_scheme(rest);
    take_authority(rest, parsed);
    parsed.path = split_path(rest);
    return parsed;
}

resource parse_address(std::string_view text) {
    resource parsed;
    parsed.scheme = take_scheme(text);
    if (!parsed.scheme.empty())
        take_authority(text, parsed);
    parsed.path = split_path(text);
    return parsed;
}

std::optional<identity_scope> identity_of(const resource& scope) {
    if (scope.path.size() < 2 || !scope.path[0].is("devices"))
        return std::nullopt;
    identity_scope identity{scope.path[1], std::nullopt};
    if (scope.path.size() >= 4 && scope.path[2].is("modules"))
        identity.module = scope.path[3];
    return identity;
}

bool host_names::contains(std::string_view host) const {
    const auto same = [host](std::string_view name) { return equal_ignoring_case(name, host); };
    return std::ranges::any_of(names_, same) || std::ranges::any_of(loopback_names, same);
}

bool host_names::contains_hub(std::string_view hub) const {
    const auto same = [hub](std::string_view name) {
        return equal_ignoring_case(name, hub) || equal_ignoring_case(name.substr(0, name.find('.')), hub);
    };
    return std::ranges::any_of(names_, same) || std::ranges::any_of(loopback_names, same);
}

bool covers_entity(const resource& scope, std::string_view path) {
    bool id_follows = false;
    for (const segment& granted : scope.path) {
        const std::string_view asked = next_piece(path);
        if (asked.empty() || !(id_follows ? granted.names(asked) : granted.is(asked)))
            return false;
        id_follows = !id_follows && announces_id(asked);
    }
    return true;
}

bool covers(const resource& scope, std::string_view path, const host_names& hosts) {
    return hosts.contains(scope.host) && covers_entity(scope, path);
}

} // namespace capstan::auth
