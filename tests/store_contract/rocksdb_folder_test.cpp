// Folders that are refused, and with which words: never a silent fallback.

#include <unistd.h>

#include <rocksdb/db.h>

#include "contract.hpp"
#include "store/rocksdb/keys.hpp"

namespace capstan::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class rocksdb_folder : public testing::Test {
protected:
    store::outcome<std::unique_ptr<store::store>> open(store::partition_id partitions = 2) {
        return store::open_rocksdb_store(clock_, {folder_ / "data", partitions});
    }
    void make_store() {
        auto made = open();
        ASSERT_TRUE(made) << made.error().text;
        asking ask(**made, queue_);
        ASSERT_TRUE(ask.append(0, batch_of({"kept"})));
        ASSERT_TRUE(ask.put("pump", command_of(1, 1'000)));
        ASSERT_TRUE(ask.put(device_of("pump"), store::must_not_exist{}));
        ASSERT_TRUE(ask.remove("fan", {}, {store::feedback_record{}}));
        (*made)->close();
    }
    /// Writes to the closed store behind its back.
    void overwrite(const std::string& family, const std::string& key, const std::string& value) {
        std::vector<std::string> names;
        ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, folder_ / "data/store", &names).ok());
        std::vector<rocksdb::ColumnFamilyDescriptor> families;
        for (const std::string& name : names)
            families.emplace_back(name, rocksdb::ColumnFamilyOptions{});
        std::vector<rocksdb::ColumnFamilyHandle*> handles;
        rocksdb::DB* raw = nullptr;
        ASSERT_TRUE(rocksdb::DB::Open({}, folder_ / "data/store", families, &handles, &raw).ok());
        const std::unique_ptr<rocksdb::DB> db(raw);
        for (rocksdb::ColumnFamilyHandle* handle : handles) {
            EXPECT_TRUE(handle->GetName() != family || db->Put({}, handle, key, value).ok());
            db->DestroyColumnFamilyHandle(handle);
        }
    }
    /// One bit of an event, in the file of the closed store.
    void damage(std::string_view text) {
        std::string content = folder_.read("data/events/00000001");
        const std::size_t at = content.rfind(text); // a page that is no longer in use may hold it, too
        ASSERT_NE(at, content.npos);
        for (std::size_t copy = content.find(text); copy != content.npos; copy = content.find(text, copy + 1))
            content[copy] = static_cast<char>(content[copy] ^ 1);
        folder_.write("data/events/00000001", content);
    }
    std::string refusal(store::partition_id partitions = 2) {
        const auto opened = open(partitions);
        return opened ? "it was opened" : opened.error().text;
    }

    temporary_folder folder_;
    manual_clock clock_;
    manual_run_queue queue_;
};

TEST_F(rocksdb_folder, a_folder_that_is_missing_is_made) {
    EXPECT_TRUE(open());
    EXPECT_EQ(folder_.read("data/CAPSTAN"), "{\"format\":3,\"partitions\":2,\"complete\":true}\n");
    EXPECT_FALSE(fs::exists(folder_ / "data/CAPSTAN.new"));
}

TEST_F(rocksdb_folder, files_of_the_hub_do_not_make_it_foreign) {
    for (const char* name : {"lock", "hub.json", "hub.json.new", "endpoints.json", "tls/ca.pem", "lost+found/x"})
        folder_.write(fs::path("data") / name, "");
    EXPECT_TRUE(open());
}

TEST_F(rocksdb_folder, somebodys_documents_are_left_alone) {
    folder_.write("data/thesis.tex", "all my work");
    EXPECT_THAT(refusal(), HasSubstr("is not empty and not a Capstan data folder: it holds 'thesis.tex'"));
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "data"), fs::directory_iterator()), 1);
}

TEST_F(rocksdb_folder, documents_beside_a_store_do_no_harm) {
    make_store();
    folder_.write("data/notes.txt", "");
    EXPECT_TRUE(open());
}

TEST_F(rocksdb_folder, a_store_without_its_marker_is_refused) {
    make_store();
    fs::remove(folder_ / "data/CAPSTAN");
    EXPECT_THAT(refusal(), HasSubstr("holds a store but no file CAPSTAN"));
}

TEST_F(rocksdb_folder, a_marker_without_its_store_is_refused) {
    make_store();
    fs::remove_all(folder_ / "data/store");
    EXPECT_THAT(refusal(), HasSubstr("is missing or incomplete"));
    EXPECT_FALSE(fs::exists(folder_ / "data/store")) << "an empty store in its place would hide the loss";
}

TEST_F(rocksdb_folder, a_store_without_its_events_is_refused) {
    make_store();
    fs::remove_all(folder_ / "data/events");
    EXPECT_THAT(refusal(), HasSubstr("the events are missing"));
    EXPECT_THAT(refusal(), HasSubstr("the events are missing")) << "and none are put in their place";
}

TEST_F(rocksdb_folder, another_format_is_refused) {
    make_store();
    folder_.write("data/CAPSTAN", R"({"format":2,"partitions":2,"complete":true})");
    EXPECT_THAT(refusal(), HasSubstr("has store format 2; this program reads format 3"));
}

TEST_F(rocksdb_folder, another_number_of_partitions_is_refused) {
    make_store();
    EXPECT_THAT(refusal(3), HasSubstr("was made with 2 partitions and cannot have 3"));
    EXPECT_THAT(refusal(1), HasSubstr("was made with 2 partitions and cannot have 1"));
}

TEST_F(rocksdb_folder, a_damaged_marker_is_refused) {
    make_store();
    for (const char* text : {"", "{", "[]", "{}", R"({"format":"1","partitions":2,"complete":true})", R"({"format":1.5})"}) {
        folder_.write("data/CAPSTAN", text);
        EXPECT_THAT(refusal(), HasSubstr("CAPSTAN is damaged")) << text;
    }
}

