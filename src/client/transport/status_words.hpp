#pragma once
#include <string>
#include <string_view>

namespace capstan::client {

/// "404 Not Found", of an HTTP answer. A peer that tells stories is cut short.
inline std::string status_words(unsigned status, std::string_view reason) {
    constexpr std::size_t max_reason = 100;
    return std::to_string(status) + ' ' + std::string(reason.substr(0, max_reason));
}

} // namespace capstan::client
