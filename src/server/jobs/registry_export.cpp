#include <fstream>

#include <boost/json/serialize.hpp>

#include "hub/registry/bulk.hpp"
#include "hub/registry/device_json.hpp"
#include "server/jobs/registry_transfer.hpp"

namespace capstan::server {
namespace {

constexpr std::size_t at_once = 200;

void write(std::ofstream& to, const boost::json::object& shown, bool with_keys) {
    to << boost::json::serialize(hub::export_line(shown, with_keys)) << "\r\n";
}

} // namespace

std::string export_devices(hub::registry& from, const std::filesystem::path& into, bool with_keys, const progress_report& report) {
    std::ofstream file(into, std::ios::binary | std::ios::trunc);
    std::string after;
    for (std::size_t done = 0; file;) {
        const auto devices = from.list(at_once, after);
        for (const auto& each : devices) {
            write(file, hub::to_json(each, {}), with_keys);
            for (const auto& module : from.list_modules(each.id))
                write(file, hub::module_to_json(module, {}), with_keys);
            after = each.id;
        }
        done += devices.size();
        const auto total = std::max<std::size_t>(from.count().total, 1);
        if (!report(static_cast<unsigned>(std::min<std::size_t>(done * 100 / total, 99))))
            return {};
        if (devices.size() < at_once)
            break;
    }
    return file.flush() ? std::string() : "the export cannot be written: is the disk full?";
}

} // namespace capstan::server
