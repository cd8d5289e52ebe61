#pragma once
// What must hold for every input, also in a build without assertions.

#include <cstdio>
#include <cstdlib>

namespace capstan::fuzz {

inline void check(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "does not hold: %s\n", what);
        std::abort();
    }
}

} // namespace capstan::fuzz
