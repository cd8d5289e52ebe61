#pragma once
#include <string>
#include <string_view>

namespace capstan::server {

/// An IPv4 or IPv6 address, without brackets.
bool is_ip_literal(std::string_view text);

/// Letters, digits and hyphens between dots (RFC 1123, section 2.1), or an IP literal.
bool is_host_name(std::string_view text);

/// As it stands in a URL: an IPv6 literal in brackets.
std::string host_in_url(std::string_view host);

/// What an Azure hub of that host name is called: the first label. "capstan" for an IP literal, which has no labels.
std::string hub_name_of(std::string_view host);

} // namespace capstan::server
