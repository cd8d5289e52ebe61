#pragma once
#include <string>

#include <fmt/chrono.h>

#include <capstan/message.hpp>

namespace capstan::cli {

/// 2026-01-31T12:00:00.250Z
inline std::string iso_time(wall_clock_time when) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(when);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", seconds, (when - seconds).count());
}

} // namespace capstan::cli
