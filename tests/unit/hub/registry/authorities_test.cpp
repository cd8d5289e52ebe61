// Authorities of devices: what is taken, what proves them, who is told.

#include "hub/registry/authorities.hpp"

#include <fstream>

#include <gmock/gmock.h>

#include "support/manual_clock.hpp"
#include "unit/authority.hpp"

namespace capstan::hub {
namespace {

using namespace std::chrono_literals;
std::string content_of(const std::filesystem::path& file) {
    std::ifstream from(file);
    return {std::istreambuf_iterator<char>(from), {}};
}

struct authorities_test : testing::Test {
    using reason = authorities::refusal::reason;
    authorities_test() {
        clock.advance(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) - clock.now());
        known.save = [this](const std::vector<authority>& all) -> std::expected<void, std::string> {
            if (disk_full)
                return std::unexpected("the disk is full");
            kept = all;
            return {};
        };
        known.on_trust_changed = [this](const std::string& pem) { trusted.push_back(pem); };
    }
    std::string ca() { return content_of(made.file()); }
    /// Of the code that is there now, or of another.
    std::string proof(const std::string& code) { return content_of(made.issue(code, "").certificate); }
    static reason why(const authorities::changed& result) { return result.error().why; }

    test::authority made;
    test::manual_clock clock;
    authorities known{clock};
    std::vector<authority> kept;
    std::vector<std::string> trusted;
    bool disk_full = false;
};

TEST_F(authorities_test, are_registered_proved_and_removed) {
    const auto first = known.put("plant", ca(), false, store::must_not_exist{});
    ASSERT_TRUE(first) << first.error().text;
    EXPECT_FALSE(first->verified);
    EXPECT_TRUE(trusted.empty()) << "nothing is proved yet";
    const auto asked = known.generate_code("PLANT", store::must_match{first->etag});
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->code.size(), 48u);
    const auto verified = known.verify("plant", proof(asked->code), store::must_match{asked->etag});
    ASSERT_TRUE(verified) << verified.error().text;
    EXPECT_TRUE(verified->verified);
    EXPECT_EQ(verified->code, "");
    EXPECT_EQ(trusted, std::vector{ca()});
    EXPECT_EQ(pem_of_verified(kept), ca());
    ASSERT_TRUE(known.remove("plant", store::must_exist{}));
    EXPECT_EQ(trusted.back(), "");
    EXPECT_TRUE(kept.empty());
}

TEST_F(authorities_test, are_not_proved_by_what_is_no_proof) {
    ASSERT_TRUE(known.put("plant", ca(), false, store::must_not_exist{}));
    EXPECT_EQ(why(known.verify("plant", proof("x"), store::must_exist{})), reason::invalid) << "no code yet";
    const auto code = known.generate_code("plant", store::must_exist{})->code;
    test::authority other;
    const std::pair<std::string, std::string> rows[] = {
        {"no certificate", "rubbish"},
        {"another code", proof("1234")},
        {"another's signature", content_of(other.issue(code, "").certificate)},
        {"its own signature", content_of(made.self_signed(code, "").certificate)},
        {"an old one", content_of(made.issue(code, "", -60).certificate)},
    };
    for (const auto& [what, given] : rows)
        EXPECT_EQ(why(known.verify("plant", given, store::must_exist{})), reason::invalid) << what;
    EXPECT_TRUE(trusted.empty());
    const auto before = code;
    const auto next = known.generate_code("plant", store::must_exist{})->code;
    EXPECT_EQ(why(known.verify("plant", proof(before), store::must_exist{})), reason::invalid) << "of a code that was replaced";
    EXPECT_TRUE(known.verify("plant", proof(next), store::must_exist{}));
    EXPECT_EQ(why(known.verify("plant", proof(next), store::must_exist{})), reason::invalid) << "a code is good once";
}

TEST_F(authorities_test, another_certificate_has_to_be_proved_anew) {
    ASSERT_TRUE(known.put("plant", ca(), true, store::must_not_exist{})) << "as Azure's --verified";
    EXPECT_EQ(trusted, std::vector{ca()});
    test::authority other;
    EXPECT_EQ(why(known.put("plant", content_of(other.file()), false, store::must_not_exist{})), reason::exists);
    EXPECT_EQ(why(known.put("plant", content_of(other.file()), false, store::must_match{"stale"})), reason::precondition_failed);
    const auto changed = known.put("plant", content_of(other.file()), false, store::must_exist{});
    ASSERT_TRUE(changed);
    EXPECT_FALSE(changed->verified);
    EXPECT_EQ(trusted.back(), "");
}

TEST_F(authorities_test, refuse_what_cannot_be) {
    const auto put = [&](std::string_view name, const std::string& certificate) {
        return known.put(name, certificate, false, store::must_not_exist{});
    };
    EXPECT_EQ(why(put("plant", "rubbish")), reason::invalid);
    EXPECT_EQ(why(put("plant", content_of(made.issue("leaf", "").certificate))), reason::invalid) << "no authority";
    for (const auto& name : {std::string(), std::string("a/b"), std::string("a b"), std::string(65, 'a')})
        EXPECT_EQ(why(put(name, ca())), reason::invalid) << name;
    EXPECT_EQ(why(known.remove("none", store::must_exist{})), reason::not_found);
    for (std::size_t count = 0; count < authorities::most; ++count)
        EXPECT_TRUE(put("ca" + std::to_string(count), ca()));
    EXPECT_EQ(why(put("more", ca())), reason::too_many);
    disk_full = true;
    EXPECT_EQ(why(known.remove("ca0", store::must_exist{})), reason::not_saved);
    EXPECT_TRUE(known.find("ca0"));
}

} // namespace
} // namespace capstan::hub
