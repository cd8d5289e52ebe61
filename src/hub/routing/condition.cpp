#include "hub/routing/condition.hpp"

#include <algorithm>

#include "hub/routing/expression.hpp"

namespace capstan::hub::routing {
namespace {

value evaluate_one(const expression& what, const subject& of);

/// The kinds of nodes, each with its meaning. Truth has three values: undefined AND false is false, undefined OR true is true.
struct evaluation {
    const expression& node;
    const subject& of;

    value operand(std::size_t index) const { return evaluate_one(node.operands[index], of); }

    value operator()(const value& literal) const { return literal; }
    value operator()(const reference& name) const { return of.look_up(name); }
    value operator()(comparison how) const { return compare(how, operand(0), operand(1)); }
    value operator()(arithmetic how) const { return calculate(how, operand(0), operand(1)); }

    value operator()(const function* called) const {
        std::vector<value> arguments;
        for (const auto& each : node.operands)
            arguments.push_back(evaluate_one(each, of));
        return called->apply(arguments);
    }

    /// Ends with the first operand that decides; null decides here, and counts for nothing in OR.
    value operator()(expression::all) const {
        value result = true;
        for (const auto& each : node.operands) {
            const value next = evaluate_one(each, of);
            if (const auto* truth = std::get_if<bool>(&next); truth && !*truth)
                return false;
            if (is_null(next) && !is<undefined>(result))
                return null();
            if (!is<bool>(next))
                result = undefined();
        }
        return result;
    }

    value operator()(expression::any) const {
        value result = false;
        for (const auto& each : node.operands) {
            const value next = evaluate_one(each, of);
            if (const auto* truth = std::get_if<bool>(&next); truth && *truth)
                return true;
            if (!is<bool>(next) && !is_null(next))
                result = undefined();
        }
        return result;
    }

    value operator()(expression::not_) const {
        const value found = operand(0);
        if (const auto* truth = std::get_if<bool>(&found))
            return !*truth;
        return is_null(found) ? value(true) : value();
    }

    value operator()(expression::first) const {
        for (const auto& each : node.operands)
            if (value found = evaluate_one(each, of); !is<undefined>(found) && !is<missing>(found))
                return found;
        return undefined();
    }

    value operator()(expression::one_of) const {
        const value wanted = operand(0);
        for (std::size_t index = 1; index < node.operands.size(); ++index)
            if (const value same = compare(comparison::equal, wanted, operand(index)); is<undefined>(same) || std::get<bool>(same))
                return same;
        return false;
    }
};

value evaluate_one(const expression& what, const subject& of) { return std::visit(evaluation{what, of}, what.is); }

} // namespace

std::expected<condition, compile_error> condition::compile(std::string_view text, const dialect& of) {
    auto tokens = split(text, of.names());
    if (!tokens)
        return std::unexpected(tokens.error());
    try {
        auto [root, references] = parse(*std::move(tokens), of);
        return condition(std::move(root), std::move(references));
    } catch (const compile_error& error) {
        return std::unexpected(error);
    }
}

condition::condition(std::unique_ptr<expression> root, std::vector<reference> references)
    : root_(std::move(root)), references_(std::move(references)) {}
condition::condition(condition&&) noexcept = default;
condition& condition::operator=(condition&&) noexcept = default;
condition::~condition() = default;

value condition::evaluate(const subject& of) const { return evaluate_one(*root_, of); }

bool condition::holds(const subject& of) const {
    const value found = evaluate(of);
    const auto* truth = std::get_if<bool>(&found);
    return truth != nullptr && *truth;
}

} // namespace capstan::hub::routing
