#pragma once
// A reader's share of the partitions that it shares with others, in the checkpoint store. These may block; what they throw is the store's.

#include <capstan/event_consumer.hpp>

namespace capstan::client {

/// What a reader has after a round.
struct partition_share {
    std::vector<ownership> held;
    std::vector<checkpoint> done; ///< of all partitions
};

/// Renews what `self` has, and claims what it should have beside (plan_balance). With `from_now_on` a partition without a checkpoint gets
/// one at its end as `all` has it: whoever takes it over goes on there, and misses nothing.
partition_share claim_share(checkpoint_store& store, const std::vector<partition_info>& all, const std::string& self,
                            std::chrono::milliseconds expiry, bool from_now_on);

/// Others need not wait until the claims of `self` have run out.
void release_share(checkpoint_store& store, const std::string& self);

} // namespace capstan::client
