#include "hub/registry/device_query.hpp"

#include <charconv>

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/find.hpp>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/split.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <fmt/format.h>

#include "hub/routing/path.hpp"

namespace capstan::hub {
namespace {

namespace json = boost::json;
using routing::reference;

/// Names are ways into the twin, "devices." in front of them or not.
class of_devices final : public routing::dialect {
public:
    routing::naming names() const override { return routing::naming::of_queries; }
    bool has_lists() const override { return true; }
    std::pair<reference, routing::type> resolve(const routing::token& name) const override {
        auto path = routing::split_path(without_entity(name.text));
        if (name.what != routing::token::kind::name || !path)
            return {{}, routing::type::undefined};
        return {{reference::kind::member, name.text, *std::move(path)}, routing::type::any};
    }

    static std::string_view without_entity(std::string_view path) {
        constexpr std::string_view entity = "devices.";
        return boost::istarts_with(path, entity) ? path.substr(entity.size()) : path;
    }
};

class twin_subject final : public routing::subject {
public:
    explicit twin_subject(const json::object& twin) : twin_(twin) {}
    routing::value look_up(const reference& wanted) const override {
        const auto* member = twin_.if_contains(wanted.path.front());
        if (member == nullptr)
            return routing::missing();
        return routing::find_member(*member, {wanted.path.begin() + 1, wanted.path.end()});
    }

private:
    const json::object& twin_;
};

/// The next word, off the front.
std::string_view take_word(std::string_view& from) {
    constexpr std::string_view blanks = " \t\r\n";
    from.remove_prefix(std::min(from.find_first_not_of(blanks), from.size()));
    const auto word = from.substr(0, from.find_first_of(blanks));
    from.remove_prefix(word.size());
    return word;
}

/// Up to a keyword that stands alone; none when there is no such word. Nothing in front of FROM is quoted.
std::optional<std::string_view> take_until(std::string_view& from, std::string_view keyword) {
    auto rest = from;
    while (!rest.empty()) {
        const auto word = take_word(rest);
        if (!boost::iequals(word, keyword))
            continue;
        const auto before = from.substr(0, static_cast<std::size_t>(word.data() - from.data()));
        from = rest;
        return before;
    }
    return std::nullopt;
}

const json::value* find(const json::object& twin, const std::vector<std::string>& path) {
    const auto* at = twin.if_contains(path.front());
    for (std::size_t step = 1; at != nullptr && step < path.size(); ++step)
        at = at->is_object() ? at->get_object().if_contains(path[step]) : nullptr;
    return at;
}

} // namespace

std::expected<device_query, std::string> device_query::parse(std::string_view text) {
    if (text.size() > size_max)
        return std::unexpected("the query is too long");
    device_query made;
    auto rest = text;
    if (!boost::iequals(take_word(rest), "SELECT"))
        return std::unexpected("a query begins with SELECT");
    if (auto after = rest; boost::iequals(take_word(after), "TOP")) {
        const auto number = take_word(after);
        std::size_t top = 0;
        if (std::from_chars(number.data(), number.data() + number.size(), top).ptr != number.data() + number.size() || top == 0)
            return std::unexpected("a number must follow TOP");
        made.top_ = top;
        rest = after;
    }
    const auto list = take_until(rest, "FROM");
    if (!list)
        return std::unexpected("FROM is missing");
    if (auto wrong = made.read_columns(*list))
        return std::unexpected(*std::move(wrong));
    const auto entity = take_word(rest);
    made.modules_ = boost::iequals(entity, "devices.modules");
    if (!made.modules_ && !boost::iequals(entity, "devices"))
        return std::unexpected(fmt::format("'{}' cannot be queried: there are devices and devices.modules", entity));
    const auto word = take_word(rest);
    if (word.empty())
        return made;
    if (!boost::iequals(word, "WHERE"))
        return std::unexpected(fmt::format("'{}' is not supported: only WHERE may follow", word));
    static const of_devices dialect;
    auto where = routing::condition::compile(rest, dialect);
    if (!where)
        return std::unexpected("WHERE: " + routing::to_text(where.error()));
    made.where_ = *std::move(where);
    return made;
}

/// Says what is wrong with the list.
std::optional<std::string> device_query::read_columns(std::string_view text) {
    auto list = boost::trim_copy(std::string(text));
    if (list == "*")
        return std::nullopt;
    std::vector<std::string> parts;
    boost::split(parts, list, boost::is_any_of(","));
    for (const auto& part : parts) {
        std::string_view rest = part;
        const auto path = take_word(rest);
        const auto as = take_word(rest);
        const auto name = take_word(rest);
        if ((!as.empty() && (!boost::iequals(as, "AS") || name.empty())) || !take_word(rest).empty())
            return fmt::format("'{}' is not understood", part);
        if ((boost::iequals(path, "COUNT()") || boost::iequals(path, "COUNT(*)")) && parts.size() == 1) {
            count_ = name.empty() ? std::string("count") : std::string(name);
            return std::nullopt;
        }
        auto steps = routing::split_path(of_devices::without_entity(path));
        if (!steps || path.contains('('))
            return fmt::format("'{}' cannot be selected", path);
        auto usual = steps->back();
        columns_.push_back({*std::move(steps), name.empty() ? std::move(usual) : std::string(name)});
    }
    return std::nullopt;
}

bool device_query::holds(const json::object& twin) const { return !where_ || where_->holds(twin_subject(twin)); }

json::object device_query::result(const json::object& twin) const {
    if (whole())
        return twin;
    json::object chosen;
    for (const auto& each : columns_)
        if (const auto* found = find(twin, each.path))
            chosen[each.name] = *found;
    return chosen;
}

json::object device_query::count_result(std::uint64_t count) const { return {{*count_, count}}; }

} // namespace capstan::hub
