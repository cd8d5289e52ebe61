// Old telemetry is forgotten by the clock, and the operator hears when it is not.

#include <sstream>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "support/hub_fixture.hpp"

namespace capstan::test {
namespace {

class retention_test : public hub_fixture {
protected:
    retention_test() { spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink_)); }
    ~retention_test() override { spdlog::set_default_logger(before_); }

    /// How many lines of the log, since the last call, hold the text.
    long lines_with(std::string_view text) {
        std::istringstream all(std::exchange(log_, {}).str());
        long count = 0;
        for (std::string line; std::getline(all, line);)
            count += line.find(text) != line.npos ? 1 : 0;
        return count;
    }

private:
    std::ostringstream log_;
    std::shared_ptr<spdlog::sinks::ostream_sink_st> sink_ = std::make_shared<spdlog::sinks::ostream_sink_st>(log_);
    std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

TEST_F(retention_test, events_live_as_long_as_is_set) {
    store::event_batch batch;
    batch.add(0, {}, {});
    store->telemetry().append(0, std::move(batch), {queue, [](const auto&) {}});
    advance(settings.telemetry_retention);
    EXPECT_EQ(store->telemetry().state(0).begin, 0u);
    advance(std::chrono::minutes(1));
    EXPECT_EQ(store->telemetry().state(0).begin, 1u);
}

TEST_F(retention_test, that_fails_is_logged_once_for_each_partition_and_change) {
    advance(std::chrono::minutes(1));
    EXPECT_EQ(lines_with("partition"), 0);
    store->telemetry().when_trimmed = store::failure{store::errc::corrupt, "record 7 does not decode"};
    advance(std::chrono::minutes(1));
    EXPECT_EQ(lines_with("cannot be forgotten: record 7 does not decode"), 2);
    advance(std::chrono::minutes(1));
    EXPECT_EQ(lines_with("partition"), 0);
    store->telemetry().when_trimmed->text = "record 8 does not decode";
    advance(std::chrono::minutes(1));
    EXPECT_EQ(lines_with("cannot be forgotten: record 8 does not decode"), 2);
    store->telemetry().when_trimmed.reset();
    advance(std::chrono::minutes(1));
    EXPECT_EQ(lines_with("is forgotten again"), 2);
}

} // namespace
} // namespace capstan::test
