#pragma once
#include <boost/json.hpp>

#include <capstan/device.hpp>

namespace capstan::client {

/// A member of an object that is a text; else empty.
std::string text_at(const boost::json::value& object, std::string_view name);

/// Devices as the REST interface has them. contract/rest.md, section 3.
struct device_json {
    static boost::json::object write(const device& what);
    /// What is missing stays as it is in a new one.
    static device read(const boost::json::value& from);

    static boost::json::object write(const device_module& what);
    static device_module read_module(const boost::json::value& from);
};

} // namespace capstan::client
