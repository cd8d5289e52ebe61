// From words to a tree, by recursive descent: each rule of the grammar is a function, the loosest first. Types that can never fit are
// errors.

#include <algorithm>

#include <boost/algorithm/string/predicate.hpp>
#include <fmt/format.h>

#include "hub/routing/expression.hpp"

namespace capstan::hub::routing {
namespace {

/// Of parentheses and functions: more than anybody writes, and no danger to the stack.
constexpr std::size_t depth_max = 64;
/// `a + b + c` is a tree as deep as it is long.
constexpr std::size_t words_max = 2000;

std::string_view name_of(type what) {
    constexpr std::string_view names[] = {"undefined", "null", "a truth value", "a number", "text", "anything"};
    return names[static_cast<std::size_t>(what)];
}

bool open(type what) { return what == type::any || what == type::undefined; }

type type_of(const value& literal) {
    if (is<bool>(literal))
        return type::boolean;
    if (is<double>(literal))
        return type::number;
    if (is<std::string>(literal))
        return type::text;
    return is<null>(literal) ? type::null : type::undefined;
}

class parser {
public:
    parser(std::vector<token> tokens, const dialect& of) : tokens_(std::move(tokens)), dialect_(of) {}

    parsed whole() {
        if (now().what == token::kind::end)
            return {std::make_unique<expression>(literal(undefined())), {}};
        auto root = std::make_unique<expression>(coalesce());
        if (now().what != token::kind::end)
            fail(fmt::format("'{}' is not expected here", now().text), now().at);
        return {std::move(root), std::move(references_)};
    }

private:
    [[noreturn]] static void fail(std::string text, position at) { throw compile_error{std::move(text), at}; }

    const token& now() const { return tokens_[at_]; }
    token take() { return tokens_[now().what == token::kind::end ? at_ : at_++]; }
    bool at(std::string_view symbol) const { return now().what == token::kind::symbol && now().text == symbol; }
    bool at_word(std::string_view word) const { return now().what == token::kind::name && boost::iequals(now().text, word); }
    bool skip(std::string_view symbol) { return at(symbol) && (take(), true); }
    bool skip_word(std::string_view word) { return at_word(word) && (take(), true); }
    void expect(std::string_view symbol) {
        if (!skip(symbol))
            fail(now().what == token::kind::end ? fmt::format("a '{}' is missing at the end", symbol)
                                                : fmt::format("a '{}' is missing before '{}'", symbol, now().text),
                 now().at);
    }

    expression literal(value what) const { return {.is = what, .gives = type_of(what), .at = now().at}; }

    // --- The rules, from loose to tight ---

    expression coalesce() {
        return chain(
            expression::first(), &parser::disjunction, [this] { return skip("??"); },
            [](const expression& left, const expression& right) { return open(left.gives) ? right.gives : fit(left, right); });
    }
    expression disjunction() {
        return chain(expression::any(), &parser::conjunction, [this] { return skip_word("OR"); }, fit_truths);
    }
    expression conjunction() {
        return chain(expression::all(), &parser::equality, [this] { return skip_word("AND"); }, fit_truths);
    }

    /// left { operator right } with any number of operands.
    template<class Skip, class Fit> expression chain(expression::what how, expression (parser::*rule)(), Skip skip, Fit fit_both) {
        expression left = (this->*rule)();
        if (const auto at = now().at; skip()) {
            expression whole{.is = std::move(how), .gives = left.gives, .at = at};
            whole.operands.push_back(std::move(left));
            do {
                expression right = (this->*rule)();
                whole.gives = fit_both(whole.operands.back(), right);
                whole.operands.push_back(std::move(right));
            } while (skip());
            return whole;
        }
        return left;
    }

    static type fit_truths(const expression& left, const expression& right) {
        for (const auto* each : {&left, &right})
            want(*each, type::boolean);
        return type::boolean;
    }

