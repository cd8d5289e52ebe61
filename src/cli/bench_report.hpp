#pragma once
#include "cli/bench_options.hpp"
#include "load/driver/plan.hpp"

namespace capstan::cli {

/// One object with names that stay as they are.
boost::json::object bench_report(const bench_options& given, const load::result& found);
/// A few lines for people.
std::string bench_text(const boost::json::object& report);

} // namespace capstan::cli
