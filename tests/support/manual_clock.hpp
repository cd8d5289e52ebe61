#pragma once
// A wall clock that stands still until the test moves it. Thread-safe.

#include <atomic>

#include "base/clock.hpp"

namespace capstan::test {

class manual_clock final : public wall_clock {
public:
    /// Starts on 14 November 2023 unless the test says another time.
    explicit manual_clock(wall_time start = wall_time(std::chrono::seconds(1'700'000'000))) : now_(start.time_since_epoch().count()) {}

    wall_time now() const override { return wall_time(std::chrono::milliseconds(now_.load())); }
    void set(wall_time time) { now_ = time.time_since_epoch().count(); }
    void advance(std::chrono::milliseconds by) { now_ += by.count(); }

private:
    std::atomic<std::int64_t> now_;
};

} // namespace capstan::test
