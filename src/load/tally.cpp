#include "load/tally.hpp"

namespace capstan::load {

void tally::failure(const std::string& why) {
    ++failed;
    if (problem.empty())
        problem = why;
}

void tally::add(const tally& other) {
    sent += other.sent, accepted += other.accepted, rejected += other.rejected, released += other.released;
    received += other.received, confirmed += other.confirmed, bytes += other.bytes;
    set_up += other.set_up, resumed += other.resumed, failed += other.failed;
    latency.add(other.latency), set_up_latency.add(other.set_up_latency);
    if (problem.empty())
        problem = other.problem;
}

} // namespace capstan::load
