#include "server/host_name.hpp"

#include <algorithm>

#include <arpa/inet.h>

namespace capstan::server {
namespace {

constexpr std::size_t max_host_name = 253;
constexpr std::size_t max_label = 63;

bool is_label(std::string_view text) {
    const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; };
    return !text.empty() && text.size() <= max_label && text.front() != '-' && text.back() != '-' && std::ranges::all_of(text, allowed);
}

} // namespace

bool is_ip_literal(std::string_view text) {
    const std::string terminated(text);
    in6_addr address{};
    return inet_pton(AF_INET, terminated.c_str(), &address) == 1 || inet_pton(AF_INET6, terminated.c_str(), &address) == 1;
}

bool is_host_name(std::string_view text) {
    if (is_ip_literal(text))
        return true;
    if (text.empty() || text.size() > max_host_name)
        return false;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t dot = std::min(text.find('.', from), text.size());
        if (!is_label(text.substr(from, dot - from)))
            return false;
        from = dot + 1;
    }
    return true;
}

std::string host_in_url(std::string_view host) {
    return host.find(':') == std::string_view::npos ? std::string(host) : "[" + std::string(host) + "]";
}

std::string hub_name_of(std::string_view host) { return is_ip_literal(host) ? "capstan" : std::string(host.substr(0, host.find('.'))); }

} // namespace capstan::server
