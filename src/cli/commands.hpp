#pragma once
// The commands of the program, one file each. Adding one touches this list, run.cpp and its own file.

#include <functional>

#include <CLI/CLI.hpp>

namespace capstan::cli {

/// What the command line asks for. Run after the whole of it has been parsed; gives back the exit code or throws `failed`.
using action = std::function<int()>;

/// All of them.
void add_commands(CLI::App& program, action& chosen);

// Each adds its command to the program; when the command is on the command line, parsing sets `chosen`.
void add_serve(CLI::App& program, action& chosen);
void add_connection_string(CLI::App& program, action& chosen);
void add_device(CLI::App& program, action& chosen);
void add_module_identity(CLI::App& program, action& chosen);
void add_certificate(CLI::App& program, action& chosen);
void add_consumer_group(CLI::App& program, action& chosen);
void add_route(CLI::App& program, action& chosen);
void add_query(CLI::App& program, action& chosen);
void add_monitor_events(CLI::App& program, action& chosen);
void add_monitor_feedback(CLI::App& program, action& chosen);
void add_bench(CLI::App& program, action& chosen);
void add_generate_sas_token(CLI::App& program, action& chosen);
void add_completion(CLI::App& program, action& chosen);
void add_manual(CLI::App& program, action& chosen);
void add_version(CLI::App& program, action& chosen);

} // namespace capstan::cli
