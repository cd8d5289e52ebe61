#pragma once
#include "cli/bench_options.hpp"
#include "load/driver/plan.hpp"

namespace capstan::cli {

/// What the load tool is to do. With --hub or --login it registers the devices that are missing. Throws `failed`.
load::plan make_bench_plan(bench_options& given);

} // namespace capstan::cli
