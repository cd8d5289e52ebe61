#include "auth/random.hpp"

#include <stdexcept>

#include <openssl/rand.h>

#include "auth/base64.hpp"

namespace capstan::auth {
namespace {

std::string to_hex(bytes_view raw) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(raw.size() * 2);
    for (const std::uint8_t byte : raw) {
        text += digits[byte >> 4];
        text += digits[byte & 0x0f];
    }
    return text;
}

} // namespace

bytes random_bytes(std::size_t count) {
    bytes raw(count);
    if (RAND_bytes(raw.data(), static_cast<int>(raw.size())) != 1)
        throw std::runtime_error("OpenSSL has no random bytes to give");
    return raw;
}

std::string random_hex(std::size_t count) { return to_hex(random_bytes(count)); }

std::string random_uuid() {
    bytes raw = random_bytes(16);
    raw[6] = static_cast<std::uint8_t>(0x40 | (raw[6] & 0x0f)); // version 4 (RFC 4122, section 4.4)
    raw[8] = static_cast<std::uint8_t>(0x80 | (raw[8] & 0x3f)); // variant 1
    std::string text = to_hex(raw);
    for (const std::size_t hyphen : {8, 13, 18, 23})
        text.insert(hyphen, 1, '-');
    return text;
}

std::string random_key() { return to_base64(random_bytes(32)); }

} // namespace capstan::auth
