#pragma once
#include <span>

#include "load/driver/plan.hpp"

namespace capstan::load {

usage own_usage();
/// The sum of these processes, from /proc; those that are gone count nothing.
usage usage_of(std::span<const int> pids);

/// So many sockets are to be open at once; throws when the system forbids it.
void allow_open_files(std::size_t count);

} // namespace capstan::load
