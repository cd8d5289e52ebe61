#include "server/forward/file_sink.hpp"

#include <cerrno>
#include <system_error>

#include <boost/json/serialize.hpp>
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "hub/routing/document.hpp"

namespace capstan::server {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path) { throw std::system_error(errno, std::generic_category(), path.string()); }

fs::path part_of(const fs::path& finished) { return finished.string() + ".part"; }

void sync_folder(const fs::path& folder) {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        fail(folder);
    const int synced = ::fsync(descriptor);
    ::close(descriptor);
    if (synced != 0)
        fail(folder);
}

void write_all(int descriptor, std::string_view text, const fs::path& path) {
    while (!text.empty()) {
        const auto written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno != EINTR)
            fail(path);
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
}

} // namespace

file_sink::~file_sink() {
    for (const auto& [partition, file] : files_)
        if (file.descriptor >= 0)
            ::close(file.descriptor);
}

sink::delivered file_sink::deliver(store::partition_id partition, std::span<const store::event_view> events, wall_time now) {
    auto& file = files_[partition];
    try {
        if (!file.path.empty() && full(file, now))
            finish(file);
        if (file.path.empty())
            open(file, partition, events.front().sequence, now);
        else if (file.descriptor < 0)
            reopen(file);
        std::string lines;
        for (const auto& each : events)
            lines += boost::json::serialize(hub::routing::document_of(each)) + '\n';
        write_all(file.descriptor, lines, file.path);
        if (::fdatasync(file.descriptor) != 0)
            fail(file.path);
        file.size += lines.size();
        return {events.size()};
    } catch (const std::system_error& error) {
        if (file.descriptor >= 0)
            ::close(std::exchange(file.descriptor, -1)); // what it got is cut off when it is opened again
        return {0, error.what()};
    }
}

void file_sink::idle(store::partition_id partition, wall_time now) {
    const auto found = files_.find(partition);
    if (found == files_.end() || found->second.path.empty() || !full(found->second, now))
        return;
    try {
        finish(found->second);
    } catch (const std::system_error& error) {
        spdlog::warn("endpoint={} cannot finish a file: {}", rules_.name, error.what());
    }
}

bool file_sink::full(const growing& file, wall_time now) const {
    return file.size >= rules_.rotate_size || now - file.opened >= rules_.rotate_time;
}

void file_sink::open(growing& file, store::partition_id partition, store::sequence_number first, wall_time now) {
    const auto folder = rules_.folder / std::to_string(partition);
    fs::create_directories(folder);
    const auto time = fmt::gmtime(std::chrono::floor<std::chrono::seconds>(now));
    file = {folder / fmt::format("{:%Y-%m-%dT%H-%M-%S}-{}.jsonl", time, first), -1, 0, now};
    reopen(file);
    sync_folder(folder);
}

void file_sink::reopen(growing& file) {
    const auto path = part_of(file.path);
    file.descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (file.descriptor < 0 || ::ftruncate(file.descriptor, static_cast<off_t>(file.size)) != 0)
        fail(path);
}

/// Whoever waits for finished files sees it appear with all that it will ever hold.
void file_sink::finish(growing& file) {
    if (file.descriptor < 0)
        reopen(file);
    if (::rename(part_of(file.path).c_str(), file.path.c_str()) != 0)
        fail(file.path);
    sync_folder(file.path.parent_path());
    ::close(file.descriptor);
    file = {};
}

boost::json::value file_sink::state(store::partition_id partition) const {
    const auto found = files_.find(partition);
    if (found == files_.end() || found->second.path.empty())
        return nullptr;
    const auto& file = found->second;
    return {{"file", file.path.string()}, {"size", file.size}, {"opened", file.opened.time_since_epoch().count()}};
}

/// A file that has been finished since is whole: it was only renamed after all of it was kept.
void file_sink::resume(store::partition_id partition, const boost::json::value& state) {
    if (!state.is_object())
        return;
    growing file;
    file.path = std::string(state.at("file").as_string());
    file.size = state.at("size").to_number<std::uint64_t>();
    file.opened = wall_time(wall_time::duration(state.at("opened").to_number<std::int64_t>()));
    if (fs::exists(part_of(file.path)))
        files_[partition] = file;
}

} // namespace capstan::server
