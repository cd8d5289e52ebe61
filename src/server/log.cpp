#include "server/log.hpp"

#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace capstan::server {
namespace {

using output = spdlog::memory_buf_t;

/// Control characters become \uXXXX; with `quotes`, quotation marks and backslashes are escaped too, as JSON wants it.
void put_escaped(output& to, std::string_view text, bool quotes) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            fmt::format_to(std::back_inserter(to), "\\u{:04x}", static_cast<unsigned char>(c));
        else if (quotes && (c == '"' || c == '\\'))
            fmt::format_to(std::back_inserter(to), "\\{}", c);
        else
            to.push_back(c);
    }
}

std::string_view text_of(spdlog::string_view_t view) { return {view.data(), view.size()}; }

void put_time(output& to, spdlog::log_clock::time_point time) {
    const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
    fmt::format_to(std::back_inserter(to), "{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(spdlog::log_clock::to_time_t(time)),
                   milliseconds % 1000);
}

/// 2026-01-31T12:00:00.000Z info  text
class text_formatter final : public spdlog::formatter {
public:
    void format(const spdlog::details::log_msg& message, output& to) override {
        put_time(to, message.time);
        fmt::format_to(std::back_inserter(to), " {:<7} ", text_of(spdlog::level::to_string_view(message.level)));
        put_escaped(to, text_of(message.payload), false);
        to.push_back('\n');
    }
    std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<text_formatter>(); }
};

/// {"time":"2026-01-31T12:00:00.000Z","level":"info","message":"text"}
class json_formatter final : public spdlog::formatter {
public:
    void format(const spdlog::details::log_msg& message, output& to) override {
        fmt::format_to(std::back_inserter(to), "{{\"time\":\"");
        put_time(to, message.time);
        fmt::format_to(std::back_inserter(to), "\",\"level\":\"{}\",\"message\":\"", text_of(spdlog::level::to_string_view(message.level)));
        put_escaped(to, text_of(message.payload), true);
        fmt::format_to(std::back_inserter(to), "\"}}\n");
    }
    std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<json_formatter>(); }
};

} // namespace

std::unique_ptr<spdlog::formatter> make_log_formatter(std::string_view format) {
    if (format == "json")
        return std::make_unique<json_formatter>();
    return std::make_unique<text_formatter>();
}

void start_logging(const config::log_section& settings) {
    auto logger = std::make_shared<spdlog::logger>("capstan", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_formatter(make_log_formatter(settings.format));
    logger->set_level(settings.level == "error" ? spdlog::level::err : spdlog::level::from_str(settings.level));
    spdlog::set_default_logger(std::move(logger));
}

} // namespace capstan::server
