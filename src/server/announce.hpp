#pragma once
#include <expected>
#include <string>

#include "server/config.hpp"
#include "server/data_folder.hpp"
#include "server/endpoints.hpp"
#include "server/hub_file.hpp"

namespace capstan::server {

/// For the person who started the hub: where it is, and what to give to clients. Holds keys, so it goes to stdout and never to the log.
/// Without `hub` there are no keys in it.
std::string greeting(const endpoints& at, const hub_file* hub);

/// The hub takes connections: says so to whoever waits for that (data folder, ready file, stdout, service manager).
std::expected<void, std::string> announce(const config& settings, data_folder& folder, const endpoints& at);

/// The hub takes none any more, or not yet: a ready file that is there speaks of another life.
void withdraw(const config& settings);

} // namespace capstan::server
