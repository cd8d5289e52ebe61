#include "store/registry_rules.hpp"

#include <fmt/format.h>

namespace capstan::store {

std::optional<failure> refusal(const condition& when, std::string_view id, const device* current) {
    if (std::holds_alternative<must_not_exist>(when)) {
        if (current)
            return failure{errc::already_exists, fmt::format("the device '{}' exists already", id)};
        return std::nullopt;
    }
    if (!current)
        return no_such_device(id);
    const must_match* match = std::get_if<must_match>(&when);
    if (match && match->etag != current->etag)
        return failure{errc::precondition_failed, fmt::format("the device '{}' has been changed: its etag is another one", id)};
    return std::nullopt;
}

failure no_such_device(std::string_view id) { return {errc::not_found, fmt::format("there is no device '{}'", id)}; }

failure too_many_modules() { return {errc::too_many, fmt::format("a device has at most {} modules", modules_max)}; }

std::string etag_of(std::uint64_t change) {
    static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text; // 64 bits are ten whole groups of six, and one that is filled up with two zero bits
    for (int shift = 58; shift >= 4; shift -= 6)
        text += alphabet[(change >> shift) & 0x3f];
    text += alphabet[(change << 2) & 0x3f];
    return text + '=';
}

device_counts counts_after(device_counts counts, const device* before, const device* after) {
    if (is_module_key((before ? before : after)->id))
        return counts;
    if (before) {
        counts.total -= 1;
        counts.enabled -= before->enabled ? 1 : 0;
    }
    if (after) {
        counts.total += 1;
        counts.enabled += after->enabled ? 1 : 0;
    }
    return counts;
}

} // namespace capstan::store
