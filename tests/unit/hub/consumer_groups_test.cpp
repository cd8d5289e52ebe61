#include "hub/telemetry/consumer_groups.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan::hub {
namespace {

using refusal = consumer_groups::refusal;
using testing::ElementsAre;

TEST(consumer_groups, are_made_and_removed_and_kept) {
    consumer_groups groups({"old"}, 20);
    std::vector<std::vector<std::string>> kept;
    groups.save = [&](const std::vector<std::string>& names) -> std::expected<void, std::string> {
        return kept.push_back(names), std::expected<void, std::string>();
    };
    EXPECT_TRUE(groups.create("alarms"));
    EXPECT_THAT(groups.all(), ElementsAre("$Default", "old", "alarms"));
    EXPECT_TRUE(groups.contains("ALARMS"));
    EXPECT_TRUE(groups.contains("$default"));
    EXPECT_TRUE(groups.remove("Old"));
    EXPECT_FALSE(groups.contains("old"));
    EXPECT_THAT(kept, ElementsAre(ElementsAre("old", "alarms"), ElementsAre("alarms")));
}

TEST(consumer_groups, refuse_what_cannot_be) {
    consumer_groups groups({"there"}, 20);
    EXPECT_EQ(groups.create("There").error(), refusal::exists);
    EXPECT_EQ(groups.create("$default").error(), refusal::exists);
    EXPECT_EQ(groups.remove("$Default").error(), refusal::invalid);
    EXPECT_EQ(groups.remove("none").error(), refusal::not_found);
    for (const auto& name :
         {std::string(), std::string("a/b"), std::string("-a"), std::string("a."), std::string("gr\xc3\xbc"), std::string(51, 'a')})
        EXPECT_EQ(groups.create(name).error(), refusal::invalid) << name;
}

/// contract/semantics.md, 3.2: 20, $Default among them.
TEST(consumer_groups, as_many_as_may_be_with_the_one_that_is_always_there) {
    consumer_groups groups({}, 20);
    for (int i = 1; i < 20; ++i)
        EXPECT_TRUE(groups.create("g" + std::to_string(i)));
    EXPECT_EQ(groups.all().size(), 20u);
    EXPECT_EQ(groups.create("more").error(), refusal::too_many);
    EXPECT_EQ(groups.create("G1").error(), refusal::exists);
    EXPECT_TRUE(groups.remove("g1"));
    EXPECT_TRUE(groups.create("more"));
}

TEST(consumer_groups, of_before_stay_when_fewer_are_allowed) {
    consumer_groups groups({"a", "b", "c"}, 2);
    EXPECT_EQ(groups.all().size(), 4u);
    EXPECT_EQ(groups.create("d").error(), refusal::too_many);
}

TEST(consumer_groups, of_the_configuration_stay_and_are_not_kept_twice) {
    consumer_groups groups({"screens"}, 20);
    groups.adopt({"mine", "Screens"});
    std::vector<std::string> kept;
    groups.save = [&](const std::vector<std::string>& names) {
        kept = names;
        return std::expected<void, std::string>();
    };
    EXPECT_EQ(groups.all(), (std::vector<std::string>{"$Default", "screens", "mine"}));
    EXPECT_EQ(groups.create("SCREENS").error(), refusal::exists);
    EXPECT_EQ(groups.remove("screens").error(), refusal::configured);
    EXPECT_TRUE(groups.create("more"));
    EXPECT_EQ(kept, (std::vector<std::string>{"mine", "more"}));
    EXPECT_TRUE(groups.remove("mine"));
    EXPECT_EQ(kept, (std::vector<std::string>{"more"}));
    EXPECT_TRUE(groups.contains("screens"));
    EXPECT_FALSE(groups.contains("mine"));
}

TEST(consumer_groups, what_cannot_be_kept_is_not_made) {
    consumer_groups groups({}, 20);
    groups.save = [](const std::vector<std::string>&) -> std::expected<void, std::string> { return std::unexpected("the disk is full"); };
    EXPECT_EQ(groups.create("alarms").error(), refusal::not_saved);
    EXPECT_FALSE(groups.contains("alarms"));
}

} // namespace
} // namespace capstan::hub
