#include "auth/plain_identity.hpp"

#include "auth/ascii.hpp"
#include "auth/percent.hpp"

namespace capstan::auth {
namespace {

constexpr std::string_view root_marker = "@sas.root.";
constexpr std::string_view device_marker = "@sas.";

std::expected<plain_identity, std::string> device_user(std::string_view name, std::string_view hub) {
    constexpr std::string_view modules = "/modules/";
    plain_identity identity;
    identity.what = plain_identity::kind::device;
    identity.hub = hub;
    const std::size_t slash = name.find('/');
    identity.device = make_segment(name.substr(0, slash));
    if (slash != std::string_view::npos) {
        const std::string_view rest = name.substr(slash);
        if (rest.size() <= modules.size() || !equal_ignoring_case(rest.substr(0, modules.size()), modules))
            return std::unexpected("the user name's device is followed by something other than /modules/{id}");
        identity.module = make_segment(rest.substr(modules.size()));
    }
    if (slash == 0 || name.empty() || hub.empty())
        return std::unexpected("the user name lacks the device or the hub");
    return identity;
}

} // namespace

std::expected<plain_response, std::string> parse_plain_response(bytes_view response) {
    if (response.size() > max_plain_response_size)
        return std::unexpected("the PLAIN response is longer than " + std::to_string(max_plain_response_size) + " bytes");
    const std::string_view text = as_text(response);
    const std::size_t first = text.find('\0');
    const std::size_t second = first == std::string_view::npos ? first : text.find('\0', first + 1);
    if (second == std::string_view::npos || text.find('\0', second + 1) != std::string_view::npos)
        return std::unexpected("the PLAIN response is not three parts with a NUL between them");
    return plain_response{std::string(text.substr(0, first)), std::string(text.substr(first + 1, second - first - 1)),
                          std::string(text.substr(second + 1))};
}

std::expected<plain_identity, std::string> parse_plain_user(std::string_view user) {
    if (user.empty())
        return std::unexpected("the user name is empty");
    // "@sas.root." is also an "@sas.": whichever starts last decides, and a device named "x@sas.root.y" stays a device.
    const std::size_t marker = user.rfind(device_marker);
    if (marker == std::string_view::npos) {
        const std::size_t at = user.rfind('@');
        if (at != std::string_view::npos)
            return device_user(user.substr(0, at), user.substr(at + 1));
        plain_identity identity;
        identity.what = plain_identity::kind::event_hub_policy;
        identity.policy = user;
        return identity;
    }
    if (!user.substr(marker).starts_with(root_marker))
        return device_user(user.substr(0, marker), user.substr(marker + device_marker.size()));

    plain_identity identity;
    identity.what = plain_identity::kind::hub_policy;
    identity.policy = percent_decode(user.substr(0, marker));
    identity.hub = user.substr(marker + root_marker.size());
    if (identity.policy.empty() || identity.hub.empty())
        return std::unexpected("the user name lacks the policy or the hub");
    return identity;
}

} // namespace capstan::auth