TEST_F(rocksdb_folder, one_that_is_in_use_is_refused) {
    const auto first = open();
    ASSERT_TRUE(first);
    EXPECT_THAT(refusal(), HasSubstr("is in use by another process"));
}

TEST_F(rocksdb_folder, a_making_that_was_cut_short_is_begun_anew) {
    folder_.write("data/CAPSTAN", R"({"format":3,"partitions":2,"complete":false})");
    EXPECT_TRUE(open());
    folder_.write("data/CAPSTAN", R"({"format":3,"partitions":2,"complete":false})");
    EXPECT_TRUE(open()) << "only the marker was missing";
}

TEST_F(rocksdb_folder, a_file_in_its_place_is_refused) {
    folder_.write("data", "");
    EXPECT_THAT(refusal(), HasSubstr("data"));
    EXPECT_NE(refusal(), "it was opened");
}

TEST_F(rocksdb_folder, one_that_may_not_be_read_or_written_is_refused) {
    if (::geteuid() == 0)
        GTEST_SKIP() << "nothing is forbidden to root";
    make_store();
    fs::permissions(folder_ / "data/CAPSTAN", fs::perms::none);
    EXPECT_THAT(refusal(), HasSubstr("ermission denied"));
    fs::permissions(folder_ / "data/CAPSTAN", fs::perms::owner_all);
    fs::permissions(folder_ / "data/store", fs::perms::owner_read | fs::perms::owner_exec);
    EXPECT_THAT(refusal(), HasSubstr("ermission denied"));
    fs::permissions(folder_ / "data/store", fs::perms::owner_all);
}

TEST_F(rocksdb_folder, a_damaged_database_is_refused) {
    make_store();
    const std::string current = folder_.read("data/store/CURRENT");
    folder_.write("data/store/CURRENT", "nonsense");
    EXPECT_THAT(refusal(), HasSubstr("cannot open the store"));
    folder_.write("data/store/CURRENT", current);
    const std::string manifest = current.substr(0, current.size() - 1);
    folder_.write("data/store/" + manifest, folder_.read("data/store/" + manifest).replace(20, 4, "xxxx"));
    EXPECT_THAT(refusal(), HasSubstr("Corruption"));
}

TEST_F(rocksdb_folder, a_table_that_is_gone_is_refused) {
    make_store();
    for (const auto& entry : fs::directory_iterator(folder_ / "data/store"))
        if (entry.path().extension() == ".sst")
            fs::remove(entry.path());
    EXPECT_THAT(refusal(), HasSubstr("cannot open the store"));
}

TEST_F(rocksdb_folder, what_tells_where_the_numbers_go_on_must_decode) {
    make_store();
    damage("kept");
    const auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, store::errc::corrupt);
    EXPECT_THAT(opened.error().text, HasSubstr("partition 0, the record of event 0 does not decode"));
}

TEST_F(rocksdb_folder, damaged_state_is_refused) {
    for (const std::string& key : {std::string(store::keys::feedback_state), std::string(store::keys::registry_state)}) {
        fs::remove_all(folder_ / "data");
        make_store();
        overwrite("default", key, "damaged");
        EXPECT_THAT(refusal(), HasSubstr("does not decode: 7 bytes")) << key;
    }
}

TEST_F(rocksdb_folder, damaged_values_are_reported_by_who_reads_them) {
    make_store();
    overwrite("commands", store::keys::command("pump", 1), "damaged");
    overwrite("feedback", store::keys::sequence(1), "damaged");
    overwrite("registry", "pump", "damaged");
    overwrite("expiry", "x", "");
    const auto opened = open();
    ASSERT_TRUE(opened) << opened.error().text;
    asking ask(**opened, queue_);
    EXPECT_THAT(ask.load("pump").error().text, HasSubstr("command 1 of the device 'pump' does not decode: 7 bytes"));
    EXPECT_EQ(ask.remove("pump", {1}).error().code, store::errc::corrupt);
    EXPECT_EQ(ask.drop("pump").error().code, store::errc::corrupt);
    EXPECT_THAT(ask.feedback().error().text, HasSubstr("feedback record 1 does not decode"));
    EXPECT_FALSE((*opened)->devices().find("pump"));
    EXPECT_EQ(ask.put(device_of("pump"), store::must_exist{}).error().code, store::errc::corrupt);
    EXPECT_FALSE((*opened)->trouble()) << "the store goes on with all the rest";
    EXPECT_TRUE(ask.put("pump", command_of(2, 1'000)));
    (*opened)->close();
    queue_.drain();
}

TEST_F(rocksdb_folder, a_damaged_record_is_reported_and_what_lies_before_it_is_read) {
    make_store();
    {
        const auto opened = open();
        ASSERT_TRUE(opened);
        asking ask(**opened, queue_);
        ASSERT_TRUE(ask.append(0, batch_of({"damaged soon"})));
        ASSERT_TRUE(ask.append(0, batch_of({"good"})));
        (*opened)->close();
    }
    damage("damaged soon");
    const auto opened = open();
    ASSERT_TRUE(opened) << opened.error().text;
    asking ask(**opened, queue_);
    EXPECT_THAT(texts_of(ask.read(0, 0).value()), testing::ElementsAre("kept"));
    EXPECT_EQ(ask.read(0, 1).error().code, store::errc::corrupt);
    EXPECT_THAT(ask.read(0, 1).error().text, HasSubstr("partition 0, the record of event 1 does not decode"));
    EXPECT_THAT(texts_of(ask.read(0, 2).value()), testing::ElementsAre("good"));
    (*opened)->close();
    queue_.drain();
}

} // namespace
} // namespace capstan::test
