#include "hub/routing/value.hpp"

#include <cmath>
#include <compare>
#include <optional>

#include <fmt/format.h>

namespace capstan::hub::routing {
namespace {

enum class rank : std::uint8_t { boolean, number, text, nothing };

std::optional<rank> rank_of(const value& what) {
    if (is<bool>(what))
        return rank::boolean;
    if (is<double>(what))
        return rank::number;
    if (is<std::string>(what))
        return rank::text;
    return is_null(what) ? std::optional(rank::nothing) : std::nullopt;
}

std::partial_ordering order(rank kind, const value& left, const value& right) {
    switch (kind) {
    case rank::boolean: return std::get<bool>(left) <=> std::get<bool>(right);
    case rank::number: return std::get<double>(left) <=> std::get<double>(right);
    case rank::text: return std::get<std::string>(left) <=> std::get<std::string>(right);
    case rank::nothing: break;
    }
    return std::partial_ordering::equivalent;
}

bool holds(comparison how, std::partial_ordering found) {
    switch (how) {
    case comparison::equal: return found == 0;
    case comparison::not_equal: return found != 0;
    case comparison::less: return found < 0;
    case comparison::less_or_equal: return found <= 0;
    case comparison::greater: return found > 0;
    case comparison::greater_or_equal: return found >= 0;
    }
    return false;
}

double result_of(arithmetic how, double left, double right) {
    switch (how) {
    case arithmetic::add: return left + right;
    case arithmetic::subtract: return left - right;
    case arithmetic::multiply: return left * right;
    case arithmetic::divide: return left / right;
    case arithmetic::remainder: return std::fmod(left, right);
    }
    return left;
}

struct in_words {
    std::string operator()(undefined) const { return "undefined"; }
    std::string operator()(missing) const { return "not there"; }
    std::string operator()(null) const { return "null"; }
    std::string operator()(bool what) const { return what ? "true" : "false"; }
    std::string operator()(double what) const { return fmt::format("{}", what); }
    std::string operator()(const std::string& what) const { return "'" + what + "'"; }
    std::string operator()(object) const { return "an object"; }
    std::string operator()(array) const { return "an array"; }
};

} // namespace

value compare(comparison how, const value& left, const value& right) {
    const auto one = rank_of(left);
    const auto other = rank_of(right);
    if (!one || !other)
        return undefined();
    return holds(how, one == other ? order(*one, left, right) : std::partial_ordering(*one <=> *other));
}

value calculate(arithmetic how, const value& left, const value& right) {
    const auto* one = std::get_if<double>(&left);
    const auto* other = std::get_if<double>(&right);
    if (one == nullptr || other == nullptr)
        return undefined();
    const double result = result_of(how, *one, *other);
    return std::isnan(result) ? value() : value(result);
}

std::string to_text(const value& what) { return std::visit(in_words(), what); }

} // namespace capstan::hub::routing
