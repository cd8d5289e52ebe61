// POST /devices/query, page by page: contract/rest.md, section 5.

#include "unit/http/hub_on_http.hpp"

namespace capstan::http {
namespace {

using test::verb;
using test::version;

class device_query_pages : public test::hub_on_http {
protected:
    device_query_pages() {
        for (int number = 0; number < 25; ++number) {
            const auto path = "/devices/dev" + std::to_string(10 + number);
            EXPECT_EQ(verdict(ask(verb::put, path + version, number < 5 ? R"({"status":"disabled"})" : "{}")), "200");
        }
    }
    test::http_response query(const std::string& text, const std::string& continuation = "", const std::string& size = "10") {
        auto asked = request(verb::post, "/devices/query" + version, boost::json::serialize(boost::json::object{{"query", text}}), {});
        asked.set("x-ms-max-item-count", size);
        if (!continuation.empty())
            asked.set("x-ms-continuation", continuation);
        return ask(asked);
    }
    /// The sizes of all pages.
    std::vector<std::size_t> pages(const std::string& text) {
        std::vector<std::size_t> sizes;
        std::set<std::string> ids;
        std::string continuation;
        do {
            const auto page = query(text, continuation);
            EXPECT_EQ(page["x-ms-item-type"], "Twin");
            const auto items = json_of(page).as_array();
            for (const auto& each : items)
                EXPECT_TRUE(ids.emplace(each.at("deviceId").as_string()).second) << "twice";
            sizes.push_back(items.size());
            continuation = std::string(page["x-ms-continuation"]);
        } while (!continuation.empty() && sizes.size() < 100);
        return sizes;
    }
};

TEST_F(device_query_pages, give_each_device_once) {
    EXPECT_THAT(pages("SELECT * FROM devices"), testing::ElementsAre(10u, 10u, 5u));
    EXPECT_THAT(pages("SELECT * FROM devices WHERE status='disabled'"), testing::ElementsAre(5u));
    EXPECT_THAT(pages("SELECT TOP 12 * FROM devices"), testing::ElementsAre(10u, 2u));
    EXPECT_THAT(pages("SELECT * FROM devices WHERE deviceId!='dev10' AND status='disabled'"), testing::ElementsAre(4u));
}

TEST_F(device_query_pages, count_over_all_of_them) {
    const auto counted = query("SELECT COUNT() AS n FROM devices WHERE status='enabled'");
    EXPECT_EQ(counted["x-ms-item-type"], "Raw");
    EXPECT_EQ(boost::json::serialize(json_of(counted)), R"([{"n":20}])");
    EXPECT_EQ(counted.count("x-ms-continuation"), 0u);
}

TEST_F(device_query_pages, say_what_is_no_query) {
    EXPECT_EQ(verdict(query("SELECT")), "400 ArgumentInvalid");
    EXPECT_EQ(verdict(ask(verb::post, "/devices/query" + version, "{}")), "400 IotHubFormatError");
}

} // namespace
} // namespace capstan::http
