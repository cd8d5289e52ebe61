#include "server/data_folder.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/random.hpp"
#include "server/files.hpp"
#include "server/host_name.hpp"

namespace capstan::server {
namespace {

namespace fs = std::filesystem;
using done = std::expected<void, std::string>;

constexpr store::partition_id default_partitions = 4;

/// All that a hub puts into its folder. The store knows the same names, without those of half-written files, which open() removes.
constexpr std::array<std::string_view, 9> known_names = {"jobs", "lock",  "hub.json", "endpoints.json", "authorities.json",
                                                         "tls",  "store", "CAPSTAN",  "event-hubs"};
constexpr std::array<std::string_view, 3> half_written = {"hub.json.tmp", "endpoints.json.tmp", "authorities.json.tmp"};

bool is_known(std::string_view name) {
    return std::ranges::find(known_names, name) != known_names.end() || std::ranges::find(half_written, name) != half_written.end();
}

done make_folder(const fs::path& folder) {
    std::error_code error;
    if (fs::is_directory(folder, error))
        return {};
    if (fs::exists(folder, error))
        return std::unexpected(fmt::format("the data folder {} is not a folder", folder.string()));
    fs::create_directories(folder, error);
    if (error)
        return std::unexpected(fmt::format("cannot make the data folder {}: {}", folder.string(), error.message()));
    ::chmod(folder.c_str(), 0755); // the CA and endpoints.json are for everybody; each secret is in a file of its own that is not
    return {};
}

/// Nobody's files but a hub's may be in the folder: a hub that is pointed at a home folder by mistake must not settle there.
done check_not_foreign(const fs::path& folder) {
    std::error_code error;
    if (fs::exists(folder / "CAPSTAN", error))
        return {};
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (!is_known(name) && name != "lost+found") // which a disk of its own has
            return std::unexpected(fmt::format("the folder {} is not a hub's data folder: it holds '{}'; give an empty or a new folder",
                                               folder.string(), name));
    }
    if (error)
        return std::unexpected(fmt::format("cannot read the data folder {}: {}", folder.string(), error.message()));
    return {};
}

std::string holder_of(int lock) {
    std::array<char, 32> text{};
    const ssize_t size = ::pread(lock, text.data(), text.size(), 0);
    const std::string_view line(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    const std::string_view digits = line.substr(0, line.find_first_not_of("0123456789"));
    return digits.empty() ? "another hub" : fmt::format("another hub (process {})", digits);
}

/// The descriptor of the locked file. The kernel releases the lock when the process ends, however it ends.
std::expected<int, std::string> take_lock(const fs::path& folder) {
    const fs::path file = folder / "lock";
    const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return std::unexpected(fmt::format("cannot open {}: {}", file.string(), std::strerror(errno)));
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        const std::string why =
            errno == EWOULDBLOCK ? "is in use by " + holder_of(lock) : fmt::format("cannot be locked: {}", std::strerror(errno));
        ::close(lock);
        return std::unexpected(fmt::format("the data folder {} {}", folder.string(), why));
    }
    const std::string pid = fmt::format("{}\n", ::getpid());
    if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        const std::string why = std::strerror(errno);
        ::close(lock);
        return std::unexpected(fmt::format("cannot write {}: {}", file.string(), why));
    }
    return lock;
}

/// Of a hub that was killed.
void remove_leftovers(const fs::path& folder) {
    std::error_code ignored;
    fs::remove(endpoints_file_in(folder), ignored);
    for (const std::string_view name : half_written)
        fs::remove(folder / name, ignored);
}

done check_wishes(const fs::path& folder, const hub_file& hub, const hub_wishes& wishes) {
    if (wishes.partitions && *wishes.partitions != hub.partitions)
        return std::unexpected(fmt::format("hub.partitions is {}, but the data folder {} was made with {}, which cannot be changed",
                                           *wishes.partitions, folder.string(), hub.partitions));
    if (wishes.event_hub && *wishes.event_hub != hub.event_hub)
        return std::unexpected(fmt::format("hub.event_hub is '{}', but the data folder {} was made with '{}', which cannot be changed",
                                           *wishes.event_hub, folder.string(), hub.event_hub));
    return {};
}

} // namespace

fs::path hub_file_in(const fs::path& folder) { return folder / "hub.json"; }
fs::path authorities_file_in(const fs::path& folder) { return folder / "authorities.json"; }
fs::path endpoints_file_in(const fs::path& folder) { return folder / "endpoints.json"; }
fs::path tls_folder_in(const fs::path& folder) { return folder / "tls"; }

std::expected<data_folder, std::string> data_folder::open(const fs::path& folder, const hub_wishes& wishes, wall_time now) {
    const fs::path absolute = fs::absolute(folder).lexically_normal();
    if (auto made = make_folder(absolute); !made)
        return std::unexpected(made.error());
    if (auto checked = check_not_foreign(absolute); !checked)
        return std::unexpected(checked.error());
    const auto lock = take_lock(absolute);
    if (!lock)
        return std::unexpected(lock.error());
    ::umask(0077); // the store's files hold devices' keys
    data_folder opened(absolute, *lock);
    remove_leftovers(absolute);
    if (auto loaded = opened.load_or_make(wishes, now); !loaded)
        return std::unexpected(loaded.error());
    return opened;
}

done data_folder::load_or_make(const hub_wishes& wishes, wall_time now) {
    std::error_code error;
    const fs::path file = hub_file_in(path_);
    if (!fs::exists(file, error)) {
        if (fs::exists(path_ / "store", error))
            return std::unexpected(
                fmt::format("{} is missing, but {} has a store; the file holds the hub's keys: bring it back from a backup", file.string(),
                            path_.string()));
        return make(wishes, now);
    }
    auto read = read_hub_file(file);
    if (!read)
        return std::unexpected(read.error());
    hub_ = *std::move(read);
    return check_wishes(path_, hub_, wishes);
}

done data_folder::make(const hub_wishes& wishes, wall_time now) {
    hub_.hub_id = auth::random_uuid();
    hub_.created = now;
    hub_.partitions = wishes.partitions.value_or(default_partitions);
    hub_.event_hub = wishes.event_hub.value_or(hub_name_of(wishes.first_hostname));
    hub_.policies = auth::policy_set::built_in();
    return write_hub_file(hub_file_in(path_), hub_);
}

data_folder::data_folder(data_folder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)), hub_(std::move(other.hub_)) {}

data_folder::~data_folder() {
    if (lock_ < 0)
        return;
    std::error_code ignored;
    fs::remove(endpoints_file_in(path_), ignored);
    ::close(lock_);
}

done data_folder::keep_consumer_groups(const std::vector<std::string>& names) {
    auto next = hub_;
    next.consumer_groups = names;
    if (auto written = write_hub_file(hub_file_in(path_), next); !written)
        return written;
    hub_.consumer_groups = names;
    return {};
}

done data_folder::publish(const endpoints& value) { return write_endpoints(endpoints_file_in(path_), value); }

} // namespace capstan::server
