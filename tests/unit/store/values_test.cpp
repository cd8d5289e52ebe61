#include "store/lmdb/records.hpp"
#include "store/rocksdb/values.hpp"

#include "store/registry_rules.hpp"
#include "store/rocksdb/device_json.hpp"
#include "store/rocksdb/keys.hpp"

namespace capstan::store {
namespace {

wall_time at_ms(std::int64_t milliseconds) { return wall_time(std::chrono::milliseconds(milliseconds)); }

/// Calls `decode` with every beginning of the value, and with a byte too many: none of them may be taken for a value.
template<class Decode> void expect_only_whole(bytes value, Decode decode) {
    EXPECT_TRUE(decode(bytes_view(value)));
    for (std::size_t size = 0; size < value.size(); ++size) {
        const bytes cut(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(decode(bytes_view(cut))) << size << " of " << value.size();
    }
    bytes longer = value;
    longer.push_back(0);
    EXPECT_FALSE(decode(bytes_view(longer))) << "one byte more";
    value[0] = 99;
    EXPECT_FALSE(decode(bytes_view(value))) << "another version";
}

TEST(values, only_whole_values_of_a_known_version_decode) {
    expect_only_whole(records::encode(partition_state{3, 9, at_ms(5)}), records::decode_state);
    expect_only_whole(values::encode_next(7), values::decode_next);
    expect_only_whole(values::encode(values::registry_state{{4, 2}, 17}), values::decode_registry_state);
    feedback_record record;
    record.original_message_id = "m";
    record.device_id = "d";
    record.generation_id = "g";
    expect_only_whole(values::encode(record), [](bytes_view value) { return values::decode_feedback(1, value); });
}

TEST(values, enumerations_on_disk_are_checked) {
    bytes feedback = values::encode(feedback_record{});
    feedback[9] = static_cast<std::uint8_t>(feedback_status::purged) + 1;
    EXPECT_FALSE(values::decode_feedback(1, feedback));
    bytes raw = values::encode(command{});
    raw[21] = static_cast<std::uint8_t>(ack_mode::full) + 1;
    EXPECT_FALSE(values::decode_command(1, raw));
    raw[21] = static_cast<std::uint8_t>(ack_mode::full);
    EXPECT_EQ(values::decode_command(5, raw)->sequence, 5u);
    raw.resize(22);
    EXPECT_FALSE(values::decode_command(5, raw));
}

TEST(values, a_record_is_checked_before_its_count_is_believed) {
    event_batch batch;
    batch.add(0, {}, {});
    batch.add(0, {}, {});
    bytes value = records::header(at_ms(77), 2);
    append(value, batch.framed());
    const auto record = records::decode(40, value);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->first, 40u);
    EXPECT_EQ(record->count, 2u);
    EXPECT_EQ(record->enqueued, at_ms(77));
    EXPECT_EQ(record->framed.size(), 8u);

    value[12] = 3; // events that take nine bytes at least
    EXPECT_FALSE(records::decode(40, value));
    value[12] = 0;
    EXPECT_FALSE(records::decode(40, value));
    value[12] = 2;
    value[0] = 9;
    EXPECT_FALSE(records::decode(40, value));
}

TEST(keys, sort_as_what_they_stand_for) {
    EXPECT_LT(keys::sequence(255), keys::sequence(256));
    EXPECT_LT(keys::command("a", ~std::uint64_t{0}), keys::device_end("a"));
    EXPECT_LE(keys::device_end("a"), keys::device_head("a!"));
    EXPECT_LT(keys::expiry(at_ms(1), "z", 9), keys::expiry(at_ms(2), "a", 1));
    EXPECT_EQ(keys::expiry_time(at_ms(-5)), keys::expiry_time(at_ms(0)));
}

TEST(device_json, unknown_members_are_passed_over_and_missing_ones_have_their_default) {
    const auto device = device_from_json(R"({"id":"pump","color":"red","enabled":false})");
    ASSERT_TRUE(device);
    EXPECT_EQ(device->id, "pump");
    EXPECT_FALSE(device->enabled);
    EXPECT_EQ(device->authentication, authentication_type::sas);
    EXPECT_EQ(device->primary_key, "");
}

TEST(device_json, damage_is_noticed) {
    for (const char* text :
         {"", "{", "[]", "null", "{}", R"({"id":""})", R"({"id":1})", R"({"id":"a","enabled":1})", R"({"id":"a","authentication":9})",
          R"({"id":"a","authentication":256})", R"({"id":"a","authentication":-1})", R"({"id":"a","parentScopes":[1]})", R"({"id":"a"} x)"})
        EXPECT_FALSE(device_from_json(text)) << text;
}

TEST(registry_rules, etags_look_like_azures) {
    EXPECT_EQ(etag_of(1), "AAAAAAAAAAE=");
    EXPECT_EQ(etag_of(2), "AAAAAAAAAAI=");
    EXPECT_EQ(etag_of(0x0102030405060708), "AQIDBAUGBwg=");
    EXPECT_EQ(etag_of(~std::uint64_t{0}), "//////////8=");
}

} // namespace
} // namespace capstan::store
