#include "server/jobs/file_container.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "auth/percent.hpp"
#include "server/files.hpp"

namespace capstan::server {
namespace {

namespace fs = std::filesystem;
using wrong = std::unexpected<std::string>;

constexpr std::string_view scheme = "file://";

class file_container final : public hub::blob_container {
public:
    file_container(std::string name, fs::path folder) : name_(std::move(name)), folder_(std::move(folder)) {}
    ~file_container() override {
        std::error_code ignored;
        fs::remove(unfinished_, ignored);
    }

    std::string name() const override { return name_; }

    std::expected<fs::path, std::string> fetch(const std::string& blob) override {
        const auto file = folder_ / blob;
        std::error_code error;
        if (!fs::is_regular_file(fs::symlink_status(file, error)))
            return wrong(fmt::format("the container has no file '{}'", blob));
        return file;
    }

    std::expected<fs::path, std::string> prepare(const std::string& blob) override {
        unfinished_ = folder_ / ("." + blob + ".part");
        std::error_code error;
        fs::remove(unfinished_, error); // a link that somebody put there would be followed
        if (error)
            return wrong(fmt::format("the container's file '{}' cannot be written: {}", blob, error.message()));
        return unfinished_;
    }

    std::expected<void, std::string> publish(const std::string& blob) override {
        std::error_code error;
        fs::rename(unfinished_, folder_ / blob, error);
        if (error)
            return wrong(fmt::format("the container's file '{}' cannot be written: {}", blob, error.message()));
        return {};
    }

private:
    const std::string name_;
    const fs::path folder_;
    fs::path unfinished_;
};

/// Below the other, or the same.
bool is_within(const fs::path& path, const fs::path& folder) { return std::ranges::mismatch(folder, path).in1 == folder.end(); }

} // namespace

std::expected<std::unique_ptr<hub::blob_container>, std::string> open_file_container(const std::string& uri, const fs::path& jobs_folder) {
    std::error_code error;
    fs::create_directories(jobs_folder, error);
    const auto root = fs::canonical(jobs_folder, error);
    if (error)
        return wrong("the folder of jobs cannot be used");
    fs::path asked = uri.starts_with(scheme) ? fs::path(auth::percent_decode(std::string_view(uri).substr(scheme.size()))) : root / uri;
    if (asked.native().contains('\0') || std::ranges::find(asked, "..") != asked.end() ||
        (!uri.starts_with(scheme) && fs::path(uri).is_absolute()))
        return wrong("it must be a name, or file:///…, below the hub's folder of jobs");
    if (asked.filename().empty())
        asked = asked.parent_path(); // of a path that ends in a slash
    const auto folder = fs::weakly_canonical(asked, error); // links are followed, as far as there is something
    if (error || !folder.is_absolute() || !is_within(folder, root))
        return wrong("it must be a name, or file:///…, below the hub's folder of jobs");
    fs::create_directories(folder, error);
    if (error || !fs::is_directory(folder, error))
        return wrong("it is no folder, and cannot be made");
    return std::make_unique<file_container>(uri, folder);
}

} // namespace capstan::server
