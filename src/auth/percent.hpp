#pragma once
// Percent-encoding as in RFC 3986, section 2.1. '+' stands for itself: it is legal in device ids and in base64.

#include <string>
#include <string_view>

namespace capstan::auth {

/// Every %XX (either case of hex) becomes its byte; a '%' that no two hex digits follow stays as it is, for device ids may
/// hold one unencoded (contract/iothub-amqp.md, 5.1).
std::string percent_decode(std::string_view text);

/// Encodes all but the unreserved characters A-Z a-z 0-9 - . _ ~, with upper case hex.
std::string percent_encode(std::string_view text);

} // namespace capstan::auth
