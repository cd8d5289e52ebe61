#include "server/endpoint_hubs.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "server/files.hpp"
#include "server/forward/file_sink.hpp"
#include "server/forward/webhook_sink.hpp"

namespace capstan::server {
namespace {

namespace fs = std::filesystem;
namespace routing = hub::routing;

using group_names = std::vector<std::string>;

std::expected<group_names, std::string> read_groups(const fs::path& file) {
    std::error_code unknown;
    if (!fs::exists(file, unknown) && !unknown)
        return group_names();
    const auto content = read_whole_file(file);
    if (!content)
        return std::unexpected(content.error());
    try {
        return boost::json::value_to<group_names>(boost::json::parse(*content));
    } catch (const std::exception& error) {
        return std::unexpected(fmt::format("{} is corrupt: {}", file.string(), error.what()));
    }
}

std::expected<void, std::string> write_groups(const fs::path& file, const group_names& all) {
    return write_whole_file(file, boost::json::serialize(boost::json::value_from(all)) + "\n", 0600);
}

/// `folder`: where they are kept; none: nowhere.
std::expected<void, std::string> take_groups(hub::consumer_groups& into, const std::optional<fs::path>& folder) {
    if (!folder) {
        into.adopt({});
        return {};
    }
    const auto file = *folder / "consumer-groups.json";
    auto made = read_groups(file);
    if (!made)
        return std::unexpected(made.error());
    into.adopt(*std::move(made));
    into.save = [file](const group_names& all) { return write_groups(file, all); };
    return {};
}

std::unique_ptr<sink> sink_of(const routing::endpoint& rules) {
    switch (rules.what) {
    case routing::endpoint::kind::event_hub: break;
    case routing::endpoint::kind::file: return std::make_unique<file_sink>(rules);
    case routing::endpoint::kind::webhook: return std::make_unique<webhook_sink>(rules);
    }
    return nullptr;
}

} // namespace

fs::path endpoint_folder_in(const fs::path& data_folder, std::string_view name) { return data_folder / "event-hubs" / name; }

std::expected<endpoint_hubs, std::string> endpoint_hubs::open(const config& settings, const fs::path& data_folder,
                                                              const wall_clock& clock) {
    endpoint_hubs all;
    for (const auto& each : settings.routes.endpoints) {
        if (settings.data.ephemeral) {
            all.stores_.push_back(store::open_memory_store(clock, each.partitions));
            continue;
        }
        const auto folder = endpoint_folder_in(data_folder, each.name);
        std::error_code error;
        fs::create_directories(folder, error);
        if (error)
            return std::unexpected(fmt::format("cannot make {}: {}", folder.string(), error.message()));
        auto opened = store::open_rocksdb_store(clock, {folder / "log", each.partitions});
        if (!opened)
            return std::unexpected(fmt::format("endpoint '{}': {}", each.name, opened.error().text));
        all.stores_.push_back(*std::move(opened));
    }
    return all;
}

std::vector<store::telemetry_log*> endpoint_hubs::logs() const {
    std::vector<store::telemetry_log*> all;
    for (const auto& each : stores_)
        all.push_back(&each->telemetry());
    return all;
}

std::expected<void, std::string> endpoint_hubs::start(const config& settings, const fs::path& data_folder, const wall_clock& clock,
                                                      hub::hub& hub) {
    for (std::size_t index = 0; index < stores_.size(); ++index) {
        const auto& rules = settings.routes.endpoints[index];
        const auto folder = settings.data.ephemeral ? std::nullopt : std::optional(endpoint_folder_in(data_folder, rules.name));
        if (auto taken = take_groups(hub.event_hubs().at(1 + index)->consumer_groups(), folder); !taken)
            return taken;
        auto to = sink_of(rules);
        if (to == nullptr)
            continue;
        const auto progress = folder ? std::optional(*folder / "progress.json") : std::nullopt;
        auto made = std::make_unique<forwarder>(rules.name, stores_[index]->telemetry(), std::move(to), progress, clock);
        if (auto started = made->start(); !started)
            return std::unexpected(fmt::format("endpoint '{}': {}", rules.name, started.error()));
        hub.event_hubs().at(1 + index)->forwarded = [from = made.get()] { return from->progress(); };
        forwarders_.push_back(std::move(made));
    }
    return {};
}

void endpoint_hubs::close() {
    for (const auto& each : forwarders_)
        each->stop(); // and is asked about itself until the threads end
    for (const auto& each : stores_)
        each->close();
}

} // namespace capstan::server
