#include "hub/telemetry/readers.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "auth/ascii.hpp"

namespace capstan::hub {
namespace {

constexpr std::size_t block_events = 1024;
constexpr std::size_t block_bytes_max = 256 * 1024, block_bytes_min = 16 * 1024;
/// Of the blocks of all readers of an event hub: 512 whole ones.
constexpr std::size_t all_blocks_bytes = 128 * 1024 * 1024;

std::string_view shown(const std::string& name) { return name.empty() ? "nil" : std::string_view(name); }

} // namespace

std::expected<readers::reader_id, amqp::error> readers::enter(reader who) {
    const std::lock_guard lock(mutex_);
    const key at{who.consumer_group, who.partition};
    auto& there = present_[at];
    if (auto error = refusal(there, who))
        return std::unexpected(std::move(*error));
    if (who.epoch) {
        // An exclusive reader has the partition for itself.
        for (const auto& each : there) {
            keys_.erase(each.id);
            displace(each, who);
        }
        there.clear();
    }
    const auto id = next_id_++;
    keys_.emplace(id, at);
    there.push_back({id, std::move(who)});
    count_ = keys_.size();
    return id;
}

std::optional<amqp::error> readers::refusal(const std::vector<present>& there, const reader& newcomer) const {
    std::int64_t highest = -1;
    for (const auto& each : there)
        highest = std::max(highest, each.who.epoch.value_or(-1));
    if (newcomer.epoch && highest > *newcomer.epoch)
        return amqp::error(
            amqp::condition::link_stolen,
            fmt::format("A receiver with a higher epoch '{}' already exists. A new receiver with epoch {} cannot be created. Make "
                        "sure you are creating receiver with increasing epoch value to ensure connectivity, or ensure all old "
                        "epoch receivers are closed or disconnected.",
                        highest, *newcomer.epoch));
    if (!newcomer.epoch && highest >= 0)
        return amqp::error(
            amqp::condition::link_stolen,
            fmt::format("At least one receiver for the endpoint is created with epoch of '{}', and so non-epoch receiver is not "
                        "allowed. Either reconnect with a higher epoch, or make sure all epoch receivers are closed or "
                        "disconnected.",
                        highest));
    if (!newcomer.epoch && there.size() >= rules_.readers_max) {
        std::string names;
        for (const auto& each : there)
            names += (names.empty() ? "" : ", ") + std::string(shown(each.who.name));
        return amqp::error(
            amqp::condition::resource_limit_exceeded,
            fmt::format("Exceeded the maximum number of allowed receivers per partition in a consumer group which is {}. List of "
                        "connected receivers - {}.",
                        rules_.readers_max, names));
    }
    return std::nullopt;
}

void readers::displace(const present& loser, const reader& winner) {
    const auto text =
        fmt::format("New receiver '{}' with higher epoch of '{}' is created hence current receiver '{}' with epoch '{}' is getting "
                    "disconnected. If you are recreating the receiver, make sure a higher epoch is used.",
                    shown(winner.name), *winner.epoch, shown(loser.who.name), loser.who.epoch.value_or(-1));
    loser.who.home->post([displaced = loser.who.displaced, error = amqp::error(amqp::condition::link_stolen, text)] { displaced(error); });
}

void readers::end_group(std::string_view consumer_group) {
    const std::lock_guard lock(mutex_);
    const amqp::error gone(amqp::condition::not_found, fmt::format("The consumer group '{}' was removed.", consumer_group));
    boost::unordered::erase_if(present_, [&](const auto& each) {
        if (!auth::equal_ignoring_case(each.first.consumer_group, consumer_group))
            return false;
        for (const auto& [id, who] : each.second) {
            keys_.erase(id);
            who.home->post([displaced = who.displaced, gone] { displaced(gone); });
        }
        return true;
    });
    count_ = keys_.size();
}

void readers::leave(reader_id id) {
    const std::lock_guard lock(mutex_);
    const auto found = keys_.find(id);
    if (found == keys_.end())
        return;
    const auto there = present_.find(found->second);
    std::erase_if(there->second, [&](const present& each) { return each.id == id; });
    if (there->second.empty())
        present_.erase(there);
    keys_.erase(found);
    count_ = keys_.size();
}

store::read_limits readers::share() const {
    const auto count = std::max<std::size_t>(count_, 1);
    return {.events = block_events, .bytes = std::clamp(all_blocks_bytes / count, block_bytes_min, block_bytes_max)};
}

} // namespace capstan::hub
