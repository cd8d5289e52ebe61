// Old telemetry is forgotten by the clock, and the operator hears when it is not.

#include "support/captured_log.hpp"
#include "support/hub_fixture.hpp"

namespace capstan::test {
namespace {

class retention_test : public hub_fixture {
protected:
    captured_log log;
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
    EXPECT_EQ(log.lines_with("partition"), 0);
    store->telemetry().when_trimmed = store::failure{store::errc::corrupt, "record 7 does not decode"};
    advance(std::chrono::minutes(1));
    EXPECT_EQ(log.lines_with("cannot be forgotten: record 7 does not decode"), 2);
    advance(std::chrono::minutes(1));
    EXPECT_EQ(log.lines_with("partition"), 0);
    store->telemetry().when_trimmed->text = "record 8 does not decode";
    advance(std::chrono::minutes(1));
    EXPECT_EQ(log.lines_with("cannot be forgotten: record 8 does not decode"), 2);
    store->telemetry().when_trimmed.reset();
    advance(std::chrono::minutes(1));
    EXPECT_EQ(log.lines_with("is forgotten again"), 2);
}

} // namespace
} // namespace capstan::test
