#include "client/events/partition_balance.hpp"

#include <algorithm>
#include <map>

namespace capstan::client {

balance_plan plan_balance(const std::vector<std::string>& partitions, const std::vector<ownership>& owners, const std::string& self,
                          std::chrono::system_clock::time_point now, std::chrono::milliseconds expiry) {
    balance_plan plan;
    std::map<std::string, std::vector<std::string>> by_owner{{self, {}}};
    std::vector<std::string> free;
    for (const auto& partition : partitions) {
        const auto found = std::ranges::find(owners, partition, &ownership::partition);
        const bool held = found != owners.end() && !found->owner.empty() && found->renewed + expiry > now;
        held ? by_owner[found->owner].push_back(partition) : free.push_back(partition);
    }
    plan.renew = by_owner[self];
    const auto least = partitions.size() / by_owner.size();
    const bool some_have_more = partitions.size() % by_owner.size() != 0;
    auto mine = plan.renew.size();
    const auto most = least + (some_have_more ? 1 : 0);
    for (const auto& each : free)
        if (mine < most)
            plan.claim.push_back(each), ++mine;
    if (mine >= least || !plan.claim.empty())
        return plan;
    const auto richest = std::ranges::max_element(by_owner, {}, [](const auto& each) { return each.second.size(); });
    if (richest->first != self && richest->second.size() > least)
        plan.claim.push_back(richest->second.front());
    return plan;
}

} // namespace capstan::client
