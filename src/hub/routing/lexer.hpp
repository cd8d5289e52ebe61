#pragma once
// The words of a condition. contract/semantics.md, section 4.2.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace capstan::hub::routing {

/// Where in a condition something stands, from 1 on.
struct position {
    std::size_t line = 1, column = 1;
};

/// Why a text is no condition.
struct compile_error {
    std::string text;
    position at;
};
/// "1:7: there is no function 'FOO'"
std::string to_text(const compile_error& error);

struct token {
    enum class kind : std::uint8_t {
        end,
        name,    ///< of a property or a function, or a word like AND
        system,  ///< $name; text is without the $
        braced,  ///< {$name}; likewise
        string,  ///< text is what it stands for
        number,
        symbol,  ///< an operator, a parenthesis, a comma
    };
    kind what = kind::end;
    std::string text{};
    double number = 0;
    position at{};
};

/// A condition longer than this is refused: it is looked at for each message.
constexpr std::size_t condition_size_max = 16 * 1024;

/// What belongs to a name.
enum class naming : std::uint8_t {
    of_routes,  ///< what looks like an operator elsewhere, too: `a-b` is one name
    of_queries, ///< letters, digits, '_', '$' and '.'; anything in brackets: tags.[[a-b]], properties.reported.['$iotin:x'], a[0]
};

/// The last token is an end.
std::expected<std::vector<token>, compile_error> split(std::string_view condition, naming names = naming::of_routes);

} // namespace capstan::hub::routing
