#include "client/credentials.hpp"

#include <algorithm>

#include "auth/sas_token.hpp"

namespace capstan::client {
namespace {

wall_time wall_now() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

} // namespace

token_provider provider_of(std::string key_base64, std::string policy) {
    return [key = std::move(key_base64), policy = std::move(policy)](const std::string& resource, std::chrono::seconds life) {
        return auth::make_sas_token(resource, key, policy, wall_now() + life);
    };
}

std::chrono::milliseconds renew_after(const std::string& token, std::chrono::system_clock::time_point now, std::chrono::seconds life) {
    const auto parsed = auth::parse_sas_token(token);
    // Not in the clock's nanoseconds, which end in the year 2262.
    const auto left = parsed ? parsed->expires - std::chrono::floor<std::chrono::milliseconds>(now) : std::chrono::milliseconds(life);
    // A provider may give one that lasts for years, or one that has as good as ended.
    constexpr std::chrono::milliseconds soonest{100}, latest = std::chrono::hours(24 * 20);
    return std::clamp(left * 85 / 100, soonest, latest);
}

} // namespace capstan::client
