#include "hub/peer_log.hpp"

#include <fmt/format.h>

namespace capstan::hub {

std::string printable(std::string_view text) {
    constexpr std::size_t enough = 200;
    const bool cut = text.size() > enough;
    std::string result;
    for (const char c : text.substr(0, enough)) {
        if (c == '"' || c == '\\')
            result += {'\\', c};
        else if (c >= ' ' && c <= '~')
            result += c;
        else
            result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return cut ? result + "..." : result;
}

bool line_budget::take(wall_time now) {
    const auto second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    if (second_.exchange(second) != second)
        taken_ = 0;
    if (taken_.fetch_add(1) < lines_)
        return true;
    ++left_out_;
    return false;
}

} // namespace capstan::hub
