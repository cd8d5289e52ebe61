#pragma once
// What the code under test writes into the log, for as long as this lives.

#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

namespace capstan::test {

class captured_log {
public:
    captured_log() { spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink_)); }
    ~captured_log() { spdlog::set_default_logger(before_); }
    captured_log(const captured_log&) = delete;
    captured_log& operator=(const captured_log&) = delete;

    /// All that was written since the last call.
    std::string take() { return std::exchange(log_, {}).str(); }
    /// How many lines of it hold the text.
    long lines_with(std::string_view text) {
        std::istringstream all(take());
        long count = 0;
        for (std::string line; std::getline(all, line);)
            count += line.find(text) != line.npos ? 1 : 0;
        return count;
    }

private:
    std::ostringstream log_;
    std::shared_ptr<spdlog::sinks::ostream_sink_mt> sink_ = std::make_shared<spdlog::sinks::ostream_sink_mt>(log_);
    std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

} // namespace capstan::test
