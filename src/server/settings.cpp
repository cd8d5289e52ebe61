#include "server/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "hub/throttle.hpp"
#include "server/host_name.hpp"

namespace capstan::server {
namespace {

using assigned = std::expected<void, std::string>;

// --- What a raw value says, as one type -----------------------------------------------------------------------------------

std::optional<std::int64_t> as_integer(const raw_value& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value))
        return *number;
    const auto* text = std::get_if<std::string>(&value);
    std::int64_t number = 0;
    if (text == nullptr || std::from_chars(text->data(), text->data() + text->size(), number).ptr != text->data() + text->size() ||
        text->empty())
        return std::nullopt;
    return number;
}

std::optional<bool> as_bool(const raw_value& value) {
    if (const auto* flag = std::get_if<bool>(&value))
        return *flag;
    const auto* text = std::get_if<std::string>(&value);
    if (text != nullptr && (*text == "true" || *text == "false"))
        return *text == "true";
    return std::nullopt;
}

struct unit {
    std::string_view name;
    std::int64_t milliseconds;
};
constexpr std::array<unit, 5> units = {{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

/// "90s", "15m", "500ms"; a bare number means seconds.
std::optional<std::int64_t> as_milliseconds(const raw_value& value) {
    constexpr std::int64_t most = 1'000'000'000; // of any unit, so that no product overflows
    std::string_view digits;
    std::string_view suffix = "s";
    const auto* text = std::get_if<std::string>(&value);
    if (text != nullptr) {
        digits = std::string_view(*text).substr(0, text->find_first_not_of("0123456789"));
        suffix = digits.size() == text->size() ? suffix : std::string_view(*text).substr(digits.size());
    }
    const auto count = as_integer(text != nullptr ? raw_value(std::string(digits)) : value);
    const auto found = std::ranges::find(units, suffix, &unit::name);
    if (!count || *count < 0 || *count > most || found == units.end())
        return std::nullopt;
    return *count * found->milliseconds;
}

std::string duration_text(std::int64_t milliseconds) {
    const auto fits = std::ranges::find_if(units, [&](const unit& one) { return milliseconds % one.milliseconds == 0; });
    return milliseconds == 0 ? "0s" : fmt::format("{}{}", milliseconds / fits->milliseconds, fits->name);
}

/// From a variable, names are separated by commas.
std::optional<std::vector<std::string>> as_list(const raw_value& value) {
    if (const auto* list = std::get_if<std::vector<std::string>>(&value))
        return *list;
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr)
        return std::nullopt;
    std::vector<std::string> list;
    for (std::size_t from = 0; from <= text->size();) {
        const std::size_t comma = std::min(text->find(',', from), text->size());
        list.push_back(text->substr(from, comma - from));
        from = comma + 1;
    }
    return list;
}

// --- How a value is shown --------------------------------------------------------------------------------------------------

std::string shown(bool value) { return value ? "true" : "false"; }
template<std::unsigned_integral T> std::string shown(T value) { return std::to_string(value); }
std::string shown(std::chrono::milliseconds value) { return duration_text(value.count()); }
std::string shown(const std::string& value) { return value; }
std::string shown(const std::filesystem::path& value) { return value.string(); }
std::string shown(const std::vector<std::string>& value) { return fmt::format("{}", fmt::join(value, ",")); }
template<class T> std::string shown(const std::optional<T>& value) { return value ? shown(*value) : std::string(); }

// --- Kinds of settings. `Field` is a function from a config to the member that the setting is about -----------------------

template<class T> struct without_optional {
    using type = T;
};
template<class T> struct without_optional<std::optional<T>> {
    using type = T;
};
template<auto Field> using field_type = typename without_optional<std::remove_cvref_t<decltype(Field(std::declval<config&>()))>>::type;

template<auto Field> std::string show(const config& from) { return shown(Field(from)); }

template<auto Field, std::int64_t Low, std::int64_t High> assigned assign_number(config& into, const raw_value& value) {
    const auto number = as_integer(value);
    if (!number || *number < Low || *number > High)
        return std::unexpected(fmt::format("must be a whole number from {} to {}", Low, High));
    Field(into) = static_cast<field_type<Field>>(*number);
    return {};
}

template<auto Field, std::int64_t Low, std::int64_t High> assigned assign_duration(config& into, const raw_value& value) {
    const auto milliseconds = as_milliseconds(value);
    if (!milliseconds || *milliseconds < Low || *milliseconds > High)
        return std::unexpected(fmt::format("must be a duration from {} to {}, such as \"90s\", \"15m\", \"36h\" or \"2d\"",
                                           duration_text(Low), duration_text(High)));
    Field(into) = std::chrono::milliseconds(*milliseconds);
    return {};
}

template<auto Field> assigned assign_bool(config& into, const raw_value& value) {
    const auto flag = as_bool(value);
    if (!flag)
        return std::unexpected("must be true or false");
    Field(into) = *flag;
    return {};
}

/// `Check` gives back what a right value would be, empty when this one is right.
template<auto Field, std::string (*Check)(const std::string&)> assigned assign_text(config& into, const raw_value& value) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr)
        return std::unexpected("must be a text");
    if (std::string wanted = Check(*text); !wanted.empty())
        return std::unexpected("must be " + wanted);
    Field(into) = *text;
    return {};
}

