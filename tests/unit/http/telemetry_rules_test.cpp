// What telemetry over HTTPS may hold: contract/semantics.md, 3.3; contract/rest.md, section 10.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/http/hub_on_http.hpp"

namespace capstan::http {
namespace {

using test::field;
using test::verb;
using test::version;

struct telemetry_rules_test : test::hub_on_http {
    telemetry_rules_test() { EXPECT_EQ(verdict(ask(verb::put, "/devices/dev1" + version, "{}")), "200"); }

    std::string send(const std::string& name, const std::string& value) {
        auto made = request(verb::post, "/devices/dev1/messages/events" + version, "x");
        made.set(name, value);
        return verdict(ask(made));
    }
    /// A good message and one with this property.
    std::string send_two(const std::string& name, const std::string& value) {
        const boost::json::array batch{{{"body", "eA=="}}, {{"body", "eA=="}, {"properties", {{name, value}}}}};
        auto made = request(verb::post, "/devices/dev1/messages/events" + version, boost::json::serialize(batch));
        made.set(field::content_type, "application/vnd.microsoft.iothub.json");
        return verdict(ask(made));
    }
    std::uint64_t stored() { return store->telemetry().state(0).next; }
};

TEST_F(telemetry_rules_test, table) {
    struct row {
        const char *name, *value, *verdict;
    };
    const std::string longest(128, 'i'), too_long(129, 'i');
    const row rows[] = {
        {"IoTHub-MessageId", "m1", "204"},
        {"iothub-messageid", longest.c_str(), "204"},
        {"iothub-messageid", too_long.c_str(), "400 ArgumentInvalid"},
        {"iothub-messageid", "a/b", "400 ArgumentInvalid"},
        {"iothub-app-colour", "blue", "204"},
        {"iothub-app-colour", "light blue", "400 ArgumentInvalid"},
        {"iothub-creationtimeutc", "2026-01-31T23:59:59.123Z", "204"},
        {"iothub-creationtimeutc", "2026-01-31T23:59:59+01:00", "400 ArgumentInvalid"},
        {"iothub-app-iothub-creation-time-utc", "2026-01-31T23:59:59Z", "204"},
        {"iothub-app-iothub-creation-time-utc", "noon", "400 ArgumentInvalid"},
        {"iothub-correlationid", "of what kind you like", "204"},
    };
    for (const auto& [name, value, verdict] : rows) {
        const auto before = stored();
        const bool good = std::string_view(verdict) == "204";
        EXPECT_EQ(send(name, value), verdict) << name << ": " << value;
        EXPECT_EQ(send_two(name, value), verdict) << "in a batch, " << name << ": " << value;
        EXPECT_EQ(stored() - before, good ? 3u : 0u) << name << ": " << value;
    }
}

} // namespace
} // namespace capstan::http
