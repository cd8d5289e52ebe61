#include "server/authorities_file.hpp"

#include <gmock/gmock.h>

#include "support/temporary_folder.hpp"

namespace capstan::server {
namespace {

TEST(authorities_file, keeps_all_of_them) {
    const test::temporary_folder folder;
    const auto file = folder / "authorities.json";
    EXPECT_TRUE(read_authorities(file).value().empty()) << "there is none yet";
    const auto at = [](int seconds) { return wall_time(std::chrono::seconds(seconds)); };
    const std::vector<hub::authority> all = {{"plant", "-----BEGIN..\n", "etag", true, "", at(1), at(2)},
                                             {"office", "pem", "other", false, "CODE", at(3), at(4)}};
    ASSERT_TRUE(write_authorities(file, all));
    const auto read = read_authorities(file).value();
    ASSERT_EQ(read.size(), 2u);
    for (std::size_t index = 0; index < 2; ++index) {
        const auto &is = read[index], &was = all[index];
        EXPECT_EQ(std::tie(is.name, is.pem, is.etag, is.verified, is.code, is.created, is.updated),
                  std::tie(was.name, was.pem, was.etag, was.verified, was.code, was.created, was.updated));
    }
}

TEST(authorities_file, that_is_damaged_is_named) {
    const test::temporary_folder folder;
    for (const auto* content : {"", "{", R"({"version":2,"certificates":[]})", R"({"version":1,"certificates":[{"name":"x"}]})"}) {
        const auto file = folder.write("authorities.json", content);
        const auto read = read_authorities(file);
        ASSERT_FALSE(read) << content;
        EXPECT_THAT(read.error(), testing::HasSubstr("authorities.json is corrupt")) << content;
    }
}

} // namespace
} // namespace capstan::server
