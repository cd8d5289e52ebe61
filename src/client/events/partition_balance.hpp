#pragma once
// Which partitions a reader should have, when several share them: a pure function of who has what.

#include <string>
#include <vector>

#include <capstan/checkpoint_store.hpp>

namespace capstan::client {

/// What one reader does next.
struct balance_plan {
    std::vector<std::string> renew; ///< its own, to be claimed again
    std::vector<std::string> claim; ///< nobody's, or those of a reader that is gone, or of one that has too many
};

/// Readers whose claims were renewed within `expiry` share evenly: each gets the number of partitions divided by that of readers,
/// some one more. A reader claims at most what it lacks; from others that live it takes one at a time, the one with the highest
/// count first, so that partitions do not fly to and fro.
balance_plan plan_balance(const std::vector<std::string>& partitions, const std::vector<ownership>& owners, const std::string& self,
                          std::chrono::system_clock::time_point now, std::chrono::milliseconds expiry);

} // namespace capstan::client
