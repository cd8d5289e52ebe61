#pragma once
#include <chrono>
#include <random>

#include <capstan/client_options.hpp>

namespace capstan::client {

/// How long to wait before the next attempt: retry_policy as a state machine. Not thread-safe.
class backoff {
public:
    explicit backoff(const retry_policy& policy, std::uint32_t seed = std::random_device()());

    /// After a failure. None: there have been enough.
    std::optional<std::chrono::milliseconds> next();
    /// After a success.
    void reset() { attempts_ = 0; }
    unsigned attempts() const { return attempts_; }

private:
    retry_policy policy_;
    std::minstd_rand random_;
    unsigned attempts_ = 0; ///< in a row, without success
};

} // namespace capstan::client
