#include "store/memory/telemetry_log.hpp"

#include <algorithm>

#include "store/reply.hpp"

namespace capstan::store {

void memory_telemetry_log::append(partition_id partition, event_batch batch, reply_to<void> reply) {
    if (closed_)
        return answer(std::move(reply), std::unexpected(store_is_closed()));
    if (batch.count() == 0)
        return answer(std::move(reply), {});
    auto framed = std::make_shared<const bytes>(batch.framed().begin(), batch.framed().end());
    partition_state now;
    {
        const std::lock_guard lock(mutex_);
        stored_partition& to = partitions_.at(partition);
        to.state.last_enqueued = std::max(to.state.last_enqueued, clock_.now());
        to.records.push_back({to.state.next, batch.count(), to.state.last_enqueued, std::move(framed)});
        to.state.next += batch.count();
        now = to.state;
        watchers_.publish(std::array{watch_list::change{partition, now}}); // under the lock: states are published in their order
    }
    answer(std::move(reply), {});
}

void memory_telemetry_log::read(partition_id partition, sequence_number from, read_limits limits, reply_to<event_block> reply) {
    if (closed_)
        return answer(std::move(reply), std::unexpected(store_is_closed()));
    answer(std::move(reply), events_from(partition, from, limits));
}

event_block memory_telemetry_log::events_from(partition_id partition, sequence_number from, read_limits limits) const {
    const std::lock_guard lock(mutex_);
    const auto& records = partitions_.at(partition).records;
    block_builder block(from, limits);
    auto at = std::ranges::partition_point(records, [from](const record& r) { return r.first + r.count <= from; });
    for (; at != records.end() && !block.full(); ++at)
        block.add({at->first, at->count, at->enqueued, *at->framed}, at->framed);
    return block.take();
}

void memory_telemetry_log::find_after(partition_id partition, wall_time time, reply_to<sequence_number> reply) {
    if (closed_)
        return answer(std::move(reply), std::unexpected(store_is_closed()));
    sequence_number found;
    {
        const std::lock_guard lock(mutex_);
        const stored_partition& in = partitions_.at(partition);
        const auto at = std::ranges::partition_point(in.records, [time](const record& r) { return r.enqueued <= time; });
        found = at == in.records.end() ? in.state.next : at->first;
    }
    answer(std::move(reply), found);
}

partition_state memory_telemetry_log::state(partition_id partition) const {
    const std::lock_guard lock(mutex_);
    return partitions_.at(partition).state;
}

telemetry_log::watch_id memory_telemetry_log::watch(partition_id partition, run_queue& home, std::function<void(partition_state)> notify) {
    return watchers_.add(partition, home, std::move(notify));
}

void memory_telemetry_log::trim(partition_id partition, wall_time time, reply_to<void> reply) {
    if (closed_)
        return answer(std::move(reply), std::unexpected(store_is_closed()));
    {
        const std::lock_guard lock(mutex_);
        stored_partition& in = partitions_.at(partition);
        while (!in.records.empty() && in.records.front().enqueued < time)
            in.records.pop_front();
        in.state.begin = in.records.empty() ? in.state.next : in.records.front().first;
    }
    answer(std::move(reply), {});
}

} // namespace capstan::store
