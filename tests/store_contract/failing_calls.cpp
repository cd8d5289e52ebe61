// A program's own functions come before those of its libraries: LMDB writes by these.

#include "failing_calls.hpp"

#include <array>
#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace capstan::test {
namespace {

std::atomic<disk> state_of_events = disk::good;
std::atomic<int> failure_of_folders = 0, failure_of_first_pages = 0;

bool is_of_events(int file) {
    std::array<char, 4096> name{};
    const auto size = ::readlink(("/proc/self/fd/" + std::to_string(file)).c_str(), name.data(), name.size());
    return size > 0 && std::string_view(name.data(), static_cast<std::size_t>(size)).find("/events") != std::string_view::npos;
}

/// LMDB writes these by a file of their own, each synced by itself.
bool is_for_first_pages(int file) { return (::fcntl(file, F_GETFL) & O_DSYNC) != 0; }

/// The error with which writing is to fail now; 0: none.
int failure_of_write(int file) {
    if (failure_of_first_pages != 0 && is_of_events(file) && is_for_first_pages(file))
        return failure_of_first_pages;
    return state_of_events == disk::full && is_of_events(file) ? ENOSPC : 0;
}

int failure_of_sync(int file) {
    const disk state = state_of_events;
    if (state == disk::good || !is_of_events(file))
        return 0;
    return state == disk::broken_when_synced ? EIO : ENOSPC;
}

template<class Call> auto unless(int failure, Call call) -> decltype(call()) {
    if (failure == 0)
        return call();
    errno = failure;
    return -1;
}

} // namespace

void disk_of_events_becomes(disk state) { state_of_events = state; }
void syncs_of_the_folder_fail(int with) { failure_of_folders = with; }
void writes_of_the_page_that_leads_to_the_others_fail(int with) { failure_of_first_pages = with; }
int failure_of_folder(int file) { return failure_of_folders != 0 && is_of_events(file) ? failure_of_folders.load() : 0; }

} // namespace capstan::test

extern "C" {

[[gnu::visibility("default")]] ssize_t pwrite(int file, const void* data, std::size_t size, off_t at) {
    return capstan::test::unless(capstan::test::failure_of_write(file), [&] { return ::syscall(SYS_pwrite64, file, data, size, at); });
}

[[gnu::visibility("default")]] ssize_t writev(int file, const iovec* pieces, int count) {
    return capstan::test::unless(capstan::test::failure_of_write(file), [&] { return ::syscall(SYS_writev, file, pieces, count); });
}

[[gnu::visibility("default")]] int fdatasync(int file) {
    return capstan::test::unless(capstan::test::failure_of_sync(file), [&] { return static_cast<int>(::syscall(SYS_fdatasync, file)); });
}

[[gnu::visibility("default")]] int fsync(int file) {
    return capstan::test::unless(capstan::test::failure_of_folder(file), [&] { return static_cast<int>(::syscall(SYS_fsync, file)); });
}

} // extern "C"
