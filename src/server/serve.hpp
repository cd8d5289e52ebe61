#pragma once

namespace capstan::server {

struct config;

/// Runs a hub until SIGTERM or SIGINT; gives back the program's exit code. Everything that goes wrong is logged.
int serve(const config& settings);

} // namespace capstan::server
