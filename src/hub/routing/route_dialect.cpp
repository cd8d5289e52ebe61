// What names mean in the condition of a route. contract/semantics.md, section 4.3.

#include <boost/algorithm/string/predicate.hpp>

#include "hub/routing/condition.hpp"
#include "hub/routing/path.hpp"

namespace capstan::hub::routing {
namespace {

/// The name itself, or a way into it.
bool is_document(std::string_view name, std::string_view document) {
    return boost::istarts_with(name, document) &&
           (name.size() == document.size() || name[document.size()] == '.' || name[document.size()] == '[');
}

class of_routes final : public dialect {
public:
    naming names() const override { return naming::of_routes; }
    bool has_lists() const override { return false; }

    std::pair<reference, type> resolve(const token& name) const override {
        if (name.what == token::kind::name)
            return {{reference::kind::property, name.text}, type::text};
        if (boost::istarts_with(name.text, "body."))
            if (auto path = split_path(std::string_view(name.text).substr(5)))
                return {{reference::kind::member, name.text, *std::move(path)}, type::any};
        // A body as a whole is not to be had, and there are no twins.
        if (is_document(name.text, "body") || is_document(name.text, "twin"))
            return {{}, type::undefined};
        return {{name.what == token::kind::braced ? reference::kind::system_only : reference::kind::system, name.text}, type::text};
    }
};

} // namespace

const dialect& route_dialect() {
    static const of_routes one;
    return one;
}

} // namespace capstan::hub::routing
