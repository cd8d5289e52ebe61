#pragma once
// Answers requests the way store/failure.hpp promises: on the caller's queue, never inside the call.

#include <type_traits>

#include "store/failure.hpp"

namespace capstan::store {

template<class T> void answer(reply_to<T> reply, std::type_identity_t<outcome<T>> result) {
    reply.home.post([done = std::move(reply.done), result = std::move(result)]() mutable { done(std::move(result)); });
}

inline std::unexpected<failure> fail(errc code, std::string text) { return std::unexpected(failure{code, std::move(text)}); }
inline failure store_is_closed() { return {errc::closed, "the store is closed"}; }

} // namespace capstan::store
