#include "auth/constant_time.hpp"

#include <openssl/crypto.h>

namespace capstan::auth {

bool equal_in_constant_time(bytes_view a, bytes_view b) { return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

bool equal_in_constant_time(std::string_view a, std::string_view b) { return equal_in_constant_time(as_bytes(a), as_bytes(b)); }

} // namespace capstan::auth
