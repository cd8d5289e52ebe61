#include <thread>

#include "contract.hpp"

namespace capstan::test {
namespace {

using store::errc;
using store::must_exist;
using store::must_match;
using store::must_not_exist;
using testing::ElementsAre;
using testing::IsEmpty;

class devices : public contract {
protected:
    std::vector<std::string> listed(std::string_view after, std::size_t limit) {
        std::vector<std::string> ids;
        for (const store::device& value : store_->devices().list(after, limit))
            ids.push_back(value.id);
        return ids;
    }
};
INSTANTIATE_TEST_SUITE_P(both, devices, testing::Values("memory", "rocksdb"), [](const auto& of) { return of.param; });

TEST_P(devices, a_new_registry_is_empty) {
    EXPECT_FALSE(store_->devices().find("pump"));
    EXPECT_THAT(listed("", 10), IsEmpty());
    EXPECT_EQ(store_->devices().count().total, 0u);
}

TEST_P(devices, what_is_put_is_found_as_it_was) {
    store::device value = device_of("pump", false);
    value.generation_id = "637";
    value.etag = "ignored";
    value.status_reason = "stolen \"twice\" \xe3\x83\x9d";
    value.status_updated = at_ms(1'700'000'000'123);
    value.authentication = store::authentication_type::self_signed;
    value.primary_key = "cA==";
    value.secondary_key = "cw==";
    value.primary_thumbprint = "AB";
    value.secondary_thumbprint = "CD";
    value.edge = true;
    value.scope = "ms-azure-iot-edge://pump-637";
    value.parent_scopes = {"one", "two"};
    const store::device given = ask_->put(value, must_not_exist{}).value();
    const std::optional<store::device> found = store_->devices().find("pump");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->etag, given.etag);
    EXPECT_NE(found->etag, "ignored");
    EXPECT_EQ(found->generation_id, "637");
    EXPECT_FALSE(found->enabled);
    EXPECT_EQ(found->status_reason, value.status_reason);
    EXPECT_EQ(found->status_updated, value.status_updated);
    EXPECT_EQ(found->authentication, value.authentication);
    EXPECT_EQ(found->primary_key, "cA==");
    EXPECT_EQ(found->secondary_key, "cw==");
    EXPECT_EQ(found->primary_thumbprint, "AB");
    EXPECT_EQ(found->secondary_thumbprint, "CD");
    EXPECT_TRUE(found->edge);
    EXPECT_EQ(found->scope, value.scope);
    EXPECT_THAT(found->parent_scopes, ElementsAre("one", "two"));
}

TEST_P(devices, modules_are_found_beside_their_device) {
    ASSERT_TRUE(ask_->put(device_of("pump"), must_not_exist{}));
    ASSERT_TRUE(ask_->put(device_of("pump-2"), must_not_exist{}));
    for (const char* module : {"b", "a"}) {
        auto value = device_of(store::module_key("pump", module));
        value.managed_by = "me";
        ASSERT_TRUE(ask_->put(value, must_not_exist{}));
    }
    EXPECT_EQ(ask_->put(device_of(store::module_key("pump", "a")), must_not_exist{}).error().code, errc::already_exists);
    EXPECT_EQ(store_->devices().find_module("pump", "a")->managed_by, "me");
    EXPECT_FALSE(store_->devices().find_module("pump-2", "a"));
    EXPECT_FALSE(store_->devices().find("pump/a")) << "a module is no device";
    EXPECT_EQ(store_->devices().list_modules("pump").size(), 2u);
    EXPECT_EQ(store_->devices().list_modules("pump").front().id, "pump/a");
    EXPECT_THAT(listed("", 10), ElementsAre("pump", "pump-2"));
    EXPECT_THAT(listed("pump", 1), ElementsAre("pump-2"));
    EXPECT_EQ(store_->devices().count().total, 2u);
}

TEST_P(devices, modules_need_their_device_and_go_with_it) {
    EXPECT_EQ(ask_->put(device_of(store::module_key("pump", "a")), must_not_exist{}).error().code, errc::not_found);
    for (const char* id : {"pump", "pump/a", "pump/b", "pump2", "pump2/a"})
        ASSERT_TRUE(ask_->put(device_of(id), must_not_exist{})) << id;
    ASSERT_TRUE(ask_->remove_device("pump/b", must_exist{}));
    EXPECT_EQ(store_->devices().list_modules("pump").size(), 1u);
    EXPECT_EQ(store_->devices().count().total, 2u);
    ASSERT_TRUE(ask_->remove_device("pump", must_exist{}));
    EXPECT_FALSE(store_->devices().find_module("pump", "a"));
    EXPECT_TRUE(store_->devices().find_module("pump2", "a"));
    ASSERT_TRUE(ask_->put(device_of("pump"), must_not_exist{}));
    EXPECT_THAT(store_->devices().list_modules("pump"), IsEmpty());
    EXPECT_EQ(store_->devices().count().total, 2u);
}

TEST_P(devices, a_modules_commands_go_with_it_and_with_its_device) {
    for (const char* id : {"pump", "pump/a", "pump/b", "pump2", "pump2/a"}) {
        ASSERT_TRUE(ask_->put(device_of(id), must_not_exist{}));
        ASSERT_TRUE(ask_->put(id, command_of(1, 9'000'000, "open")));
    }
    ASSERT_TRUE(ask_->remove_device("pump/a", must_exist{}));
    EXPECT_THAT(ask_->expiring(10'000'000), ElementsAre("pump/1", "pump/b/1", "pump2/1", "pump2/a/1"));
    ASSERT_TRUE(ask_->remove_device("pump", must_exist{}));
    EXPECT_THAT(ask_->expiring(10'000'000), ElementsAre("pump2/1", "pump2/a/1"));
}

TEST_P(devices, a_module_takes_nothing_of_its_device_along) {
    for (const char* id : {"pump", "pump/dead"})
        ASSERT_TRUE(ask_->put(device_of(id), must_not_exist{}));
    store::command dead = command_of(1, 9'000'000, "open");
    dead.died_of = store::feedback_status::rejected;
    ASSERT_TRUE(ask_->bury("pump", {dead}));
    ASSERT_TRUE(ask_->remove_device("pump/dead", must_exist{}));
    EXPECT_EQ(ask_->load(store::dead_letters_of("pump")).value().commands.size(), 1u);
}

TEST_P(devices, what_is_looked_up_is_what_was_written_last) {
    for (const std::string key : {"pump", "pump/a"}) {
        EXPECT_FALSE(store_->devices().look_up(key));
        ASSERT_TRUE(ask_->put(device_of(key), must_not_exist{}));
        const auto first = store_->devices().look_up(key);
        ASSERT_TRUE(first);
        EXPECT_TRUE(first->enabled);
        ASSERT_TRUE(ask_->put(device_of(key, false), must_exist{}));
        EXPECT_FALSE(store_->devices().look_up(key)->enabled);
        EXPECT_TRUE(first->enabled) << "who has it keeps it as it was";
    }
    ASSERT_TRUE(ask_->remove_device("pump", must_exist{}));
    EXPECT_FALSE(store_->devices().look_up("pump"));
    EXPECT_FALSE(store_->devices().look_up("pump/a"));
    EXPECT_FALSE(store_->devices().find("pump"));
}

TEST_P(devices, create_is_refused_for_an_id_that_is_there) {
    ASSERT_TRUE(ask_->put(device_of("pump"), must_not_exist{}));
    EXPECT_EQ(ask_->put(device_of("pump", false), must_not_exist{}).error().code, errc::already_exists);
    EXPECT_TRUE(store_->devices().find("pump")->enabled);
    EXPECT_TRUE(ask_->put(device_of("Pump"), must_not_exist{})) << "ids are case-sensitive";
}

TEST_P(devices, update_needs_the_device_and_its_etag) {
    EXPECT_EQ(ask_->put(device_of("pump"), must_exist{}).error().code, errc::not_found);
    EXPECT_EQ(ask_->put(device_of("pump"), must_match{"x"}).error().code, errc::not_found);
    const std::string first = ask_->put(device_of("pump"), must_not_exist{}).value().etag;
    const std::string second = ask_->put(device_of("pump", false), must_match{first}).value().etag;
    EXPECT_NE(first, second);
    EXPECT_EQ(ask_->put(device_of("pump"), must_match{first}).error().code, errc::precondition_failed);
    const std::string third = ask_->put(device_of("pump"), must_exist{}).value().etag;
    EXPECT_NE(second, third);
}

TEST_P(devices, remove_gives_back_what_was_there_and_obeys_its_condition) {
    EXPECT_EQ(ask_->remove_device("pump", must_exist{}).error().code, errc::not_found);
    const std::string etag = ask_->put(device_of("pump", false), must_not_exist{}).value().etag;
    EXPECT_EQ(ask_->remove_device("pump", must_match{"other"}).error().code, errc::precondition_failed);
    const store::device removed = ask_->remove_device("pump", must_match{etag}).value();
    EXPECT_EQ(removed.id, "pump");
    EXPECT_EQ(removed.etag, etag);
    EXPECT_FALSE(store_->devices().find("pump"));
    EXPECT_NE(ask_->put(device_of("pump"), must_not_exist{}).value().etag, etag) << "an etag never comes back";
}

TEST_P(devices, their_commands_go_with_them) {
    for (const std::string id : {"pump", "pump2"}) {
        ASSERT_TRUE(ask_->put(device_of(id), must_not_exist{}));
        ASSERT_TRUE(ask_->put(id, command_of(1, 1'000)));
        ASSERT_TRUE(ask_->put(id, command_of(2, 2'000)));
    }
    ASSERT_FALSE(ask_->remove_device("pump", must_match{"other"}));
    EXPECT_EQ(ask_->load("pump").value().commands.size(), 2u) << "it was not removed";
    ASSERT_TRUE(ask_->remove_device("pump", must_exist{}));
    EXPECT_THAT(ask_->load("pump").value().commands, IsEmpty());
    EXPECT_EQ(ask_->load("pump").value().next_sequence, 1u);
    EXPECT_THAT(ask_->expiring(9'000), ElementsAre("pump2/1", "pump2/2"));
}

TEST_P(devices, a_command_that_is_still_on_its_way_goes_too) {
    ASSERT_TRUE(ask_->put(device_of("pump"), must_not_exist{}));
    store_->commands().put("pump", command_of(1, 1'000), {queue_, [](store::outcome<void>) {}});
    ASSERT_TRUE(ask_->remove_device("pump", must_exist{}));
    EXPECT_THAT(ask_->load("pump").value().commands, IsEmpty());
    EXPECT_THAT(ask_->expiring(9'000), IsEmpty());
}

TEST_P(devices, they_are_listed_in_pages_by_ascending_id) {
    for (const std::string id : {"c", "a", "B", "b", "a-1"})
        ASSERT_TRUE(ask_->put(device_of(id), must_not_exist{}));
    EXPECT_THAT(listed("", 10), ElementsAre("B", "a", "a-1", "b", "c"));
    EXPECT_THAT(listed("", 2), ElementsAre("B", "a"));
    EXPECT_THAT(listed("a", 2), ElementsAre("a-1", "b"));
    EXPECT_THAT(listed("aa", 10), ElementsAre("b", "c"));
    EXPECT_THAT(listed("c", 10), IsEmpty());
}

TEST_P(devices, they_are_counted) {
    ASSERT_TRUE(ask_->put(device_of("a"), must_not_exist{}));
    ASSERT_TRUE(ask_->put(device_of("b", false), must_not_exist{}));
    ASSERT_TRUE(ask_->put(device_of("c"), must_not_exist{}));
    EXPECT_EQ(store_->devices().count().total, 3u);
    EXPECT_EQ(store_->devices().count().enabled, 2u);
    ASSERT_TRUE(ask_->put(device_of("a", false), must_exist{}));
    ASSERT_TRUE(ask_->put(device_of("b"), must_exist{}));
    ASSERT_TRUE(ask_->remove_device("c", must_exist{}));
    EXPECT_EQ(store_->devices().count().total, 2u);
    EXPECT_EQ(store_->devices().count().enabled, 1u);
}

TEST_P(devices, of_creates_at_the_same_time_one_wins) {
    constexpr int threads = 4;
    constexpr int ids = 50;
    std::array<std::array<int, 2>, threads> results{}; // refused, created
    std::vector<std::jthread> running;
    for (int thread = 0; thread < threads; ++thread)
        running.emplace_back([&, thread] {
            manual_run_queue home;
            for (int id = 0; id < ids; ++id)
                store_->devices().put(device_of("d" + std::to_string(id)), must_not_exist{},
                                      {home, [&](store::outcome<store::device> put) {
                                           ++results[thread][put ? 1 : 0];
                                           EXPECT_TRUE(put || put.error().code == errc::already_exists);
                                       }});
            EXPECT_TRUE(home.run_until([&] { return results[thread][0] + results[thread][1] == ids; }));
        });
    running.clear();
    EXPECT_EQ(results[0][1] + results[1][1] + results[2][1] + results[3][1], ids);
    EXPECT_EQ(store_->devices().count().total, static_cast<std::uint64_t>(ids));
}

TEST_P(devices, a_write_sees_the_one_that_is_still_on_its_way) {
    std::vector<std::string> answers;
    const auto reply = [&](std::string name) {
        return store::reply_to<store::device>{
            queue_, [&answers, name](store::outcome<store::device> result) { answers.push_back(name + (result ? " done" : " refused")); }};
    };
    store::device_registry& all = store_->devices();
    all.put(device_of("pump"), must_not_exist{}, reply("create"));
    all.put(device_of("pump"), must_not_exist{}, reply("create"));
    all.put(device_of("pump", false), must_exist{}, reply("update"));
    all.put(device_of("pump"), must_match{"old"}, reply("match"));
    all.remove("pump", must_exist{}, reply("remove"));
    all.remove("pump", must_exist{}, reply("remove"));
    ASSERT_TRUE(queue_.run_until([&] { return answers.size() == 6; }));
    EXPECT_THAT(answers, ElementsAre("create done", "create refused", "update done", "match refused", "remove done", "remove refused"));
    EXPECT_EQ(store_->devices().count().total, 0u);
    EXPECT_EQ(store_->devices().count().enabled, 0u);
}

TEST_P(devices, a_closed_store_refuses) {
    store_->close();
    EXPECT_EQ(ask_->put(device_of("pump"), must_not_exist{}).error().code, errc::closed);
    EXPECT_EQ(ask_->remove_device("pump", must_exist{}).error().code, errc::closed);
}

TEST_P(devices, have_so_many_modules_and_no_more_however_they_come) {
    ASSERT_TRUE(ask_->put(device_of("pump"), must_not_exist{}));
    ASSERT_TRUE(ask_->put(device_of("pump2"), must_not_exist{}));
    ASSERT_TRUE(ask_->put(device_of("pump2/other"), must_not_exist{}));
    // All at once: none of them is stored when the others are asked for.
    std::vector<std::optional<store::outcome<store::device>>> answers(store::modules_max + 3);
    for (std::size_t number = 0; number < answers.size(); ++number)
        store_->devices().put(device_of("pump/m" + std::to_string(number)), must_not_exist{},
                              {queue_, [&answers, number](store::outcome<store::device> result) { answers[number] = std::move(result); }});
    ASSERT_TRUE(queue_.run_until([&] { return std::ranges::all_of(answers, [](const auto& each) { return each.has_value(); }); }));
    const auto accepted = std::ranges::count_if(answers, [](const auto& each) { return each->has_value(); });
    EXPECT_EQ(static_cast<std::size_t>(accepted), store::modules_max);
    EXPECT_EQ(answers.back()->error().code, errc::too_many);
    EXPECT_TRUE(ask_->put(device_of("pump/m0", false), must_exist{})) << "a change makes no more of them";
    ASSERT_TRUE(ask_->remove_device("pump/m0", must_exist{}));
    EXPECT_TRUE(ask_->put(device_of("pump/new"), must_not_exist{}));
    EXPECT_TRUE(ask_->put(device_of("pump2/another"), must_not_exist{}));
}

TEST_P(devices, when_they_were_heard_of_is_kept_and_goes_with_them) {
    ASSERT_TRUE(ask_->put(device_of("pump"), must_not_exist{}));
    ASSERT_TRUE(ask_->put(device_of("pump/m"), must_not_exist{}));
    EXPECT_FALSE(store_->devices().activity("pump"));
    ASSERT_TRUE(ask_->keep_activity({{"pump", at_ms(7'000), at_ms(5'000)}, {"pump/m", at_ms(9'000), {}}, {"nobody", at_ms(1), at_ms(1)}}));
    EXPECT_EQ(store_->devices().activity("pump")->last, at_ms(7'000));
    EXPECT_EQ(store_->devices().activity("pump")->connection_changed, at_ms(5'000));
    EXPECT_EQ(store_->devices().activity("pump/m")->last, at_ms(9'000));
    EXPECT_FALSE(store_->devices().activity("nobody"));
    ASSERT_TRUE(ask_->remove_device("pump", must_exist{}));
    ASSERT_TRUE(ask_->put(device_of("pump"), must_not_exist{}));
    EXPECT_FALSE(store_->devices().activity("pump"));
    EXPECT_FALSE(store_->devices().activity("pump/m"));
}

} // namespace
} // namespace capstan::test
