#pragma once
// Base64 with the standard alphabet and padding (RFC 4648, section 4).

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace capstan::auth {

std::string to_base64(bytes_view raw);

/// None for anything but whole groups of four, '=' only at the end, unused bits zero. No white space, no line ends.
/// The result is never longer than three quarters of the text, so a caller bounds it by bounding the text.
std::optional<bytes> from_base64(std::string_view text);

} // namespace capstan::auth