    expression equality() {
        expression left = relation();
        for (;;) {
            const auto at = now().at;
            if (skip("="))
                left = compared(comparison::equal, std::move(left), relation(), at);
            else if (skip("!=") || skip("<>"))
                left = compared(comparison::not_equal, std::move(left), relation(), at);
            else if (dialect_.has_lists() && skip_word("IN"))
                left = listed(std::move(left), at);
            else if (dialect_.has_lists() && skip_word("NIN"))
                left = {.is = expression::not_(), .gives = type::boolean, .at = at, .operands = one(listed(std::move(left), at))};
            else
                return left;
        }
    }

    expression relation() {
        expression left = sum();
        for (;;) {
            const auto at = now().at;
            if (skip("<="))
                left = compared(comparison::less_or_equal, std::move(left), sum(), at);
            else if (skip(">="))
                left = compared(comparison::greater_or_equal, std::move(left), sum(), at);
            else if (skip("<"))
                left = compared(comparison::less, std::move(left), sum(), at);
            else if (skip(">"))
                left = compared(comparison::greater, std::move(left), sum(), at);
            else
                return left;
        }
    }

    expression sum() {
        expression left = product();
        for (;;) {
            const auto at = now().at;
            if (skip("+"))
                left = calculated(arithmetic::add, std::move(left), product(), at);
            else if (skip("-"))
                left = calculated(arithmetic::subtract, std::move(left), product(), at);
            else if (skip("||"))
                left = concatenated(std::move(left), product(), at);
            else
                return left;
        }
    }

    expression product() {
        expression left = unary();
        for (;;) {
            const auto at = now().at;
            if (skip("*"))
                left = calculated(arithmetic::multiply, std::move(left), unary(), at);
            else if (skip("/"))
                left = calculated(arithmetic::divide, std::move(left), unary(), at);
            else if (skip("%"))
                left = calculated(arithmetic::remainder, std::move(left), unary(), at);
            else
                return left;
        }
    }

    expression unary() {
        const auto at = now().at;
        const deeper here(*this);
        if (skip_word("NOT")) {
            expression of = unary();
            want(of, type::boolean);
            return {.is = expression::not_(), .gives = type::boolean, .at = at, .operands = one(std::move(of))};
        }
        if (skip("-"))
            return calculated(arithmetic::subtract, literal(0.0), unary(), at);
        return primary();
    }

    expression primary() {
        const token found = take();
        switch (found.what) {
        case token::kind::string: return {.is = value(found.text), .gives = type::text, .at = found.at};
        case token::kind::number: return {.is = value(found.number), .gives = type::number, .at = found.at};
        case token::kind::system:
        case token::kind::braced: return named(found);
        case token::kind::name: return word(found);
        case token::kind::end: fail("the condition ends too early", found.at);
        case token::kind::symbol: break;
        }
        if (found.text != "(")
            fail(fmt::format("'{}' is not expected here", found.text), found.at);
        expression inner = coalesce();
        expect(")");
        return inner;
    }

    expression word(const token& found) {
        if (at("("))
            return call(found);
        const std::pair<std::string_view, value> words[] = {{"true", true}, {"false", false}, {"null", null()}, {"undefined", undefined()}};
        for (const auto& [text, meaning] : words)
            if (found.text == text)
                return {.is = meaning, .gives = type_of(meaning), .at = found.at};
        return named(found);
    }

    expression named(const token& found) {
        auto [what, gives] = dialect_.resolve(found);
        if (gives == type::undefined)
            return {.is = value(undefined()), .gives = gives, .at = found.at};
        references_.push_back(what);
        return {.is = std::move(what), .gives = gives, .at = found.at};
    }

