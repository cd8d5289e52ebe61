// The checksum of RocksDB's log is the one that its file format wants, and RocksDB calls ours.

#include <string>

#include <dlfcn.h>

#include <boost/crc.hpp>
#include <gtest/gtest.h>

#include "store/rocksdb/crc32c.hpp"

namespace capstan::store {
namespace {

using rocksdb::crc32c::Extend;
using reference = boost::crc_optimal<32, 0x1edc6f41, 0xffffffff, 0xffffffff, true, true>;

TEST(crc32c, is_that_of_the_standards_example) { EXPECT_EQ(Extend(0, "123456789", 9), 0xe3069283u); }

TEST(crc32c, is_right_for_all_lengths_and_places) {
    std::string text(100, '\0');
    for (std::size_t at = 0; at < text.size(); ++at)
        text[at] = static_cast<char>(at * 151);
    for (std::size_t begin = 0; begin < 9; ++begin) {
        for (std::size_t size = 0; begin + size <= text.size(); ++size) {
            reference sum;
            sum.process_bytes(text.data() + begin, size);
            ASSERT_EQ(Extend(0, text.data() + begin, size), sum.checksum()) << begin << ' ' << size;
        }
    }
}

TEST(crc32c, is_right_for_long_texts) { // which are summed in another way
    std::string text(300'001, '\0');
    for (std::size_t at = 0; at < text.size(); ++at)
        text[at] = static_cast<char>(at * 151 + at / 1000);
    for (const std::size_t size : {511u, 512u, 1023u, 1024u, 4095u, 4096u, 32'761u, 262'144u, 300'000u}) {
        reference sum;
        sum.process_bytes(text.data() + 1, size);
        EXPECT_EQ(Extend(0, text.data() + 1, size), sum.checksum()) << size;
    }
}

TEST(crc32c, goes_on_from_a_sum) {
    const std::string text = "what was summed before, and what comes behind it";
    for (std::size_t cut = 0; cut <= text.size(); ++cut)
        ASSERT_EQ(Extend(Extend(0, text.data(), cut), text.data() + cut, text.size() - cut), Extend(0, text.data(), text.size()));
}

TEST(crc32c, is_what_the_library_finds_under_the_name) {
    const auto* const found = dlsym(RTLD_DEFAULT, "_ZN7rocksdb6crc32c6ExtendEjPKcm");
    EXPECT_EQ(found, reinterpret_cast<const void*>(&Extend));
}

} // namespace
} // namespace capstan::store
