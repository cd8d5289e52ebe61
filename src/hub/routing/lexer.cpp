#include "hub/routing/lexer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>

#include <boost/algorithm/string/predicate.hpp>
#include <boost/locale/encoding_utf.hpp>
#include <fmt/format.h>

namespace capstan::hub::routing {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view no_name_characters = " \t\r\n()<>@,;:\\\"/[]?={}";
constexpr std::string_view no_path_characters = " \t\r\n()<>@,;:\\\"/?={}"; // of $body.a[0]
/// The longer ones first.
constexpr std::array<std::string_view, 19> symbols = {"!=", "<>", "<=", ">=", "??", "||", "=", "<", ">", "+",
                                                      "-",  "*",  "/",  "%",  "(",  ")",  ",", "[", "]"};

class splitter {
public:
    splitter(std::string_view text, naming names) : text_(text), names_(names) {}

    std::vector<token> all() {
        std::vector<token> tokens;
        do {
            skip_blanks();
            tokens.push_back(next());
        } while (tokens.back().what != token::kind::end);
        return tokens;
    }

private:
    [[noreturn]] void fail(std::string text, position at) const { throw compile_error{std::move(text), at}; }

    std::string_view rest() const { return text_.substr(offset_); }

    void advance(std::size_t count) {
        for (; count > 0; --count, ++offset_) {
            if (text_[offset_] == '\n')
                at_ = {at_.line + 1, 1};
            else
                ++at_.column;
        }
    }

    void skip_blanks() {
        for (;;) {
            advance(std::min(rest().find_first_not_of(blanks), rest().size()));
            if (!rest().starts_with("/*"))
                return;
            const auto end = rest().find("*/");
            if (end == std::string_view::npos)
                fail("the comment has no end", at_);
            advance(end + 2);
        }
    }

    token next() {
        if (rest().empty())
            return {.at = at_};
        if (rest().front() == '\'' || rest().front() == '"')
            return string();
        if (rest().front() == '$')
            return path(token::kind::system, 1);
        if (rest().starts_with("{$"))
            return braced();
        return names_ == naming::of_queries ? word_of_query() : word();
    }

    token path(token::kind what, std::size_t skipped) {
        token found{.what = what, .at = at_};
        const auto name = rest().substr(skipped);
        found.text = name.substr(0, name.find_first_of(no_path_characters));
        if (found.text.empty())
            fail("a name must follow the $", at_);
        advance(skipped + found.text.size());
        return found;
    }

    token braced() {
        token found = path(token::kind::braced, 2);
        if (!rest().starts_with('}'))
            fail("a } is missing", at_);
        advance(1);
        return found;
    }

    /// A name, a number or an operator: whichever is longest.
    token word() {
        const auto run = rest().substr(0, rest().find_first_of(no_name_characters));
        const auto symbol = std::ranges::find_if(symbols, [&](std::string_view each) { return rest().starts_with(each); });
        const auto operator_size = symbol == symbols.end() ? 0 : symbol->size();
        token found{.what = token::kind::name, .text = std::string(run), .at = at_};
        if (operator_size >= run.size()) {
            if (operator_size == 0)
                fail(fmt::format("'{}' has no meaning here", rest().front()), at_);
            found.what = token::kind::symbol;
            found.text = *symbol;
        } else if (const auto number = number_of(found.text)) {
            found.what = token::kind::number;
            found.number = *number;
        }
        advance(found.text.size());
        return found;
    }

    /// A name, a number without a sign, or an operator: what it begins with says which.
    token word_of_query() {
        const auto first = static_cast<unsigned char>(rest().front());
        token found{.what = token::kind::name, .at = at_};
        if (std::isdigit(first) || (first == '.' && rest().size() > 1 && std::isdigit(static_cast<unsigned char>(rest()[1])))) {
            found.what = token::kind::number;
            found.text = rest().substr(0, number_size());
            const auto number = number_of(found.text);
            if (!number)
                fail(fmt::format("'{}' is no number", found.text), at_);
            found.number = *number;
        } else if (std::isalpha(first) || first == '_') {
            found.text = rest().substr(0, name_size());
        } else {
            const auto symbol = std::ranges::find_if(symbols, [&](std::string_view each) { return rest().starts_with(each); });
            if (symbol == symbols.end())
                fail(fmt::format("'{}' has no meaning here", rest().front()), at_);
            found.what = token::kind::symbol;
            found.text = *symbol;
        }
        advance(found.text.size());
        return found;
    }

