#pragma once
// The folder in which a hub lives:
//   lock            held by the running hub; holds its process id
//   hub.json        who the hub is, and its keys (hub_file.hpp)
//   authorities.json  CAs of devices that services have registered (authorities_file.hpp); absent when there are none
//   endpoints.json  where the running hub listens (endpoints.hpp); absent when it does not run
//   tls/            certificates (certificates.hpp)
//   store/, events/, CAPSTAN devices and messages (store/rocksdb, store/lmdb)
//   event-hubs/     one folder for each endpoint of the routes (endpoint_hubs.hpp)
//   jobs/           what import and export jobs read and write, if that is nowhere else (jobs/file_container.hpp)

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "server/endpoints.hpp"
#include "server/hub_file.hpp"

namespace capstan::server {

/// What the operator asks of a new folder. For a folder that exists, a value that is given must be what the folder has.
struct hub_wishes {
    std::optional<store::partition_id> partitions;
    std::optional<std::string> event_hub;
    std::string first_hostname;
};

std::filesystem::path hub_file_in(const std::filesystem::path& folder);
std::filesystem::path authorities_file_in(const std::filesystem::path& folder);
std::filesystem::path endpoints_file_in(const std::filesystem::path& folder);
std::filesystem::path tls_folder_in(const std::filesystem::path& folder);

/// The open folder of the one hub that may use it. Movable; the lock goes with it. Not thread-safe. From open() on, files that the
/// process makes are for its own user only.
class data_folder {
public:
    /// Makes the folder if it is not there. Refuses, before anything of it is changed: a folder with files that are not a hub's, one
    /// that another hub uses, one without hub.json but with a store, a hub.json that does not read, other wishes than at its making.
    static std::expected<data_folder, std::string> open(const std::filesystem::path& folder, const hub_wishes& wishes, wall_time now);

    ~data_folder();
    data_folder(data_folder&& other) noexcept;
    data_folder& operator=(data_folder&&) = delete;

    const std::filesystem::path& path() const { return path_; } ///< absolute
    const hub_file& hub() const { return hub_; }

    /// Called when the hub takes connections: writes endpoints.json, which goes away when the folder is closed.
    std::expected<void, std::string> publish(const endpoints& value);
    /// In hub.json, on disk. One call at a time; nobody else reads them meanwhile.
    std::expected<void, std::string> keep_consumer_groups(const std::vector<std::string>& names);

private:
    data_folder(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
    std::expected<void, std::string> load_or_make(const hub_wishes& wishes, wall_time now);
    std::expected<void, std::string> make(const hub_wishes& wishes, wall_time now);

    std::filesystem::path path_;
    int lock_; ///< file descriptor; -1 when moved from
    hub_file hub_;
};

} // namespace capstan::server
