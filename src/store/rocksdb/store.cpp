#include "store/lmdb/telemetry_log.hpp"
#include "store/rocksdb/command_queue.hpp"
#include "store/rocksdb/data_folder.hpp"
#include "store/rocksdb/device_registry.hpp"
#include "store/rocksdb/feedback_queue.hpp"
#include "store/rocksdb/open.hpp"

namespace capstan::store {
namespace {

constexpr std::size_t read_threads = 2; // one that waits for the disk leaves one for what is in memory

class rocksdb_store final : public store {
public:
    rocksdb_store(const database::place& where, std::shared_ptr<database> data, std::unique_ptr<lmdb::segment_list> events,
                  const std::filesystem::path& folder, const wall_clock& clock, std::chrono::milliseconds retry_when_full)
        : data_(where, std::move(data)), writes_(data_, retry_when_full),
          telemetry_(std::move(events), reads_, clock, {folder, data_.get()->disk_reserve(), retry_when_full}) {}

    outcome<void> start() {
        const outcome<void> started = telemetry_.start();
        return started ? writes_.start({&commands_, &feedback_, &devices_}) : started;
    }

    telemetry_log& telemetry() override { return telemetry_; }
    command_queue& commands() override { return commands_; }
    feedback_queue& feedback() override { return feedback_; }
    device_registry& devices() override { return devices_; }
    commit_counts commits() const override { return telemetry_.commits() + writes_.commits(); }
    std::optional<failure> trouble() const override {
        std::optional<failure> of_events = telemetry_.trouble();
        return of_events ? of_events : writes_.trouble();
    }

    void close() override {
        reads_.stop(); // first: a trim that is being searched for still gets to the committer
        telemetry_.stop();
        writes_.stop();
        data_.get()->flush();
    }

    ~rocksdb_store() override {
        reads_.stop();
        telemetry_.stop();
        writes_.stop();
    }

private:
    database_slot data_;
    committer writes_;
    read_pool reads_{read_threads};
    lmdb::lmdb_telemetry_log telemetry_;
    rocksdb_feedback_queue feedback_{data_, writes_, reads_};
    rocksdb_command_queue commands_{data_, writes_, reads_, feedback_};
    rocksdb_device_registry devices_{data_, writes_, commands_};
};

} // namespace

outcome<std::unique_ptr<store>> open_rocksdb_store(const wall_clock& clock, const rocksdb_options& options,
                                                   const rocksdb_surroundings& surroundings) {
    rocksdb::Env& env = *surroundings.env;
    const outcome<data_folder> folder = claim_data_folder(env, options.folder, options.partitions);
    if (!folder)
        return std::unexpected(folder.error());
    const database::place where{folder->database, &env};
    outcome<std::shared_ptr<database>> data = database::open(where, folder->make ? database::purpose::make : database::purpose::write);
    if (!data)
        return std::unexpected(data.error());
    const std::filesystem::path of_events = options.folder / "events";
    auto events = lmdb::segment_list::open({of_events, options.partitions, folder->make, surroundings.segment_size});
    if (!events)
        return std::unexpected(events.error());
    if (folder->make)
        if (const outcome<void> completed = complete_data_folder(env, options.folder, options.partitions); !completed)
            return std::unexpected(completed.error());
    auto opened =
        std::make_unique<rocksdb_store>(where, *std::move(data), *std::move(events), of_events, clock, surroundings.retry_when_full);
    if (const outcome<void> started = opened->start(); !started)
        return std::unexpected(started.error());
    return opened;
}

outcome<std::optional<device>> read_rocksdb_device(const rocksdb_options& options, std::string_view id) {
    std::error_code error;
    if (is_module_key(id) || !std::filesystem::exists(options.folder / "CAPSTAN", error))
        return std::nullopt; // a hub that has never run has no store
    rocksdb::Env& env = *rocksdb::Env::Default();
    const outcome<data_folder> folder = claim_data_folder(env, options.folder, options.partitions);
    if (!folder)
        return std::unexpected(folder.error());
    if (folder->make)
        return std::nullopt;
    const auto data = database::open({folder->database, &env}, database::purpose::read);
    if (!data)
        return std::unexpected(data.error());
    return stored(**data, id);
}

outcome<std::unique_ptr<store>> open_rocksdb_store(const wall_clock& clock, const rocksdb_options& options) {
    return open_rocksdb_store(clock, options, rocksdb_surroundings{});
}

} // namespace capstan::store
