#pragma once
// The system's file system with a switch: from then on what is written fails, the way a disk does.

#include <atomic>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

namespace capstan::test {

enum class disk { good, full, full_when_synced, broken_when_synced };

class failing_disk final : public rocksdb::FileSystemWrapper {
public:
    failing_disk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
    const char* Name() const override { return "failing_disk"; }

    void become(disk state) { state_ = state; }

    rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* result, rocksdb::IODebugContext* debug) override {
        if (state_ == disk::full)
            return no_space();
        const rocksdb::IOStatus status = target()->NewWritableFile(name, options, result, debug);
        if (status.ok())
            *result = std::make_unique<file>(std::move(*result), state_);
        return status;
    }

private:
    static rocksdb::IOStatus no_space() { return rocksdb::IOStatus::NoSpace("the test's disk is full"); }

    class file final : public rocksdb::FSWritableFileOwnerWrapper {
    public:
        file(std::unique_ptr<rocksdb::FSWritableFile>&& real, const std::atomic<disk>& state)
            : FSWritableFileOwnerWrapper(std::move(real)), state_(state) {}

        /// Half of it gets there, as on a disk that runs full in the middle.
        rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
            if (state_ != disk::full)
                return target()->Append(data, options, debug);
            (void)target()->Append({data.data(), data.size() / 2}, options, debug);
            return no_space();
        }
        rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options, const rocksdb::DataVerificationInfo&,
                                 rocksdb::IODebugContext* debug) override {
            return Append(data, options, debug);
        }
        /// What bypasses the page cache comes by this way.
        rocksdb::IOStatus PositionedAppend(const rocksdb::Slice& data, std::uint64_t offset, const rocksdb::IOOptions& options,
                                           rocksdb::IODebugContext* debug) override {
            return state_ == disk::full ? no_space() : target()->PositionedAppend(data, offset, options, debug);
        }
        rocksdb::IOStatus PositionedAppend(const rocksdb::Slice& data, std::uint64_t offset, const rocksdb::IOOptions& options,
                                           const rocksdb::DataVerificationInfo&, rocksdb::IODebugContext* debug) override {
            return PositionedAppend(data, offset, options, debug);
        }
        rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
            return state_ == disk::good ? target()->Sync(options, debug) : not_synced();
        }
        rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
            return state_ == disk::good ? target()->Fsync(options, debug) : not_synced();
        }

    private:
        rocksdb::IOStatus not_synced() const {
            return state_ == disk::broken_when_synced ? rocksdb::IOStatus::IOError("the test's disk is broken") : no_space();
        }
        const std::atomic<disk>& state_;
    };

    std::atomic<disk> state_ = disk::good;
};

} // namespace capstan::test
