#include "client/events/partition_share.hpp"

#include <algorithm>

#include <capstan/error.hpp>

#include "client/events/partition_balance.hpp"

namespace capstan::client {
namespace {

/// None when another reader was faster.
std::optional<ownership> claim_one(checkpoint_store& store, const std::string& partition, const std::vector<ownership>& owners,
                                   const std::string& self) {
    const auto found = std::ranges::find(owners, partition, &ownership::partition);
    const auto seen = found == owners.end() ? std::nullopt : std::optional(*found);
    ownership claim;
    claim.partition = partition;
    claim.owner = self;
    claim.level = !seen ? 1 : seen->level + (seen->owner == self ? 0 : 1);
    claim.renewed = std::chrono::system_clock::now();
    return store.claim(claim, seen) ? std::optional(claim) : std::nullopt;
}

checkpoint end_of(const partition_info& partition) {
    checkpoint made;
    made.partition = partition.id;
    made.sequence_number = partition.last_sequence_number;
    made.offset = partition.last_sequence_number < 0 ? "-1" : partition.last_offset;
    return made;
}

void begin_at_end(checkpoint_store& store, const std::vector<partition_info>& all, partition_share& mine) {
    for (const auto& claim : mine.held) {
        if (std::ranges::find(mine.done, claim.partition, &checkpoint::partition) != mine.done.end())
            continue;
        mine.done.push_back(end_of(*std::ranges::find(all, claim.partition, &partition_info::id)));
        store.save(mine.done.back(), claim);
    }
}

} // namespace

partition_share claim_share(checkpoint_store& store, const std::vector<partition_info>& all, const std::string& self,
                            std::chrono::milliseconds expiry, bool from_now_on) {
    std::vector<std::string> ids;
    for (const auto& each : all)
        ids.push_back(each.id);
    const auto owners = store.ownerships();
    const auto plan = plan_balance(ids, owners, self, std::chrono::system_clock::now(), expiry);
    partition_share mine;
    for (const auto* part : {&plan.renew, &plan.claim})
        for (const auto& partition : *part)
            if (const auto claimed = claim_one(store, partition, owners, self))
                mine.held.push_back(*claimed);
    mine.done = store.checkpoints();
    if (from_now_on)
        begin_at_end(store, all, mine);
    return mine;
}

void release_share(checkpoint_store& store, const std::string& self) {
    for (const auto& held : store.ownerships()) {
        if (held.owner != self)
            continue;
        auto released = held;
        released.owner.clear();
        store.claim(released, held);
    }
}

} // namespace capstan::client
