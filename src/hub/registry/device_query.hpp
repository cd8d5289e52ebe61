#pragma once
// The query language over devices, as far as there is something to ask for without twins: contract/rest.md, section 5.

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "hub/routing/condition.hpp"

namespace capstan::hub {

/// SELECT [TOP n] * | path [AS name], … | COUNT() AS name FROM devices | devices.modules [WHERE condition]
class device_query {
public:
    /// Longer ones are refused.
    static constexpr std::size_t size_max = routing::condition_size_max;

    /// The error says what is wrong, and for the condition where.
    static std::expected<device_query, std::string> parse(std::string_view text);

    bool of_modules() const { return modules_; }
    bool counts() const { return count_.has_value(); }
    bool whole() const { return columns_.empty() && !count_; } ///< SELECT *: results are twins
    bool conditional() const { return where_.has_value(); }
    std::optional<std::size_t> top() const { return top_; }

    /// Whether the twin is one of those that were asked for.
    bool holds(const boost::json::object& twin) const;
    /// What was asked for of it. An absent column is left out.
    boost::json::object result(const boost::json::object& twin) const;
    boost::json::object count_result(std::uint64_t count) const;

private:
    struct column {
        std::vector<std::string> path;
        std::string name;
    };
    std::optional<std::string> read_columns(std::string_view list);

    bool modules_ = false;
    std::optional<std::size_t> top_;
    std::vector<column> columns_; ///< empty: all
    std::optional<std::string> count_; ///< its name
    std::optional<routing::condition> where_;
};

} // namespace capstan::hub
