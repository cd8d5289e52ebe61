#include "server/endpoints.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "server/files.hpp"

namespace capstan::server {
namespace {

namespace json = boost::json;

endpoints endpoints_of(const json::value& parsed) {
    endpoints value;
    value.hostnames = json::value_to<std::vector<std::string>>(parsed.at("hostnames"));
    value.amqps_port = parsed.at("amqps_port").to_number<std::uint16_t>();
    value.https_port = parsed.at("https_port").to_number<std::uint16_t>();
    if (const auto* plain = parsed.as_object().if_contains("amqp_port"))
        value.amqp_port = plain->to_number<std::uint16_t>();
    value.data_folder = std::string(parsed.at("data_folder").as_string());
    value.ca = std::string(parsed.at("ca_path").as_string());
    value.pid = parsed.at("pid").to_number<std::int64_t>();
    value.bind = std::string(parsed.at("bind").as_string());
    return value;
}

} // namespace

std::string to_json(const endpoints& value) {
    json::object object = {
        {"hostnames", json::value_from(value.hostnames)},
        {"amqps_port", value.amqps_port},
        {"https_port", value.https_port},
        {"data_folder", value.data_folder.string()},
        {"ca_path", value.ca.string()},
        {"pid", value.pid},
        {"bind", value.bind},
    };
    if (value.amqp_port)
        object["amqp_port"] = *value.amqp_port;
    return json::serialize(object) + "\n";
}

std::expected<void, std::string> write_endpoints(const std::filesystem::path& file, const endpoints& value) {
    return write_whole_file(file, to_json(value), 0644); // holds no secret
}

std::expected<endpoints, std::string> read_endpoints(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored))
        return std::unexpected(fmt::format("no hub is running: there is no {}", file.string()));
    const auto content = read_whole_file(file);
    if (!content)
        return std::unexpected(content.error());
    try {
        endpoints value = endpoints_of(json::parse(*content));
        if (value.hostnames.empty())
            return std::unexpected(fmt::format("{} is corrupt: it names no host", file.string()));
        return value;
    } catch (const std::exception& error) {
        return std::unexpected(fmt::format("{} is corrupt: {}", file.string(), error.what()));
    }
}

} // namespace capstan::server