template<auto Field> assigned assign_hostnames(config& into, const raw_value& value) {
    constexpr std::size_t most = 100; // names in one certificate
    auto list = as_list(value);
    if (!list || list->empty() || list->size() > most || !std::ranges::all_of(*list, is_host_name))
        return std::unexpected(fmt::format("must be one to {} host names or IP addresses", most));
    Field(into) = *std::move(list);
    return {};
}

template<auto Field> assigned assign_list(config& into, const raw_value& value) {
    constexpr std::size_t most = 100;
    auto list = as_list(value);
    if (!list || list->size() > most || std::ranges::any_of(*list, &std::string::empty))
        return std::unexpected(fmt::format("must be a list of at most {}", most));
    Field(into) = *std::move(list);
    return {};
}

std::string not_empty(const std::string& text) { return text.empty() ? "a path" : ""; }
std::string ip_literal(const std::string& text) { return is_ip_literal(text) ? "" : "an IP address"; }
std::string log_format(const std::string& text) { return text == "text" || text == "json" ? "" : "text or json"; }

std::string log_level(const std::string& text) {
    constexpr std::array<std::string_view, 6> levels = {"trace", "debug", "info", "warn", "error", "off"};
    return std::ranges::find(levels, text) != levels.end() ? "" : fmt::format("one of {}", fmt::join(levels, ", "));
}

std::string throttling(const std::string& text) { return hub::throttle_tier_of(text) ? "" : "none, S1, S2 or S3"; }

/// Event Hubs' own rule for the names of event hubs; it keeps them out of the way of addresses.
std::string entity_name(const std::string& text) {
    const auto allowed = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_'; };
    const bool right =
        !text.empty() && text.size() <= 50 && std::ranges::all_of(text, allowed) && std::isalnum(static_cast<unsigned char>(text[0])) != 0;
    return right ? "" : "1 to 50 letters, digits, '-', '.' or '_', a letter or digit first";
}

constexpr std::int64_t second = 1'000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

#define FIELD(member) [](auto& from) -> auto& { return from.member; }
#define NUMBER(member, low, high) assign_number<FIELD(member), low, high>, show<FIELD(member)>
#define DURATION(member, low, high) assign_duration<FIELD(member), low, high>, show<FIELD(member)>
#define TEXT(member, check) assign_text<FIELD(member), check>, show<FIELD(member)>
#define FILES(member) assign_list<FIELD(member)>, show<FIELD(member)>
#define BOOL(member) assign_bool<FIELD(member)>, show<FIELD(member)>

