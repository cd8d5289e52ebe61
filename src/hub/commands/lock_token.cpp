#include "hub/commands/lock_token.hpp"

#include <algorithm>

#include "auth/random.hpp"

namespace capstan::hub {

/// OpenSSL takes as long for one token's bytes as for 64 tokens': each thread draws so many at once.
lock_token new_lock_token() {
    constexpr std::size_t drawn_at_once = 64;
    thread_local bytes drawn;
    lock_token token;
    if (drawn.size() < token.size())
        drawn = auth::random_bytes(drawn_at_once * token.size());
    std::ranges::copy(std::span(drawn).last(token.size()), token.begin());
    drawn.resize(drawn.size() - token.size());
    return token;
}

} // namespace capstan::hub
