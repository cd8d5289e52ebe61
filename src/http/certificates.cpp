// Authorities of devices. Azure keeps them on its management plane; the documents here have its shape, with what a certificate is.

#include "auth/base64.hpp"
#include "http/resources.hpp"
#include "http/status.hpp"
#include "hub/conditions.hpp"
#include "hub/registry/authorities.hpp"

namespace capstan::http {
namespace {

namespace json = boost::json;
using hub::authority;
using refusal = hub::authorities::refusal;

answer error_of(const refusal& why, wall_time now) {
    using reason = refusal::reason;
    switch (why.why) {
    case reason::invalid: return error_answer(errc::argument_invalid, why.text, now);
    case reason::exists: return error_answer(errc::certificate_exists, why.text, now);
    case reason::not_found: return error_answer(errc::certificate_not_found, why.text, now);
    case reason::too_many: return error_answer(errc::quota_exceeded, why.text, now);
    case reason::precondition_failed: return error_answer(errc::precondition_failed, why.text, now);
    case reason::not_saved: break;
    }
    return error_answer(errc::service_unavailable, why.text, now);
}

json::object described(const authority& what) {
    json::object properties{{"isVerified", what.verified},
                            {"created", hub::iso_time(what.created)},
                            {"updated", hub::iso_time(what.updated)},
                            {"certificate", auth::to_base64(as_bytes(what.pem))}};
    if (const auto facts = auth::inspect_certificate(what.pem)) {
        properties["subject"] = facts->subject;
        properties["expiry"] = hub::iso_time(facts->valid_until);
        properties["thumbprint"] = facts->thumbprint;
    }
    if (!what.code.empty())
        properties["verificationCode"] = what.code;
    return {{"name", what.name}, {"etag", what.etag}, {"properties", std::move(properties)}};
}

answer answer_of(const hub::authorities::changed& result, wall_time now) {
    if (!result)
        return error_of(result.error(), now);
    answer given;
    given.body = described(*result);
    given.headers.emplace_back("ETag", '"' + result->etag + '"');
    return given;
}

/// What a change is for; without If-Match, whatever is there.
store::condition when_of(const request& asked) {
    return asked.if_match ? hub::registry::parse_if_match(asked.if_match) : store::condition(store::must_exist{});
}

/// Of the body, at its top or in its "properties".
const json::value* member(const json::value& body, std::string_view name) {
    const auto* top = body.if_object();
    const auto* inner = top && top->contains("properties") ? top->at("properties").if_object() : nullptr;
    const auto* found = inner ? inner->if_contains(name) : nullptr;
    return found || !top ? found : top->if_contains(name);
}

/// None when the body has no certificate in it.
std::optional<std::string> certificate_in(const json::value& body) {
    const auto* found = member(body, "certificate");
    return found && found->is_string() ? std::optional(std::string(found->as_string())) : std::nullopt;
}

answer no_certificate(wall_time now) {
    return error_answer(errc::invalid_format, R"(The body must be {"properties": {"certificate": "base64"}}.)", now);
}

json::value body_of(const request& asked) {
    boost::system::error_code error;
    auto body = json::parse(asked.body, error);
    return error ? json::value() : body;
}

} // namespace

asio::awaitable<answer> list_certificates(context& in, const request&) {
    json::array all;
    for (const auto& each : in.hub.authorities().all())
        all.push_back(described(each));
    answer result;
    result.body = json::object{{"value", std::move(all)}};
    co_return result;
}

asio::awaitable<answer> get_certificate(context& in, const request& asked) {
    const auto now = in.hub.clock().now();
    const auto found = in.hub.authorities().find(asked.path[1]);
    if (!found)
        co_return error_answer(errc::certificate_not_found, asked.path[1], now);
    co_return answer_of(*found, now);
}

asio::awaitable<answer> put_certificate(context& in, const request& asked) {
    const auto now = in.hub.clock().now();
    const auto body = body_of(asked);
    const auto certificate = certificate_in(body);
    if (!certificate)
        co_return no_certificate(now);
    const auto* verified = member(body, "isVerified");
    const bool trusted = verified && verified->is_bool() && verified->as_bool();
    const auto when = hub::registry::parse_if_match(asked.if_match);
    co_return answer_of(in.hub.authorities().put(asked.path[1], *certificate, trusted, when), now);
}

asio::awaitable<answer> delete_certificate(context& in, const request& asked) {
    const auto removed = in.hub.authorities().remove(asked.path[1], when_of(asked));
    if (!removed)
        co_return error_of(removed.error(), in.hub.clock().now());
    answer result;
    result.status = status::no_content;
    co_return result;
}

asio::awaitable<answer> generate_verification_code(context& in, const request& asked) {
    co_return answer_of(in.hub.authorities().generate_code(asked.path[1], when_of(asked)), in.hub.clock().now());
}

asio::awaitable<answer> verify_certificate(context& in, const request& asked) {
    const auto now = in.hub.clock().now();
    const auto proof = certificate_in(body_of(asked));
    if (!proof)
        co_return no_certificate(now);
    co_return answer_of(in.hub.authorities().verify(asked.path[1], *proof, when_of(asked)), now);
}

} // namespace capstan::http