    /// With the sign of an exponent.
    std::size_t number_size() const {
        const auto text = rest();
        std::size_t size = 1;
        for (; size < text.size(); ++size) {
            const bool sign = (text[size] == '+' || text[size] == '-') && (text[size - 1] == 'e' || text[size - 1] == 'E');
            if (!std::isalnum(static_cast<unsigned char>(text[size])) && text[size] != '.' && !sign)
                break;
        }
        return size;
    }

    /// With what stands in brackets; those behind IN are a list's.
    std::size_t name_size() const {
        const auto text = rest();
        std::size_t size = 0;
        for (; size < text.size(); ++size) {
            if (text[size] == '[') {
                const auto so_far = text.substr(0, size);
                if (boost::iequals(so_far, "IN") || boost::iequals(so_far, "NIN"))
                    break;
                size = bracket_end(size);
            } else if (!std::isalnum(static_cast<unsigned char>(text[size])) && !std::string_view("_$.").contains(text[size])) {
                break;
            }
        }
        return size;
    }

    /// Where the bracket that begins at `from` is closed: [[..]], ['..'] or [..].
    std::size_t bracket_end(std::size_t from) const {
        const auto text = rest().substr(from);
        const std::string_view closing = text.starts_with("[[") ? "]]" : text.starts_with("['") ? "']" : "]";
        const auto end = text.find(closing, closing.size());
        if (end == std::string_view::npos)
            fail(fmt::format("a {} is missing", closing), at_);
        return from + end + closing.size() - 1;
    }

    /// 12, -3, 0x1F, .5, 1.5e3; what is too large is infinite.
    static std::optional<double> number_of(const std::string& text) {
        const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
        if (text.starts_with("0x") && text.size() > 2) {
            std::uint64_t whole = 0;
            const auto end = text.data() + text.size();
            const auto parsed = std::from_chars(text.data() + 2, end, whole, 16);
            return parsed.ptr == end && parsed.ec == std::errc() ? std::optional(static_cast<double>(whole)) : std::nullopt;
        }
        if (digits.empty() || digits.find_first_not_of("0123456789.eE+-") != std::string::npos ||
            !(std::isdigit(digits[0]) || digits[0] == '.'))
            return std::nullopt;
        char* end = nullptr;
        const double result = std::strtod(text.c_str(), &end); // for its infinity; the process has the locale "C"
        return *end == '\0' ? std::optional(result) : std::nullopt;
    }

    token string() {
        token found{.what = token::kind::string, .at = at_};
        const char quote = rest().front();
        advance(1);
        while (!rest().starts_with(quote)) {
            if (rest().empty())
                fail("the text has no end", found.at);
            if (rest().front() == '\\')
                escape(found.text);
            else
                found.text += rest().front(), advance(1);
        }
        advance(1);
        return found;
    }

    /// \' \" \\ \uXXXX; a pair of surrogates is one character.
    void escape(std::string& into) {
        if (rest().size() > 1 && std::string_view("'\"\\").find(rest()[1]) != std::string_view::npos) {
            into += rest()[1];
            return advance(2);
        }
        std::u16string units;
        while (rest().starts_with("\\u")) {
            std::uint16_t unit = 0;
            const auto digits = rest().substr(2, 4);
            const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
            if (digits.size() < 4 || parsed.ptr != digits.data() + 4)
                fail("four hexadecimal digits must follow \\u", at_);
            units += static_cast<char16_t>(unit);
            advance(6);
        }
        if (units.empty())
            fail("a \\ in a text stands before ', \", \\ or u", at_);
        into += boost::locale::conv::utf_to_utf<char>(units);
    }

    std::string_view text_;
    naming names_;
    std::size_t offset_ = 0;
    position at_{};
};

} // namespace

std::string to_text(const compile_error& error) { return fmt::format("{}:{}: {}", error.at.line, error.at.column, error.text); }

std::expected<std::vector<token>, compile_error> split(std::string_view condition, naming names) {
    if (condition.size() > condition_size_max)
        return std::unexpected(compile_error{fmt::format("the condition is longer than {} bytes", condition_size_max), {}});
    try {
        return splitter(condition, names).all();
    } catch (const compile_error& error) {
        return std::unexpected(error);
    }
}

} // namespace capstan::hub::routing
