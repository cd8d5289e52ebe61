// The registry client against a hub: pages, queries, changes in bulk, modules.

#include "client_and_hub/running_hub.hpp"

namespace capstan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class registry_operations : public test::client_and_hub {
protected:
    template<class Operation> static std::optional<errc> failure(Operation operation) {
        try {
            operation().get();
            return std::nullopt;
        } catch (const client_error& error) {
            return error.reason();
        }
    }
    static std::vector<device> named(std::size_t count) {
        std::vector<device> made;
        for (std::size_t number = 0; number < count; ++number)
            made.emplace_back("d" + std::to_string(100 + number));
        return made;
    }
};

TEST_F(registry_operations, many_at_once_and_page_by_page) {
    const auto devices = registry();
    EXPECT_THAT(devices.async_bulk(bulk_mode::create, named(10), asio::use_future).get(), IsEmpty());
    const auto refused = devices.async_bulk(bulk_mode::create, named(11), asio::use_future).get();
    ASSERT_EQ(refused.size(), 10u) << "the eleventh was made";
    EXPECT_EQ(refused[0].device_id, "d100");
    EXPECT_EQ(refused[0].condition, "DeviceAlreadyExists");
    EXPECT_EQ(failure([&] { return devices.async_bulk(bulk_mode::create, named(101), asio::use_future); }), errc::message_refused);

    std::vector<std::string> ids;
    for (std::string last; ids.empty() || !last.empty();) {
        const auto page = devices.async_list_after(last, 4, asio::use_future).get();
        for (const auto& each : page)
            ids.push_back(each.id());
        last = page.size() < 4 ? "" : page.back().id();
    }
    EXPECT_EQ(ids.size(), 11u);
    EXPECT_TRUE(std::ranges::is_sorted(ids));

    auto stale = devices.async_list(1, asio::use_future).get();
    devices.async_update(stale[0], asio::use_future).get();
    EXPECT_EQ(devices.async_bulk(bulk_mode::update_if_match, stale, asio::use_future).get().at(0).condition, "PreconditionFailed");
    EXPECT_THAT(devices.async_bulk(bulk_mode::remove, named(11), asio::use_future).get(), IsEmpty());
    EXPECT_THAT(devices.async_list(1000, asio::use_future).get(), IsEmpty());
}

TEST_F(registry_operations, queries) {
    const auto devices = registry();
    devices.async_create(device("on"), asio::use_future).get();
    devices.async_create(device("off").enabled(false), asio::use_future).get();
    const auto found = devices.async_query("SELECT deviceId FROM devices WHERE status = 'disabled'", {}, asio::use_future).get();
    EXPECT_THAT(found.rows, ElementsAre(R"({"deviceId":"off"})"));
    EXPECT_EQ(found.continuation, "");
    EXPECT_EQ(failure([&] { return devices.async_query("SELECT", {}, asio::use_future); }), errc::message_refused);
}

TEST_F(registry_operations, modules) {
    const auto devices = registry();
    devices.async_create(device("d"), asio::use_future).get();
    auto pump = devices.async_create_module(device_module("d", "pump").managed_by("plant"), asio::use_future).get();
    EXPECT_NE(pump.primary_key(), "");
    EXPECT_EQ(pump.managed_by(), "plant");
    EXPECT_EQ(failure([&] { return devices.async_create_module(device_module("d", "pump"), asio::use_future); }), errc::already_exists);
    EXPECT_EQ(failure([&] { return devices.async_create_module(device_module("none", "pump"), asio::use_future); }), errc::not_found);
    const auto before = pump;
    pump = devices.async_update_module(pump.managed_by("me"), asio::use_future).get();
    EXPECT_EQ(failure([&] { return devices.async_update_module(before, asio::use_future); }), errc::precondition_failed);
    EXPECT_EQ(devices.async_get_module("d", "pump", asio::use_future).get().managed_by(), "me");
    EXPECT_EQ(devices.async_get_module("d", "pump", asio::use_future).get().primary_key(), before.primary_key()) << "keys stay";
    devices.async_create_module(device_module("d", "valve"), asio::use_future).get();
    std::vector<std::string> ids;
    for (const auto& each : devices.async_list_modules("d", asio::use_future).get())
        ids.push_back(each.device_id() + '/' + each.id());
    EXPECT_THAT(ids, ElementsAre("d/pump", "d/valve"));
    devices.async_remove_module("d", "pump", pump.etag(), asio::use_future).get();
    EXPECT_EQ(failure([&] { return devices.async_get_module("d", "pump", asio::use_future); }), errc::not_found);
}

} // namespace
} // namespace capstan