    expression call(const token& name) {
        const function* known = find_function(name.text);
        if (known == nullptr)
            fail(fmt::format("there is no function '{}'", name.text), name.at);
        expression made{.is = known, .at = name.at};
        expect("(");
        while (!at(")")) {
            if (!made.operands.empty())
                expect(",");
            made.operands.push_back(coalesce());
        }
        expect(")");
        if (!known->takes(made.operands.size()))
            fail(fmt::format("{} takes another number of arguments", known->name), name.at);
        for (std::size_t index = 0; index < made.operands.size(); ++index)
            check_argument(*known, index, made.operands[index]);
        made.gives = known->result == function::gives::boolean  ? type::boolean
                     : known->result == function::gives::number ? type::number
                                                                : type::text;
        return made;
    }

    // --- What fits together ---

    static void want(const expression& what, type wanted) {
        if (!open(what.gives) && what.gives != wanted && !(wanted == type::boolean && what.gives == type::null))
            fail(fmt::format("{} is needed here, and this is {}", name_of(wanted), name_of(what.gives)), what.at);
    }

    static type fit(const expression& left, const expression& right) {
        if (!open(left.gives) && !open(right.gives) && left.gives != right.gives)
            fail(fmt::format("{} and {} do not go together{}", name_of(left.gives), name_of(right.gives),
                             left.gives == type::number || right.gives == type::number ? "; AS_NUMBER(..) makes a number of text" : ""),
                 right.at);
        return open(left.gives) ? right.gives : left.gives;
    }

    static void check_argument(const function& of, std::size_t index, const expression& given) {
        switch (of.argument(index)) {
        case 'n': return want(given, type::number);
        case 's': return want(given, type::text);
        case 'v':
            if (given.gives != type::number)
                want(given, type::text);
            return;
        default: return;
        }
    }

    static std::vector<expression> one(expression&& what) {
        std::vector<expression> made;
        made.push_back(std::move(what));
        return made;
    }
    static std::vector<expression> two(expression&& left, expression&& right) {
        auto made = one(std::move(left));
        made.push_back(std::move(right));
        return made;
    }

    static expression compared(comparison how, expression left, expression right, position at) {
        // null compares with null, and with what JSON may hold.
        fit(left, right);
        return {.is = how, .gives = type::boolean, .at = at, .operands = two(std::move(left), std::move(right))};
    }

    static expression calculated(arithmetic how, expression left, expression right, position at) {
        for (auto* each : {&left, &right}) {
            if (each->gives == type::null)
                *each = {.is = value(0.0), .gives = type::number, .at = each->at};
            want(*each, type::number);
        }
        return {.is = how, .gives = type::number, .at = at, .operands = two(std::move(left), std::move(right))};
    }

    static expression concatenated(expression left, expression right, position at) {
        want(left, type::text);
        want(right, type::text);
        return {.is = find_function("CONCAT"), .gives = type::text, .at = at, .operands = two(std::move(left), std::move(right))};
    }

    expression listed(expression left, position at) {
        expression made{.is = expression::one_of(), .gives = type::boolean, .at = at, .operands = one(std::move(left))};
        expect("[");
        while (!this->at("]")) {
            if (made.operands.size() > 1)
                expect(",");
            made.operands.push_back(coalesce());
        }
        expect("]");
        return made;
    }

    /// Stands for one more level of the tree, as long as it lives.
    struct deeper {
        explicit deeper(parser& of) : of_(of) {
            if (++of_.depth_ > depth_max)
                fail("the condition is nested too deeply", of_.now().at);
        }
        ~deeper() { --of_.depth_; }
        deeper(const deeper&) = delete;
        deeper& operator=(const deeper&) = delete;
        parser& of_;
    };

    std::vector<token> tokens_;
    const dialect& dialect_;
    std::size_t at_ = 0, depth_ = 0;
    std::vector<reference> references_;
};

} // namespace

parsed parse(std::vector<token> tokens, const dialect& of) {
    if (tokens.size() > words_max)
        throw compile_error{fmt::format("the condition has more than {} words", words_max), tokens[words_max].at};
    return parser(std::move(tokens), of).whole();
}

} // namespace capstan::hub::routing
