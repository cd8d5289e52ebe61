#include "server/stored_device.hpp"

#include "server/data_folder.hpp"
#include "store/store.hpp"

namespace capstan::server {

std::expected<std::optional<store::device>, std::string> read_stored_device(const std::filesystem::path& folder, const std::string& id) {
    // A folder without a hub would become one.
    if (auto hub = read_hub_file(hub_file_in(folder)); !hub)
        return std::unexpected(std::move(hub.error()));
    const auto locked = data_folder::open(folder, {}, system_wall_clock().now());
    if (!locked)
        return std::unexpected(locked.error());
    auto found = store::read_rocksdb_device({locked->path(), locked->hub().partitions}, id);
    if (!found)
        return std::unexpected(std::move(found.error().text));
    return *std::move(found);
}

} // namespace capstan::server
