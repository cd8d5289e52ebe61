#include "auth/sas_token.hpp"

#include <array>
#include <charconv>
#include <optional>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "auth/ascii.hpp"
#include "auth/base64.hpp"
#include "auth/constant_time.hpp"
#include "auth/percent.hpp"

namespace capstan::auth {
namespace {

constexpr std::string_view prefix = "SharedAccessSignature ";
constexpr std::size_t signature_size = 32; // SHA-256
constexpr std::int64_t latest_expiry = 253402300799; // 9999-12-31T23:59:59Z, .NET's DateTime.MaxValue

using digest = std::array<std::uint8_t, signature_size>;

digest hmac_sha256(bytes_view key, std::string_view text) {
    digest result{};
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), as_bytes(text).data(), text.size(), result.data(), nullptr);
    return result;
}

std::string text_to_sign(std::string_view resource, std::string_view expiry) {
    std::string text(resource);
    text += '\n';
    text += expiry;
    return text;
}

/// Whole seconds; some scripts append a fraction, which is dropped. A number too large for us means "for ever".
std::optional<wall_time> parse_expiry(std::string_view text) {
    const std::string_view whole = text.substr(0, text.find('.'));
    const std::string_view fraction = text.substr(std::min(whole.size() + 1, text.size()));
    const auto is_digits = [](std::string_view digits) { return digits.find_first_not_of("0123456789") == std::string_view::npos; };
    if (whole.empty() || !is_digits(whole) || !is_digits(fraction))
        return std::nullopt;

    std::int64_t seconds = 0;
    const auto parsed = std::from_chars(whole.data(), whole.data() + whole.size(), seconds);
    if (parsed.ec == std::errc::result_out_of_range)
        seconds = latest_expiry;
    return wall_time(std::chrono::seconds(std::min(seconds, latest_expiry)));
}

struct raw_fields {
    std::optional<std::string_view> sr, sig, se, skn;
};

std::expected<raw_fields, std::string> split_fields(std::string_view text) {
    raw_fields fields;
    const std::pair<std::string_view, std::optional<std::string_view>*> known[] = {
        {"sr", &fields.sr}, {"sig", &fields.sig}, {"se", &fields.se}, {"skn", &fields.skn}};
    while (!text.empty()) {
        const std::string_view field = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(field.size() + 1, text.size()));
        const std::size_t equals = field.find('=');
        const std::string_view name = field.substr(0, equals);
        for (const auto& [known_name, value] : known) {
            if (!equal_ignoring_case(name, known_name))
                continue;
            if (*value)
                return std::unexpected("the token has the field '" + std::string(known_name) + "' twice");
            *value = equals == std::string_view::npos ? std::string_view() : field.substr(equals + 1);
        }
    }
    return fields;
}

} // namespace

bool is_sas_token(std::string_view text) { return text.starts_with(prefix); }

std::expected<sas_token, std::string> parse_sas_token(std::string_view text) {
    if (text.size() > max_token_size)
        return std::unexpected("the token is longer than " + std::to_string(max_token_size) + " bytes");
    if (!is_sas_token(text))
        return std::unexpected("the token does not begin with 'SharedAccessSignature '");
    const auto fields = split_fields(text.substr(prefix.size()));
    if (!fields)
        return std::unexpected(fields.error());
    if (fields->sr.value_or("").empty() || fields->sig.value_or("").empty() || fields->se.value_or("").empty())
        return std::unexpected("the token lacks one of the fields sr, sig and se");

    const std::optional<wall_time> expires = parse_expiry(*fields->se);
    if (!expires)
        return std::unexpected("the token's se is not a number of seconds");
    std::optional<bytes> signature = from_base64(percent_decode(*fields->sig));
    if (!signature || signature->size() != signature_size)
        return std::unexpected("the token's sig is not the base64 text of 32 bytes");
    return sas_token{std::string(*fields->sr), std::string(*fields->se), *expires, *std::move(signature),
                     percent_decode(fields->skn.value_or(""))};
}

bool signed_by(const sas_token& token, std::string_view key) {
    if (key.empty())
        return false;
    const std::string text = text_to_sign(token.resource, token.expiry_text);
    const bytes decoded = from_base64(key).value_or(bytes());
    const bool by_text = equal_in_constant_time(hmac_sha256(as_bytes(key), text), token.signature);
    const bool by_bytes = equal_in_constant_time(hmac_sha256(decoded, text), token.signature);
    return by_text || (by_bytes && !decoded.empty());
}

std::string make_sas_token(std::string_view resource, std::string_view key_base64, std::string_view policy, wall_time expires) {
    const std::string sr = percent_encode(resource);
    const std::string se = std::to_string(std::chrono::floor<std::chrono::seconds>(expires).time_since_epoch().count());
    const bytes key = from_base64(key_base64).value_or(bytes(key_base64.begin(), key_base64.end()));
    std::string token(prefix);
    token += "sr=" + sr + "&sig=" + percent_encode(to_base64(hmac_sha256(key, text_to_sign(sr, se)))) + "&se=" + se;
    if (!policy.empty())
        token += "&skn=" + percent_encode(policy);
    return token;
}

} // namespace capstan::auth
