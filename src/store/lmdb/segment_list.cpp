#include "store/lmdb/segment_list.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "store/lmdb/segment_ends.hpp"
#include "store/reply.hpp"

namespace capstan::store::lmdb {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t mib = 1024 * 1024;

// So many segments fill the disk: what has been forgotten of one keeps its place until all of it is, and each takes an open file. There are
// more only where the disk is larger than they may be, for each is mapped.
constexpr std::size_t segments_wanted = 64;
constexpr std::uintmax_t size_least = 64 * mib, size_most = 64 * 1024 * mib;

std::size_t size_of_a_segment(const fs::path& folder) {
    std::error_code unknown;
    const auto space = fs::space(folder, unknown);
    return std::clamp(unknown ? 0 : space.capacity / segments_wanted / mib * mib, size_least, size_most);
}

/// False when it is still there.
bool remove_files(const fs::path& file) {
    std::error_code error;
    fs::remove(lock_beside(file), error);
    fs::remove(file, error);
    return !error;
}

fs::path file_of(const fs::path& folder, std::uint64_t number) { return folder / fmt::format("{:08}", number); }

/// In the order of their numbers. What was being made when the hub ended goes.
outcome<std::map<std::uint64_t, fs::path>> files_in(const fs::path& folder) {
    std::map<std::uint64_t, fs::path> found;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        const std::string name = at->path().filename();
        std::uint64_t number = 0;
        const auto [rest, bad] = std::from_chars(name.data(), name.data() + name.size(), number);
        if (bad == std::errc() && rest == name.data() + name.size())
            found.emplace(number, at->path());
        else if (name.ends_with(".new") || name.ends_with(".new-lock"))
            remove_files(at->path());
    }
    if (error && error != std::errc::no_such_file_or_directory)
        return fail(errc::failed, fmt::format("cannot read {}: {}", folder.native(), error.message()));
    return found;
}

} // namespace

outcome<std::unique_ptr<segment_list>> segment_list::open(const place& where) {
    std::error_code error;
    if (where.make)
        fs::create_directories(where.folder, error);
    if (error)
        return fail(errc::failed, fmt::format("cannot make {}: {}", where.folder.native(), error.message()));
    const std::size_t size_max = where.size_max ? where.size_max : size_of_a_segment(where.folder);
    std::unique_ptr<segment_list> opened(new segment_list(where.folder, where.partitions, size_max));
    outcome<void> done = opened->open_all();
    if (done && opened->segments_.empty() && !where.make)
        return fail(errc::failed, fmt::format("the events are missing: there are none of their files in {}", where.folder.native()));
    if (done && opened->segments_.empty())
        done = opened->add(std::vector<partition_state>(where.partitions));
    if (!done)
        return std::unexpected(done.error());
    return opened;
}

outcome<void> segment_list::open_all() {
    const auto files = files_in(folder_);
    if (!files)
        return std::unexpected(files.error());
    for (const auto& [number, file] : *files) {
        const bool is_newest = number == files->rbegin()->first;
        auto opened = segment::open(file, partitions_, is_newest ? environment::access::write : environment::access::read);
        if (!opened)
            return std::unexpected(opened.error());
        if (last_number_ != 0 && number != last_number_ + 1)
            return fail(errc::corrupt, fmt::format("events are missing: {} is not what comes before {}",
                                                   file_of(folder_, number - 1).native(), file.native()));
        segments_.push_back(*std::move(opened));
        last_number_ = number;
        std::error_code ignored;
        if (!is_newest)
            fs::remove(lock_beside(file), ignored); // of one that was written to when the hub ended
    }
    return segments_.size() > 1 ? drop_one_that_came_to_nothing() : outcome<void>();
}

/// A newest one whose name was not durable when its making failed, so that the one before was written to again. It has nothing in it.
outcome<void> segment_list::drop_one_that_came_to_nothing() {
    const outcome<bool> untouched = segments_.back()->is_untouched();
    if (!untouched || !*untouched)
        return untouched ? outcome<void>() : std::unexpected(untouched.error());
    const auto before = ends_of(segments_[segments_.size() - 2]);
    const auto here = segments_.back()->states();
    if (!before || !here)
        return std::unexpected(before ? here.error() : before.error());
    bool is_behind = false;
    for (partition_id partition = 0; partition < partitions_; ++partition) {
        const partition_state &then = (*here)[partition], &now = (*before)[partition];
        if (then.next > now.next)
            return fail(errc::corrupt,
                        fmt::format("events of partition {} are missing before {}", partition, segments_.back()->file().native()));
        is_behind |= then.next < now.next || then.begin < now.begin;
    }
    if (!is_behind)
        return {};
    remove_files(segments_.back()->file());
    segments_.pop_back();
    --last_number_;
    auto again = segment::open(segments_.back()->file(), partitions_, environment::access::write);
    if (!again)
        return std::unexpected(again.error());
    segments_.back() = *std::move(again);
    return sync_folder(folder_);
}

std::shared_ptr<const segment> segment_list::newest() const {
    const std::lock_guard lock(mutex_);
    return segments_.back();
}

std::vector<std::shared_ptr<const segment>> segment_list::from(partition_id partition, sequence_number number) const {
    const std::lock_guard lock(mutex_);
    auto begin = segments_.begin();
    while (segments_.end() - begin > 1 && begin[1]->first(partition) <= number)
        ++begin;
    return {begin, segments_.end()};
}

outcome<void> segment_list::add(std::span<const partition_state> begin) {
    auto made = segment::make(file_of(folder_, last_number_ + 1), size_max_, begin);
    if (!made)
        return std::unexpected(made.error());
    ++last_number_;
    close_newest_to_writing(); // if it cannot be, it is read as it is, and takes an open file or two more
    const std::lock_guard lock(mutex_);
    segments_.push_back(*std::move(made));
    return {};
}

bool segment_list::close_newest_to_writing() {
    if (segments_.empty()) // which only this thread changes
        return true;
    auto to_read = segment::open(segments_.back()->file(), partitions_, environment::access::read);
    if (!to_read)
        return false;
    std::error_code ignored;
    fs::remove(lock_beside(segments_.back()->file()), ignored); // who holds it open does not need its name
    const std::lock_guard lock(mutex_);
    segments_.back() = *std::move(to_read);
    return true;
}

/// The oldest first, and each durably: a gap is a loss, and is told as one by the next start.
bool segment_list::remove_before(std::span<const partition_state> kept) {
    while (is_forgotten(kept)) {
        std::shared_ptr<const segment> oldest;
        {
            const std::lock_guard lock(mutex_);
            oldest = segments_.front();
        }
        if (!remove_files(oldest->file()) || !sync_folder(folder_))
            return false;
        const std::lock_guard lock(mutex_);
        segments_.erase(segments_.begin());
    }
    return true;
}

/// The oldest, and there is one behind it that begins with what is kept.
bool segment_list::is_forgotten(std::span<const partition_state> kept) const {
    const std::lock_guard lock(mutex_);
    if (segments_.size() < 2)
        return false;
    for (partition_id partition = 0; partition < kept.size(); ++partition)
        if (segments_[1]->first(partition) > kept[partition].begin)
            return false;
    return true;
}

} // namespace capstan::store::lmdb
