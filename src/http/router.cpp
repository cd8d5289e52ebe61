#include "http/router.hpp"

#include <algorithm>
#include <cctype>

#include <spdlog/spdlog.h>

#include "auth/percent.hpp"
#include "http/resources.hpp"
#include "http/status.hpp"
#include "hub/access.hpp"

namespace capstan::http {
namespace {

enum class right : std::uint8_t { none, registry_read, registry_write, service };

struct row {
    verb method;
    std::string_view path; ///< "*" stands for any one segment
    right needed;
    handler serve;
};

/// Paths are compared without case, a trailing slash does not count (contract/rest.md, section 1).
constexpr row table[] = {
    {verb::get, "/devices", right::registry_read, list_devices},
    {verb::post, "/devices", right::registry_write, post_devices},
    {verb::get, "/devices/*", right::registry_read, get_device},
    {verb::put, "/devices/*", right::registry_write, put_device},
    {verb::delete_, "/devices/*", right::registry_write, delete_device},
    {verb::delete_, "/devices/*/commands", right::service, purge_commands},
    {verb::get, "/statistics/devices", right::registry_read, get_device_statistics},
    {verb::get, "/statistics/service", right::registry_read, get_service_statistics},
    {verb::get, "/livez", right::none, get_liveness},
    {verb::get, "/readyz", right::none, get_readiness},
    {verb::get, "/health", right::none, get_readiness},
    {verb::get, "/healthz", right::none, get_readiness},
};

bool same_word(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool matches(std::string_view pattern, const std::vector<std::string>& path) {
    for (const auto& segment : path) {
        if (pattern.empty())
            return false;
        pattern.remove_prefix(1);
        const auto word = pattern.substr(0, pattern.find('/'));
        pattern.remove_prefix(word.size());
        if (word != "*" && !same_word(word, segment))
            return false;
    }
    return pattern.empty();
}

/// YYYY-MM-DD, optionally with "-preview".
bool valid_version(std::string_view text) {
    if (text.ends_with("-preview"))
        text.remove_suffix(8);
    constexpr std::string_view shape = "dddd-dd-dd";
    return text.size() == shape.size() &&
           std::ranges::equal(text, shape, [](unsigned char c, char as) { return as == 'd' ? std::isdigit(c) != 0 : c == as; });
}

bool allowed(const hub::access& rules, const hub::principal& who, right needed) {
    switch (needed) {
    case right::none: return true;
    case right::registry_read: return rules.may_read_registry(who);
    case right::registry_write: return rules.may_write_registry(who);
    case right::service: return rules.may_use_service(who, "/devices");
    }
    return false;
}

} // namespace

asio::awaitable<answer> route(context& in, const request& asked) {
    const auto now = in.hub.clock().now();
    const auto fits = [&](const row& each) { return matches(each.path, asked.path); };
    if (std::ranges::none_of(table, fits))
        co_return error_answer(errc::path_not_found, "There is nothing at this path.", now);
    const auto found = std::ranges::find_if(table, [&](const row& each) { return each.method == asked.method && fits(each); });
    if (found == std::end(table))
        co_return error_answer(errc::method_not_allowed, "The method is not allowed at this path.", now);
    if (found->needed != right::none) {
        if (!valid_version(asked.parameter("api-version").value_or("")))
            co_return error_answer(errc::invalid_protocol_version, "api-version must be a date such as 2021-04-12.", now);
        const auto who = in.hub.access().check_token(asked.authorization);
        if (!who || !allowed(in.hub.access(), *who, found->needed)) {
            spdlog::info("request refused peer={} path={} reason=\"{}\"", asked.peer, found->path, who ? "no right" : who.error().text);
            co_return error_answer(errc::unauthorized, "Unauthorized", now);
        }
    }
    co_return co_await found->serve(in, asked);
}

std::optional<std::string_view> request::parameter(std::string_view name) const {
    const auto found = std::ranges::find(query, name, &std::pair<std::string, std::string>::first);
    return found == query.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

void parse_target(std::string_view target, request& into) {
    const auto mark = target.find('?');
    auto path = target.substr(0, mark);
    auto query = mark == target.npos ? std::string_view() : target.substr(mark + 1);
    const auto take = [](std::string_view& from, char separator) {
        const auto piece = from.substr(0, from.find(separator));
        from.remove_prefix(std::min(from.size(), piece.size() + 1));
        return piece;
    };
    // The target is bounded by the limit on a request's header.
    while (!path.empty()) {
        const auto segment = take(path, '/');
        if (segment.empty())
            continue;
        into.path.push_back(auth::percent_decode(segment));
    }
    while (!query.empty()) {
        auto pair = take(query, '&');
        auto name = auth::percent_decode(take(pair, '='));
        into.query.emplace_back(std::move(name), auth::percent_decode(pair));
    }
}

} // namespace capstan::http
