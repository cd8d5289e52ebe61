#pragma once
#include <string>

#include "load/histogram.hpp"

namespace capstan::load {

/// What has been counted, of one thread or of all. Messages, where one transfer holds several, count each.
struct tally {
    std::uint64_t sent = 0, accepted = 0, rejected = 0, released = 0; ///< released or modified
    std::uint64_t received = 0, confirmed = 0;                        ///< confirmed: the sender has settled what we accepted
    std::uint64_t bytes = 0;                                          ///< encoded messages: accepted, or sent if settled; received
    std::uint64_t set_up = 0;                                         ///< connections that became ready
    std::uint64_t resumed = 0;                                        ///< of these, on an earlier TLS session
    std::uint64_t failed = 0;                                         ///< connections and links that were refused or lost
    histogram latency;                                                ///< of what the mode measures
    histogram set_up_latency;
    std::string problem; ///< the first one

    void failure(const std::string& why);
    void add(const tally& other);
};

} // namespace capstan::load