// clang-format off
const setting table[] = {
    {"hub.hostnames", "name[,name]", "--hostname",
     "names of the hub for clients, in its certificate; the first stands in connection strings",
     assign_hostnames<FIELD(hub.hostnames)>, show<FIELD(hub.hostnames)>},
    {"hub.partitions", "1..128", "--partitions", "telemetry partitions, fixed when the data folder is made (4 if not given)",
     NUMBER(hub.partitions, 1, 128)},
    {"hub.event_hub", "name", "",
     "name of the event-hub-compatible endpoint, fixed when the data folder is made (the hub's own if not given)",
     TEXT(hub.event_hub, entity_name)},

    {"listen.bind", "address", "--bind", "IP address to listen on", TEXT(listen.bind, ip_literal)},
    {"listen.amqps_port", "port", "--amqps-port", "port for AMQP over TLS; 0: any free one", NUMBER(listen.amqps_port, 0, 65535)},
    {"listen.https_port", "port", "--https-port", "port for HTTPS and WebSockets; 0: any free one", NUMBER(listen.https_port, 0, 65535)},
    {"listen.amqp_port", "port", "--amqp-port",
     "port for AMQP without TLS, for clients in development (UseDevelopmentEmulator=true expects 5672); none if not given",
     NUMBER(listen.amqp_port, 0, 65535)},
    {"listen.amqp_bind", "address", "", "IP address for that port: what passes there can be read by whoever sees the network",
     TEXT(listen.amqp_bind, ip_literal)},
    {"listen.advertised_amqps_port", "port", "",
     "AMQPS port that redirects name, for a hub behind a port mapping; 0: the one it listens on",
     NUMBER(listen.advertised_amqps_port, 0, 65535)},
    {"listen.threads", "0..1024", "", "threads for connections; 0: one per core", NUMBER(listen.threads, 0, 1024)},
    {"listen.ready_file", "file", "--ready-file", "file to write (JSON: ports, host names, CA, ...) once the hub takes connections",
     TEXT(listen.ready_file, not_empty)},

    {"data.folder", "folder", "--data", "where keys, certificates, devices and messages are kept", TEXT(data.folder, not_empty)},
    {"data.ephemeral", "true|false", "--ephemeral", "keep devices and messages in memory only: they are gone when the hub stops",
     BOOL(data.ephemeral)},

    {"tls.certificate", "file", "", "certificate of your own (PEM, with its chain); none: one is made in the data folder",
     TEXT(tls.certificate, not_empty)},
    {"tls.key", "file", "", "the certificate's private key (PEM)", TEXT(tls.key, not_empty)},
    {"tls.ca", "file", "", "the CA that clients of your own certificate trust (PEM), for the ready file and the command line",
     TEXT(tls.ca, not_empty)},

    {"tls.more_certificates", "file[,file]", "",
     "further certificates (PEM, with their chains): a client that asks for a host name which one of them has is shown that one",
     FILES(tls.more_certificates)},
    {"tls.more_keys", "file[,file]", "", "their private keys (PEM), in the same order", FILES(tls.more_keys)},

    {"tls.device_authorities", "file", "",
     "CAs whose signature a device's certificate may have (PEM); its common name is the device's id",
     TEXT(tls.device_authorities, not_empty)},
    {"tls.device_revocations", "file", "",
     "revocation lists of those CAs (PEM): a certificate in them, or of a CA that has none, counts for nothing",
     TEXT(tls.device_revocations, not_empty)},

    {"log.level", "level", "--log-level", "trace, debug, info, warn, error or off", TEXT(log.level, log_level)},
    {"log.format", "text|json", "", "how a line of the log looks", TEXT(log.format, log_format)},

    {"limits.connections", "1..10000000", "", "connections at once", NUMBER(limits.connections, 1, 10'000'000)},
    {"limits.one_connection_per_device", "true|false", "",
     "a link that a device opens ends its link of the same type on another connection, as with Azure; false: both stay, and share its "
     "messages",
     BOOL(limits.one_connection_per_device)},
    {"limits.stop_time", "duration", "", "after SIGTERM, at most this long until the hub ends", DURATION(limits.stop_time, second, hour)},
    {"limits.throttling", "none|S1|S2|S3", "", "refuse what is more than a hub of this tier of Azure's takes, to test how clients back off",
     TEXT(limits.throttling, throttling)},
    {"limits.units", "1..200", "", "units of that tier", NUMBER(limits.units, 1, 200)},

    // The ranges are Azure's (contract/semantics.md, sections 0, 1.3 and 1.4), but locks may be shorter, for tests.
    {"commands.default_ttl", "duration", "", "life of a cloud-to-device message that names no expiry",
     DURATION(commands.default_ttl, minute, 2 * day)},
    {"commands.lock", "duration", "", "time that a device has to settle a message", DURATION(commands.lock, second, 5 * minute)},
    {"commands.max_delivery_count", "1..100", "", "deliveries of a message before it is given up",
     NUMBER(commands.max_delivery_count, 1, 100)},
    {"commands.count_lock_timeouts", "true|false", "",
     "a lock that runs out counts as a delivery, as with Azure before 2026; false: only an abandon does",
     BOOL(commands.count_lock_timeouts)},
    {"commands.queue_depth", "1..10000", "", "messages waiting for one device", NUMBER(commands.queue_depth, 1, 10'000)},
    {"commands.dead_letters", "0..10000", "", "dead letters that are kept of each device, the newest; 0: none",
     NUMBER(commands.dead_letters, 0, 10'000)},
    {"commands.dead_letter_life", "duration", "", "how long a dead letter is kept",
     DURATION(commands.dead_letter_life, minute, 3650 * day)},

    {"feedback.ttl", "duration", "", "life of feedback that nobody fetches", DURATION(feedback.ttl, minute, 2 * day)},
    {"feedback.lock", "duration", "", "time that a service has to settle feedback",
     DURATION(feedback.lock, second, 5 * minute)},
    {"feedback.max_delivery_count", "1..100", "", "deliveries of feedback before it is given up",
     NUMBER(feedback.max_delivery_count, 1, 100)},

    {"telemetry.retention", "duration", "", "how long telemetry can be read", DURATION(telemetry.retention, minute, 3650 * day)},
    {"telemetry.consumer_groups_max", "1..1000", "", "consumer groups of an event hub, $Default among them",
     NUMBER(telemetry.consumer_groups_max, 1, 1000)},

    {"jobs.folder", "folder", "",
     "the folder below which import and export jobs find their containers (jobs in the data folder if not given)",
     TEXT(jobs.folder, not_empty)},
    {"jobs.storage_hosts", "host[,host]", "",
     "hosts (host or host:port) of blob storage that import and export jobs may use; none if not given",
     assign_list<FIELD(jobs.storage_hosts)>, show<FIELD(jobs.storage_hosts)>},
    {"jobs.storage_ca", "file", "", "authority (PEM) of the certificates of those hosts, if it is not one of the system's",
     TEXT(jobs.storage_ca, not_empty)},
};

// clang-format on

#undef BOOL
#undef FILES
#undef TEXT
#undef DURATION
#undef NUMBER
#undef FIELD

} // namespace

std::span<const setting> all_settings() { return table; }

const setting* find_setting(std::string_view key) {
    const auto found = std::ranges::find(table, key, &setting::key);
    return found == std::end(table) ? nullptr : &*found;
}

std::optional<std::chrono::milliseconds> duration_of(const std::string& text) {
    const auto read = as_milliseconds(text);
    return read ? std::optional(std::chrono::milliseconds(*read)) : std::nullopt;
}

std::string variable_of(std::string_view key) {
    std::string name = "CAPSTAN_";
    for (const char c : key) {
        if (c == '.')
            name += "__";
        else
            name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return name;
}

} // namespace capstan::server
