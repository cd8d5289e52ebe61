#pragma once
// What an operator says about routing.

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace capstan::hub::routing {

constexpr std::size_t endpoints_max = 10; ///< beside the built-in one; Azure's limits, as the next two
constexpr std::size_t routes_max = 100;
constexpr std::size_t enrichments_max = 10;

/// The name of the endpoint that is always there.
constexpr std::string_view built_in_name = "events";

/// Each endpoint is an event hub of its own, which Event Hubs clients can read; what comes in may be handed on from there.
struct endpoint {
    enum class kind : std::uint8_t { event_hub, file, webhook };
    std::string name{};
    kind what = kind::event_hub;
    std::uint16_t partitions = 4;                  ///< fixed when the endpoint is made
    std::chrono::milliseconds retention{std::chrono::hours(24)}; ///< what could not be handed on by then is lost
    std::vector<std::string> consumer_groups{};    ///< beside $Default

    std::filesystem::path folder{};                ///< of files
    std::uint64_t rotate_size = 100u << 20;        ///< bytes: a file that has grown to this is finished
    std::chrono::milliseconds rotate_time{std::chrono::minutes(5)};

    std::string url{};                             ///< of a webhook
    std::filesystem::path ca{};                    ///< that its certificate comes from; empty: the system's
    std::vector<std::string> headers{};            ///< "Name: value"
    std::uint32_t batch = 100;                     ///< events in one request, at most
};

/// Whose messages a route takes (contract/semantics.md, 3.6).
enum class source : std::uint8_t { telemetry, device_lifecycle, connection_state };
/// As Azure's templates write it: "DeviceMessages".
std::string_view to_text(source what);
std::optional<source> source_of(std::string_view text);

struct route {
    std::string name{};
    routing::source source = routing::source::telemetry;
    std::string condition = "true";
    std::vector<std::string> endpoints{};
    bool enabled = true;
};

/// An application property.
struct property {
    std::string name, value;
};

struct enrichment {
    std::string key{};
    std::string value{}; ///< "$iothubname" stands for the hub's name
    std::vector<std::string> endpoints{};
};

struct routes {
    std::vector<routing::endpoint> endpoints{};
    std::vector<route> list{};
    std::vector<enrichment> enrichments{};
    bool fallback = true; ///< to the built-in endpoint, for what takes no route

    bool empty() const { return list.empty() && enrichments.empty() && fallback; }
};

/// Names, limits, conditions, and that what is named is there. The error says which one is wrong, and why.
std::expected<void, std::string> check(const routes& all);

/// What may surprise an operator, in words: routes that take everything away from the built-in endpoint, endpoints without a route.
std::vector<std::string> warnings(const routes& all);

} // namespace capstan::hub::routing
