#include "store/rocksdb/data_folder.hpp"

#include <algorithm>
#include <array>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "store/reply.hpp"
#include "store/rocksdb/database.hpp"

namespace capstan::store {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct marker {
    std::int64_t format;
    std::int64_t partitions;
    bool complete;
};

/// What other parts of the hub keep in the folder (server/data_folder.hpp), and what a mounted file system has of its own. They
/// may be there before the store is; so may what is left of their writing.
constexpr std::array other_rooms_files = {"lock", "hub.json", "endpoints.json", "tls", "event-hubs", "jobs", "lost+found"};

bool known_to_the_hub(const std::string& name) {
    return std::ranges::any_of(other_rooms_files,
                               [&](std::string_view known) {
                                   return name == known || name.starts_with(fmt::format("{}.", known)) ||
                                          name.starts_with(fmt::format(".{}.", known));
                               }) ||
           name == "CAPSTAN.new";
}

outcome<void> check_nothing_foreign(const fs::path& folder) {
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        const std::string name = at->path().filename();
        if (name == "store" || name == "events")
            return fail(errc::failed, fmt::format("{} holds a store but no file CAPSTAN, which says what it is; "
                                                  "restore that file, or use another folder",
                                                  folder.native()));
        if (!known_to_the_hub(name))
            return fail(errc::failed, fmt::format("{} is not empty and not a Capstan data folder: it holds '{}' and no file CAPSTAN",
                                                  folder.native(), name));
    }
    if (error)
        return fail(errc::failed, fmt::format("cannot read the data folder {}: {}", folder.native(), error.message()));
    return {};
}

outcome<marker> parse_marker(const fs::path& file, const std::string& text) {
    try {
        const json::object object = json::parse(text).as_object();
        return marker{object.at("format").to_number<std::int64_t>(), object.at("partitions").to_number<std::int64_t>(),
                      object.at("complete").as_bool()};
    } catch (const std::exception&) { // from Boost.JSON, for text that is something else
        return fail(errc::corrupt, fmt::format("{} is damaged: it does not say what the folder holds", file.native()));
    }
}

/// Whole or not at all, whenever the power is cut.
outcome<void> write_marker(rocksdb::Env& env, const fs::path& folder, const marker& value) {
    const json::object object{{"format", value.format}, {"partitions", value.partitions}, {"complete", value.complete}};
    const std::string fresh = folder / "CAPSTAN.new";
    rocksdb::Status status = rocksdb::WriteStringToFile(&env, json::serialize(object) + "\n", fresh, true);
    if (status.ok())
        status = env.RenameFile(fresh, folder / "CAPSTAN");
    std::unique_ptr<rocksdb::Directory> directory;
    if (status.ok())
        status = env.NewDirectory(folder, &directory);
    if (status.ok())
        status = directory->Fsync();
    if (!status.ok())
        return std::unexpected(to_failure(status, fmt::format("cannot write to the data folder {}", folder.native())));
    return {};
}

outcome<void> check_marker(rocksdb::Env& env, const fs::path& folder, const marker& found, partition_id partitions) {
    if (found.format != store_format)
        return fail(errc::failed,
                    fmt::format("{} has store format {}; this program reads format {}", folder.native(), found.format, store_format));
    if (found.partitions != partitions)
        return fail(errc::failed, fmt::format("{} was made with {} partitions and cannot have {}: their number is fixed", folder.native(),
                                              found.partitions, partitions));
    if (found.complete && !env.FileExists(folder / "store" / "CURRENT").ok())
        return fail(errc::failed, fmt::format("the store in {} is missing or incomplete: there is no {}", folder.native(),
                                              (folder / "store" / "CURRENT").native()));
    return {};
}

} // namespace

outcome<data_folder> claim_data_folder(rocksdb::Env& env, const fs::path& folder, partition_id partitions) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error)
        return fail(errc::failed, fmt::format("cannot make the data folder {}: {}", folder.native(), error.message()));
    const fs::path file = folder / "CAPSTAN";
    if (!fs::exists(file, error) && !error) {
        outcome<void> claimed = check_nothing_foreign(folder);
        if (claimed)
            claimed = write_marker(env, folder, {store_format, partitions, false});
        if (!claimed)
            return std::unexpected(claimed.error());
        return data_folder{folder / "store", true};
    }
    std::string text;
    if (const rocksdb::Status status = rocksdb::ReadFileToString(&env, file, &text); !status.ok())
        return std::unexpected(to_failure(status, fmt::format("cannot read {}", file.native())));
    const outcome<marker> found = parse_marker(file, text);
    if (!found)
        return std::unexpected(found.error());
    if (const outcome<void> checked = check_marker(env, folder, *found, partitions); !checked)
        return std::unexpected(checked.error());
    return data_folder{folder / "store", !found->complete};
}

outcome<void> complete_data_folder(rocksdb::Env& env, const fs::path& folder, partition_id partitions) {
    return write_marker(env, folder, {store_format, partitions, true});
}

} // namespace capstan::store
