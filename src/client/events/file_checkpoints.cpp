// One file for each partition, {partition}.json: what is done and who reads it. docs/clients.md shows one.

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include <boost/json.hpp>

#include <capstan/checkpoint_store.hpp>
#include <capstan/error.hpp>

namespace capstan {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& what, std::string_view why) {
    throw client_error(errc::invalid_argument, what.string() + ": " + std::string(why));
}

/// Held while a partition's file is read, compared and written anew.
class folder_lock {
public:
    explicit folder_lock(const fs::path& folder) : file_(::open((folder / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        if (file_ < 0 || ::flock(file_, LOCK_EX) != 0)
            fail(folder, "cannot be locked");
    }
    ~folder_lock() { ::close(file_); }
    folder_lock(const folder_lock&) = delete;
    folder_lock& operator=(const folder_lock&) = delete;

private:
    int file_;
};

struct entry {
    checkpoint done; ///< without an offset: there is none
    std::optional<ownership> held;

    bool has_checkpoint() const { return done.sequence_number >= 0 || !done.offset.empty(); }
};

std::string text(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    return found && found->is_string() ? std::string(found->as_string()) : std::string();
}

std::int64_t number(const json::object& from, std::string_view name, std::int64_t otherwise) {
    const auto* found = from.if_contains(name);
    return found && found->is_int64() ? found->as_int64() : otherwise;
}

class file_checkpoint_store final : public checkpoint_store {
public:
    explicit file_checkpoint_store(fs::path folder) : folder_(std::move(folder)) {
        std::error_code error;
        fs::create_directories(folder_, error);
        if (error)
            fail(folder_, error.message());
    }

    std::vector<checkpoint> checkpoints() override {
        std::vector<checkpoint> found;
        for (auto& each : read_all())
            if (each.has_checkpoint())
                found.push_back(std::move(each.done));
        return found;
    }
    std::vector<ownership> ownerships() override {
        std::vector<ownership> found;
        for (auto& each : read_all())
            if (each.held)
                found.push_back(*std::move(each.held));
        return found;
    }
    void save(const checkpoint& done, const std::optional<ownership>& by) override {
        const folder_lock lock(folder_);
        auto present = read(file_of(done.partition));
        if (by && !(present.held && present.held->owner == by->owner && present.held->level == by->level))
            throw client_error(errc::stolen, "another reader has partition " + done.partition);
        present.done = done;
        write(present);
    }
    bool claim(const ownership& claim, const std::optional<ownership>& seen) override {
        const folder_lock lock(folder_);
        auto present = read(file_of(claim.partition));
        const bool same = present.held.has_value() == seen.has_value() &&
                          (!seen || (present.held->owner == seen->owner && present.held->level == seen->level));
        if (!same)
            return false;
        present.done.partition = claim.partition;
        present.held = claim;
        write(present);
        return true;
    }

private:
    fs::path file_of(const std::string& partition) const {
        if (partition.empty() || partition.find_first_of("/.") != partition.npos) // it becomes a file's name
            fail(folder_, "'" + partition + "' cannot be a partition");
        return folder_ / (partition + ".json");
    }

    std::vector<entry> read_all() const {
        std::vector<entry> found;
        for (const auto& each : fs::directory_iterator(folder_))
            if (each.path().extension() == ".json")
                found.push_back(read(each.path()));
        return found;
    }

    static entry read(const fs::path& file) {
        entry found;
        found.done.partition = file.stem().string();
        std::ifstream in(file);
        if (!in)
            return found;
        const std::string content((std::istreambuf_iterator<char>(in)), {});
        boost::system::error_code error;
        const auto parsed = json::parse(content, error);
        if (error || !parsed.is_object())
            fail(file, "is not a checkpoint: " + error.message());
        const auto& fields = parsed.as_object();
        found.done.sequence_number = number(fields, "sequenceNumber", -1);
        found.done.offset = text(fields, "offset");
        if (fields.contains("owner")) {
            found.held.emplace();
            found.held->partition = found.done.partition;
            found.held->owner = text(fields, "owner");
            found.held->level = number(fields, "ownerLevel", 0);
            found.held->renewed = std::chrono::system_clock::time_point(std::chrono::milliseconds(number(fields, "renewed", 0)));
        }
        return found;
    }

    void write(const entry& what) const {
        json::object fields{{"sequenceNumber", what.done.sequence_number}, {"offset", what.done.offset}};
        if (what.held) {
            fields["owner"] = what.held->owner;
            fields["ownerLevel"] = what.held->level;
            fields["renewed"] = std::chrono::floor<std::chrono::milliseconds>(what.held->renewed.time_since_epoch()).count();
        }
        const auto file = file_of(what.done.partition);
        auto fresh = file;
        fresh += ".new";
        write_durably(fresh, json::serialize(fields) + "\n");
        std::error_code error;
        fs::rename(fresh, file, error);
        if (error)
            fail(file, error.message());
    }

    /// On disk before it is renamed: a power cut leaves the old checkpoint or the new one.
    static void write_durably(const fs::path& file, const std::string& content) {
        const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        const bool written =
            out >= 0 && ::write(out, content.data(), content.size()) == static_cast<ssize_t>(content.size()) && ::fdatasync(out) == 0;
        if (out >= 0)
            ::close(out);
        if (!written)
            fail(file, "cannot be written");
    }

    fs::path folder_;
};

} // namespace

std::shared_ptr<checkpoint_store> open_file_checkpoints(std::filesystem::path folder) {
    return std::make_shared<file_checkpoint_store>(std::move(folder));
}

} // namespace capstan
