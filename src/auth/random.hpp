#pragma once
// Random bytes from OpenSSL's generator, fit for keys. Throws std::runtime_error when the system has no randomness to give.

#include <string>

#include "base/bytes.hpp"

namespace capstan::auth {

bytes random_bytes(std::size_t count);
/// 2 * count lower case digits.
std::string random_hex(std::size_t count);
/// A random (version 4) UUID, lower case, with hyphens.
std::string random_uuid();
/// A key as policies and devices have it: 32 random bytes in base64.
std::string random_key();

} // namespace capstan::auth
