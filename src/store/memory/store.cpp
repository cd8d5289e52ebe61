#include "store/store.hpp"

#include <atomic>

#include "store/memory/command_queue.hpp"
#include "store/memory/device_registry.hpp"
#include "store/memory/feedback_queue.hpp"
#include "store/memory/telemetry_log.hpp"

namespace capstan::store {
namespace {

class memory_store final : public store {
public:
    memory_store(const wall_clock& clock, partition_id partitions) : telemetry_(clock, partitions, closed_) {}

    telemetry_log& telemetry() override { return telemetry_; }
    command_queue& commands() override { return commands_; }
    feedback_queue& feedback() override { return feedback_; }
    device_registry& devices() override { return devices_; }
    commit_counts commits() const override { return {}; }
    std::optional<failure> trouble() const override { return std::nullopt; }
    void close() override { closed_ = true; }

private:
    std::atomic<bool> closed_ = false;
    memory_telemetry_log telemetry_;
    memory_feedback_queue feedback_{closed_};
    memory_command_queue commands_{feedback_, closed_};
    memory_device_registry devices_{commands_, closed_};
};

} // namespace

std::unique_ptr<store> open_memory_store(const wall_clock& clock, partition_id partitions) {
    return std::make_unique<memory_store>(clock, partitions);
}

} // namespace capstan::store
