#include "server/config.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <toml++/toml.h>
#include <unistd.h>

#include "server/routing_config.hpp"
#include "server/settings.hpp"

namespace capstan::server {
namespace {

using done = std::expected<void, std::string>;

done assign(config& into, std::string_view origin, std::string_view key, const raw_value& value) {
    const setting* known = find_setting(key);
    if (known == nullptr)
        return std::unexpected(fmt::format("{}: there is no setting '{}'", origin, key));
    if (auto assigned = known->assign(into, value); !assigned)
        return std::unexpected(fmt::format("{}: {} {}", origin, key, assigned.error()));
    return {};
}

// --- The file ----------------------------------------------------------------------------------------------------------------

/// None for what no setting takes: floats, dates, tables, mixed arrays.
std::optional<raw_value> raw_value_of(const toml::node& node) {
    if (const auto* text = node.as_string())
        return text->get();
    if (const auto* number = node.as_integer())
        return number->get();
    if (const auto* flag = node.as_boolean())
        return flag->get();
    const auto* array = node.as_array();
    if (array == nullptr || !(array->empty() || array->is_homogeneous<std::string>()))
        return std::nullopt;
    std::vector<std::string> list;
    for (const auto& element : *array)
        list.push_back(*element.value<std::string>());
    return list;
}

std::string place(const std::filesystem::path& file, const toml::source_region& source) {
    return fmt::format("{}:{}", file.string(), source.begin.line);
}

done apply_section(config& into, const std::filesystem::path& file, std::string_view section, const toml::table& entries) {
    for (const auto& [name, node] : entries) {
        const std::string origin = place(file, name.source());
        const std::string key = fmt::format("{}.{}", section, name.str());
        const std::optional<raw_value> value = raw_value_of(node);
        if (!value && find_setting(key) != nullptr)
            return std::unexpected(fmt::format("{}: {} has a value of a type that no setting takes", origin, key));
        if (auto assigned = assign(into, origin, key, value.value_or(false)); !assigned)
            return assigned;
    }
    return {};
}

done apply_file(config& into, const std::filesystem::path& file) {
    toml::table root;
    try {
        root = toml::parse_file(file.string());
    } catch (const toml::parse_error& error) {
        return std::unexpected(fmt::format("{}: {}", place(file, error.source()), error.description()));
    }
    for (const auto& [name, node] : root) {
        const toml::table* section = node.as_table();
        if (section == nullptr)
            return std::unexpected(fmt::format("{}: '{}' stands outside of a [section]", place(file, name.source()), name.str()));
        auto applied = name == "routing" ? apply_routing(into.routes, file, *section) : apply_section(into, file, name.str(), *section);
        if (!applied)
            return applied;
    }
    return {};
}

// --- The environment ---------------------------------------------------------------------------------------------------------

done apply_environment(config& into, const std::vector<std::pair<std::string, std::string>>& environment) {
    for (const auto& [name, value] : environment) {
        if (!name.starts_with("CAPSTAN_") || name.find("__") == std::string::npos)
            continue;
        const auto settings = all_settings();
        const auto named = std::ranges::find_if(settings, [&given = name](const setting& one) { return variable_of(one.key) == given; });
        if (named == settings.end())
            return std::unexpected(fmt::format("environment variable {}: there is no such setting", name));
        if (auto assigned = assign(into, "environment variable " + name, named->key, value); !assigned)
            return assigned;
    }
    return {};
}

// --- The flags ---------------------------------------------------------------------------------------------------------------

done apply_flags(config& into, const std::vector<flag_value>& flags) {
    for (const flag_value& given : flags) {
        const raw_value value = given.values.size() == 1 ? raw_value(given.values.front()) : raw_value(given.values);
        if (auto assigned = assign(into, given.flag, given.key, value); !assigned)
            return assigned;
    }
    return {};
}

done check(const config& value) {
    if (value.tls.certificate.has_value() != value.tls.key.has_value())
        return std::unexpected("tls.certificate and tls.key must be given together");
    if (value.tls.ca && !value.tls.certificate)
        return std::unexpected("tls.ca needs tls.certificate and tls.key");
    if (value.tls.more_certificates.size() != value.tls.more_keys.size())
        return std::unexpected("tls.more_certificates and tls.more_keys must name as many files, in the same order");
    if (auto routes = hub::routing::check(value.routes); !routes)
        return std::unexpected("routing: " + routes.error());
    return {};
}

} // namespace

std::expected<config, std::string> load_config(const config_sources& sources) {
    config loaded;
    if (sources.file)
        if (auto applied = apply_file(loaded, *sources.file); !applied)
            return std::unexpected(applied.error());
    if (auto applied = apply_environment(loaded, sources.environment); !applied)
        return std::unexpected(applied.error());
    if (auto applied = apply_flags(loaded, sources.flags); !applied)
        return std::unexpected(applied.error());
    if (auto checked = check(loaded); !checked)
        return std::unexpected(checked.error());
    return loaded;
}

std::vector<std::pair<std::string, std::string>> process_environment() {
    std::vector<std::pair<std::string, std::string>> variables;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos)
            variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    return variables;
}

} // namespace capstan::server
