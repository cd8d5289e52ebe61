#include "server/files.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace capstan::server {
namespace {

std::unexpected<std::string> system_error(std::string_view doing, const std::filesystem::path& file, int number) {
    return std::unexpected(fmt::format("cannot {} {}: {}", doing, file.string(), std::strerror(number)));
}

/// Zero, or errno.
int write_all(int descriptor, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(descriptor, content.data(), content.size());
        if (written < 0 && errno != EINTR)
            return errno;
        content.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
    return ::fsync(descriptor) == 0 ? 0 : errno;
}

void sync_folder_of(const std::filesystem::path& file) {
    const int folder = ::open(file.has_parent_path() ? file.parent_path().c_str() : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return;
    ::fsync(folder);
    ::close(folder);
}

} // namespace

std::expected<void, std::string> write_whole_file(const std::filesystem::path& file, std::string_view content, unsigned mode) {
    const std::filesystem::path temporary = file.string() + ".tmp";
    ::unlink(temporary.c_str()); // of an earlier try, perhaps with other permissions
    const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return system_error("write", file, errno);
    const int failed = ::fchmod(descriptor, mode) == 0 ? write_all(descriptor, content) : errno; // open() heeds the umask
    ::close(descriptor);
    if (failed != 0 || ::rename(temporary.c_str(), file.c_str()) != 0) {
        const int number = failed != 0 ? failed : errno;
        ::unlink(temporary.c_str());
        return system_error("write", file, number);
    }
    sync_folder_of(file);
    return {};
}

std::expected<std::string, std::string> read_whole_file(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (error)
        return std::unexpected(fmt::format("cannot read {}: {}", file.string(), error.message()));
    if (size > max_file_size)
        return std::unexpected(fmt::format("{} has {} bytes, which is too large for what it should be", file.string(), size));
    std::ifstream stream(file, std::ios::binary);
    std::string content(static_cast<std::size_t>(size), '\0');
    if (!stream || !stream.read(content.data(), static_cast<std::streamsize>(size)))
        return system_error("read", file, errno);
    return content;
}

} // namespace capstan::server
