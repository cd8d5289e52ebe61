#include "hub/registry/authorities.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "auth/ascii.hpp"
#include "auth/base64.hpp"
#include "auth/random.hpp"

namespace capstan::hub {
namespace {

using reason = authorities::refusal::reason;

std::unexpected<authorities::refusal> refuse(reason why, std::string text) {
    return std::unexpected(authorities::refusal{why, std::move(text)});
}

/// Azure's rule.
bool valid_authority_name(std::string_view name) {
    const auto allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_';
    };
    return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, allowed);
}

std::string new_etag() { return auth::to_base64(auth::random_bytes(9)); }

/// As long as Azure's.
std::string new_code() {
    auto code = auth::random_hex(24);
    std::ranges::transform(code, code.begin(), [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
    return code;
}

/// One that may sign others, and still may.
std::expected<std::string, authorities::refusal> usable(std::string_view certificate, wall_time now) {
    const auto facts = auth::inspect_certificate(certificate);
    if (!facts)
        return refuse(reason::invalid, facts.error());
    if (!facts->authority)
        return refuse(reason::invalid, "The certificate is not an authority's: it may not sign others.");
    if (facts->valid_until <= now)
        return refuse(reason::invalid, "The certificate has expired.");
    return facts->pem;
}

} // namespace

std::string pem_of_verified(const std::vector<authority>& all) {
    std::string pem;
    for (const auto& each : all)
        pem += each.verified ? each.pem : "";
    return pem;
}

std::vector<authority> authorities::all() const {
    const std::lock_guard lock(mutex_);
    return all_;
}

std::optional<authority> authorities::find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto found = position_of(name);
    return found == all_.end() ? std::nullopt : std::optional(*found);
}

authorities::position authorities::position_of(std::string_view name) const {
    return std::ranges::find_if(all_, [&](const authority& each) { return auth::equal_ignoring_case(each.name, name); });
}

std::expected<authorities::position, authorities::refusal> authorities::existing(std::string_view name,
                                                                                 const store::condition& when) const {
    const auto found = position_of(name);
    if (found == all_.end())
        return refuse(reason::not_found, std::string(name));
    if (const auto* etag = std::get_if<store::must_match>(&when); etag && etag->etag != found->etag)
        return refuse(reason::precondition_failed, "The certificate has another etag.");
    return found;
}

authorities::changed authorities::put(std::string_view name, std::string_view certificate, bool verified, const store::condition& when) {
    const std::lock_guard lock(mutex_);
    if (!valid_authority_name(name))
        return refuse(reason::invalid, "A certificate's name has 1 to 64 letters, digits, '-', '.' and '_'.");
    const auto now = clock_.now();
    auto pem = usable(certificate, now);
    if (!pem)
        return std::unexpected(std::move(pem.error()));
    if (std::holds_alternative<store::must_not_exist>(when)) {
        if (position_of(name) != all_.end())
            return refuse(reason::exists, std::string(name));
        if (all_.size() >= most)
            return refuse(reason::too_many, "A hub has 25 certificates at most.");
        return replace(all_.end(), {std::string(name), *std::move(pem), new_etag(), verified, {}, now, now});
    }
    const auto found = existing(name, when);
    if (!found)
        return std::unexpected(found.error());
    return replace(*found, {(*found)->name, *std::move(pem), new_etag(), verified, {}, (*found)->created, now});
}

authorities::changed authorities::remove(std::string_view name, const store::condition& when) {
    const std::lock_guard lock(mutex_);
    const auto found = existing(name, when);
    if (!found)
        return std::unexpected(found.error());
    auto removed = **found;
    auto next = all_;
    next.erase(next.begin() + (*found - all_.cbegin()));
    if (auto kept = keep(std::move(next)); !kept)
        return std::unexpected(std::move(kept.error()));
    return removed;
}

authorities::changed authorities::generate_code(std::string_view name, const store::condition& when) {
    const std::lock_guard lock(mutex_);
    const auto found = existing(name, when);
    if (!found)
        return std::unexpected(found.error());
    auto next = **found;
    next.code = new_code();
    next.etag = new_etag();
    next.updated = clock_.now();
    return replace(*found, std::move(next));
}

authorities::changed authorities::verify(std::string_view name, std::string_view proof, const store::condition& when) {
    const std::lock_guard lock(mutex_);
    const auto found = existing(name, when);
    if (!found)
        return std::unexpected(found.error());
    auto next = **found;
    if (next.code.empty())
        return refuse(reason::invalid, "A verification code has to be generated first.");
    if (const auto good = auth::check_proof(next.pem, proof, next.code, clock_.now()); !good)
        return refuse(reason::invalid, good.error());
    next.verified = true;
    next.code.clear();
    next.etag = new_etag();
    next.updated = clock_.now();
    return replace(*found, std::move(next));
}

authorities::changed authorities::replace(position at, authority by) {
    auto next = all_;
    const auto index = static_cast<std::size_t>(at - all_.cbegin());
    index < next.size() ? void(next[index] = by) : next.push_back(by);
    if (auto kept = keep(std::move(next)); !kept)
        return std::unexpected(std::move(kept.error()));
    return by;
}

std::expected<void, authorities::refusal> authorities::keep(std::vector<authority> next) {
    if (save)
        if (const auto saved = save(next); !saved) {
            spdlog::error("certificates of authorities cannot be kept: {}", saved.error());
            return refuse(reason::not_saved, "The certificates could not be written to disk.");
        }
    const auto before = pem_of_verified(all_);
    all_ = std::move(next);
    if (auto now = pem_of_verified(all_); now != before && on_trust_changed)
        on_trust_changed(now);
    return {};
}

} // namespace capstan::hub
