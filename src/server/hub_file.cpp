#include "server/hub_file.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "auth/base64.hpp"
#include "server/files.hpp"

namespace capstan::server {
namespace {

namespace json = boost::json;

/// Of hub.json. A reader that does not know the number must not guess.
constexpr std::int64_t format_version = 1;

[[noreturn]] void refuse(const std::string& why) { throw std::runtime_error(why); }

std::string text_at(const json::value& object, const char* name) {
    std::string text(object.at(name).as_string());
    if (text.empty())
        refuse(fmt::format("'{}' is empty", name));
    return text;
}

std::string key_at(const json::value& object, const char* name) {
    std::string key = text_at(object, name);
    const auto decoded = auth::from_base64(key);
    if (!decoded || decoded->size() < 16 || decoded->size() > 64) // contract/rest.md, section 3: keys
        refuse(fmt::format("'{}' is not the base64 text of 16 to 64 bytes", name));
    return key;
}

auth::access_policy policy_of(const json::value& object) {
    auth::access_policy policy{text_at(object, "name"), key_at(object, "primary_key"), key_at(object, "secondary_key"),
                               auth::rights_from_text(text_at(object, "rights"))};
    if (policy.granted == auth::rights::none)
        refuse(fmt::format("the rights of policy '{}' are unknown", policy.name));
    return policy;
}

hub_file hub_of(const json::value& object) {
    if (object.at("version").to_number<std::int64_t>() != format_version)
        refuse("it is of a version that this program does not know");
    hub_file hub;
    hub.hub_id = text_at(object, "hub_id");
    hub.created = wall_time(std::chrono::milliseconds(object.at("created").to_number<std::int64_t>()));
    hub.partitions = object.at("partitions").to_number<store::partition_id>();
    hub.event_hub = text_at(object, "event_hub");
    if (hub.partitions == 0)
        refuse("'partitions' is 0");
    std::vector<auth::access_policy> policies;
    for (const json::value& policy : object.at("policies").as_array())
        policies.push_back(policy_of(policy));
    hub.policies = auth::policy_set(std::move(policies));
    if (const auto* groups = object.as_object().if_contains("consumer_groups")) // there were none once
        hub.consumer_groups = json::value_to<std::vector<std::string>>(*groups);
    return hub;
}

} // namespace

std::string to_json(const hub_file& value) {
    json::array policies;
    for (const auth::access_policy& policy : value.policies.all())
        policies.push_back(json::object{{"name", policy.name},
                                        {"rights", auth::to_text(policy.granted)},
                                        {"primary_key", policy.primary_key},
                                        {"secondary_key", policy.secondary_key}});
    const json::object object = {
        {"version", format_version},
        {"hub_id", value.hub_id},
        {"created", value.created.time_since_epoch().count()},
        {"partitions", value.partitions},
        {"event_hub", value.event_hub},
        {"policies", std::move(policies)},
        {"consumer_groups", json::value_from(value.consumer_groups)},
    };
    return json::serialize(object) + "\n";
}

std::expected<hub_file, std::string> read_hub_file(const std::filesystem::path& file) {
    const auto content = read_whole_file(file);
    if (!content)
        return std::unexpected(content.error());
    try {
        return hub_of(json::parse(*content));
    } catch (const std::exception& error) {
        return std::unexpected(fmt::format("{} is corrupt: {}", file.string(), error.what()));
    }
}

std::expected<void, std::string> write_hub_file(const std::filesystem::path& file, const hub_file& value) {
    return write_whole_file(file, to_json(value), 0600);
}

} // namespace capstan::server
