#pragma once
// A condition of a route or of a query, compiled once and asked of each message or device. contract/semantics.md, sections 4.2 to 4.6.

#include <memory>
#include <vector>

#include "hub/routing/lexer.hpp"
#include "hub/routing/value.hpp"

namespace capstan::hub::routing {

/// What a name in a condition stands for.
struct reference {
    enum class kind : std::uint8_t {
        property,           ///< an application property
        system,             ///< a system property, and where there is none an application property that is called "$name"
        system_only,        ///< {$name}
        member,             ///< of a JSON document: a message's body, or a device
    };
    kind what = kind::property;
    std::string name;                ///< as written, without the $
    std::vector<std::string> path{}; ///< of a member: names, and numbers in brackets as "[0]"
};

/// Whom a condition is asked of.
class subject {
public:
    virtual ~subject() = default;
    /// Undefined when there is none. Properties are text, members anything.
    virtual value look_up(const reference& wanted) const = 0;
};

/// What is known of a value before there is one. Properties are text; members of JSON can be anything.
enum class type : std::uint8_t { undefined, null, boolean, number, text, any };

/// What the names in a condition mean, and what it may say.
class dialect {
public:
    virtual ~dialect() = default;
    virtual naming names() const = 0;
    virtual bool has_lists() const = 0; ///< IN [..], NIN [..]
    /// The type is undefined where the name can never stand for anything.
    virtual std::pair<reference, type> resolve(const token& name) const = 0;
};

/// Of routes: properties, $system properties, $body.
const dialect& route_dialect();

struct expression;

/// Thread-safe once compiled.
class condition {
public:
    /// An empty text is a condition too: it is undefined.
    static std::expected<condition, compile_error> compile(std::string_view text, const dialect& of = route_dialect());

    condition(condition&&) noexcept;
    condition& operator=(condition&&) noexcept;
    ~condition();

    /// A message takes a route when this is `true`; anything else, undefined too, is a no.
    value evaluate(const subject& of) const;
    bool holds(const subject& of) const;

    /// What it asks for, in the order of the text.
    const std::vector<reference>& references() const { return references_; }

private:
    condition(std::unique_ptr<expression> root, std::vector<reference> references);
    std::unique_ptr<expression> root_;
    std::vector<reference> references_;
};

} // namespace capstan::hub::routing
