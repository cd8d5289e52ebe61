#pragma once
// What an operator can set. A value comes from the first of these that gives it: command line flag, environment variable
// CAPSTAN_SECTION__KEY, configuration file (TOML), default. The table of all keys is in settings.hpp.

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hub/routing/routes.hpp"

namespace capstan::server {

struct config {
    struct hub_section {
        std::vector<std::string> hostnames{"localhost"}; ///< DNS names or IP literals; the first stands in connection strings
        std::optional<std::uint16_t> partitions;         ///< none: what the data folder was made with; 4 when it is made
        std::optional<std::string> event_hub;            ///< likewise; made from the first host name when the folder is made
    } hub;

    struct listen_section {
        std::string bind = "0.0.0.0";
        std::uint16_t amqps_port = 5671;          ///< 0: any free one
        std::uint16_t https_port = 443;           ///< 0: any free one
        std::optional<std::uint16_t> amqp_port;   ///< without TLS; none: no such port. 0: any free one
        std::string amqp_bind = "127.0.0.1";      ///< for that port alone: what passes there can be read
        std::uint16_t advertised_amqps_port = 0;  ///< what redirects name (contract/event-hubs.md, 1.1); 0: the real one
        std::uint16_t threads = 0;                ///< io threads; 0: one per core
        std::optional<std::filesystem::path> ready_file;
    } listen;

    struct data_section {
        std::filesystem::path folder = "capstan-data";
        bool ephemeral = false; ///< devices and messages in memory only; keys and certificates are in the folder all the same
    } data;

    struct tls_section { ///< all or none of certificate and key; none: made in the data folder
        std::optional<std::filesystem::path> certificate;
        std::optional<std::filesystem::path> key;
        std::optional<std::filesystem::path> ca; ///< only told to clients (ready file, command line tools)
        std::vector<std::string> more_certificates, more_keys; ///< as many of each, for clients that ask for their names
        std::optional<std::filesystem::path> device_authorities;
        std::optional<std::filesystem::path> device_revocations;
    } tls;

    struct log_section {
        std::string level = "info";
        std::string format = "text";
    } log;

    struct limits_section {
        bool one_connection_per_device = true;    ///< a link on a new one ends that of its type on another
        std::uint32_t connections = 100'000;      ///< at once; more are closed at once when they come
        std::chrono::milliseconds stop_time{10'000}; ///< after SIGTERM, at most this long until the process ends
        std::string throttling = "none";          ///< a tier of Azure's
        std::uint32_t units = 1;                  ///< of the tier
    } limits;

    struct commands_section {
        std::chrono::milliseconds default_ttl{std::chrono::hours(1)};
        std::chrono::milliseconds lock{std::chrono::seconds(60)};
        std::uint32_t max_delivery_count = 10;
        bool count_lock_timeouts = false; ///< as deliveries
        std::uint32_t queue_depth = 50;
        std::uint32_t dead_letters = 50; ///< of each device; 0: none are kept
        std::chrono::milliseconds dead_letter_life{std::chrono::hours(48)};
    } commands;

    struct feedback_section {
        std::chrono::milliseconds ttl{std::chrono::hours(1)};
        std::chrono::milliseconds lock{std::chrono::seconds(60)};
        std::uint32_t max_delivery_count = 10;
    } feedback;

    struct telemetry_section {
        std::chrono::milliseconds retention{std::chrono::hours(24)};
        std::uint32_t consumer_groups_max = 20; ///< of each event hub, $Default among them
    } telemetry;

    struct jobs_section {
        std::optional<std::filesystem::path> folder; ///< none: jobs in the data folder
        std::vector<std::string> storage_hosts;      ///< that the hub may read from and write to
        std::optional<std::filesystem::path> storage_ca; ///< of their certificates; none: the system's authorities
    } jobs;

    hub::routing::routes routes; ///< [routing]: of the file only
};

/// A value given by a flag. `flag` is for messages ("--amqps-port"), `key` says what it sets ("listen.amqps_port").
struct flag_value {
    std::string flag;
    std::string key;
    std::vector<std::string> values; ///< more than one only for a list
};

struct config_sources {
    std::optional<std::filesystem::path> file;
    std::vector<std::pair<std::string, std::string>> environment; ///< all of it; what does not begin with CAPSTAN_ is ignored
    std::vector<flag_value> flags;
};

/// The error names the origin (file and line, variable or flag), the key, and what would be right.
std::expected<config, std::string> load_config(const config_sources& sources);

/// The environment of this process.
std::vector<std::pair<std::string, std::string>> process_environment();

} // namespace capstan::server
