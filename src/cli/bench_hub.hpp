#pragma once
#include "cli/bench_options.hpp"
#include "load/driver/plan.hpp"

namespace capstan::cli {

/// Of --hub or --login: the address, how to sign in as a policy of the hub, and the devices bench-0, bench-1 and so on that the
/// links of the plan name.
void use_hub(load::plan& plan, bench_options& given);

} // namespace capstan::cli
