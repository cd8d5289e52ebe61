#pragma once
#include <string>

#include "auth/percent.hpp"

namespace capstan::client {

inline std::string path_of(const std::string& device) { return "/devices/" + auth::percent_encode(device); }
inline std::string path_of(const std::string& device, const std::string& module) {
    return path_of(device) + "/modules/" + auth::percent_encode(module);
}

/// Quoted, as all hubs take it; without one, whatever is there.
inline std::string if_match(const std::string& etag) { return etag.empty() ? "*" : '"' + etag + '"'; }

} // namespace capstan::client
