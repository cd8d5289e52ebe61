#pragma once
#include <expected>
#include <filesystem>
#include <memory>
#include <string>

namespace capstan::hub {

/// Where a job reads and writes, by the names of blobs. May block; for one thread. Errors are for who asked for the job.
class blob_container {
public:
    virtual ~blob_container() = default;

    /// As it may be shown: what gives access to it is left out.
    virtual std::string name() const = 0;
    /// A file with the blob's content, as long as the container lives.
    virtual std::expected<std::filesystem::path, std::string> fetch(const std::string& blob) = 0;
    /// A file to write a blob's content to; publish() makes the blob of it.
    virtual std::expected<std::filesystem::path, std::string> prepare(const std::string& blob) = 0;
    virtual std::expected<void, std::string> publish(const std::string& blob) = 0;
};

} // namespace capstan::hub
