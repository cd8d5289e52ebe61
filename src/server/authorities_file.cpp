#include "server/authorities_file.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "server/files.hpp"

namespace capstan::server {
namespace {

namespace json = boost::json;

constexpr std::int64_t format_version = 1; ///< a reader that does not know the number must not guess

std::string text_at(const json::object& from, std::string_view name) { return std::string(from.at(name).as_string()); }
wall_time time_at(const json::object& from, std::string_view name) {
    return wall_time(std::chrono::milliseconds(from.at(name).to_number<std::int64_t>()));
}

hub::authority authority_of(const json::value& value) {
    const auto& from = value.as_object();
    return {.name = text_at(from, "name"),
            .pem = text_at(from, "certificate"),
            .etag = text_at(from, "etag"),
            .verified = from.at("verified").as_bool(),
            .code = text_at(from, "code"),
            .created = time_at(from, "created"),
            .updated = time_at(from, "updated")};
}

} // namespace

std::expected<std::vector<hub::authority>, std::string> read_authorities(const std::filesystem::path& file) {
    std::error_code ignored;
    std::vector<hub::authority> all;
    if (!std::filesystem::exists(file, ignored))
        return all;
    const auto content = read_whole_file(file);
    if (!content)
        return std::unexpected(content.error());
    try {
        const auto read = json::parse(*content);
        if (read.at("version").to_number<std::int64_t>() != format_version)
            throw std::runtime_error("it is of a version that this program does not know");
        for (const auto& each : read.at("certificates").as_array())
            all.push_back(authority_of(each));
        return all;
    } catch (const std::exception& error) {
        return std::unexpected(fmt::format("{} is corrupt: {}", file.string(), error.what()));
    }
}

std::expected<void, std::string> write_authorities(const std::filesystem::path& file, const std::vector<hub::authority>& all) {
    json::array certificates;
    for (const auto& each : all)
        certificates.push_back(json::object{{"name", each.name},
                                            {"certificate", each.pem},
                                            {"etag", each.etag},
                                            {"verified", each.verified},
                                            {"code", each.code},
                                            {"created", each.created.time_since_epoch().count()},
                                            {"updated", each.updated.time_since_epoch().count()}});
    const json::object content{{"version", format_version}, {"certificates", std::move(certificates)}};
    return write_whole_file(file, json::serialize(content) + "\n", 0600);
}

} // namespace capstan::server
