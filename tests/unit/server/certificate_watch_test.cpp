// The certificates of a hub that runs: what is loaded anew, when, and what is not.
#include "server/certificate_watch.hpp"

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "server/x509.hpp"
#include "support/temporary_folder.hpp"

namespace capstan::server {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

constexpr wall_time watch_begins{std::chrono::seconds(1'800'000'000)};

class certificate_watch_test : public testing::Test {
protected:
    certificate_watch_test() : log_before_(spdlog::default_logger()) {
        spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(log_)));
    }
    ~certificate_watch_test() override { spdlog::set_default_logger(log_before_); }

    /// A certificate with its key, written in place of those that are there.
    void operator_writes(const std::string& name, wall_time valid_from = watch_begins, const std::string& stem = "given") {
        const auto key = make_key();
        const auto authority = make_ca(*key, valid_from);
        const auto made = make_server_certificate(*key, issuer{*authority, *key}, {name}, valid_from);
        folder_.write(stem + ".pem", to_pem(*made));
        folder_.write(stem + ".key", to_pem(*key));
    }
    tls_sources given() {
        tls_sources from;
        from.given.certificate = folder_ / "given.pem";
        from.given.key = folder_ / "given.key";
        return from;
    }
    tls_sources own() { return {.given = {}, .own_folder = folder_ / "tls", .hostnames = {"hub.example"}}; }

    void start(tls_sources from) { watch_ = certificate_watch::start(std::move(from), now_).value(); }
    /// Often enough that what has changed is seen, and is seen to be still.
    void look_on() {
        for (int second = 0; second < 3; ++second)
            watch_->look(now_ += 1s, false);
    }
    const X509& in_use() const { return *SSL_CTX_get0_certificate(watch_->tls().get()->native()); }
    bool serves(const std::string& name) const { return has_name(in_use(), name); }
    std::string log() { return std::exchange(log_, std::ostringstream()).str(); }
    std::size_t said(const std::string& text) {
        std::size_t times = 0;
        const auto all = log_.str();
        for (auto at = all.find(text); at != all.npos; at = all.find(text, at + 1))
            ++times;
        return times;
    }

    test::temporary_folder folder_;
    wall_time now_ = watch_begins;
    std::unique_ptr<certificate_watch> watch_;
    std::ostringstream log_;

private:
    std::shared_ptr<spdlog::logger> log_before_;
};

TEST_F(certificate_watch_test, files_that_change_are_loaded_and_connections_keep_what_they_had) {
    operator_writes("old.example");
    start(given());
    const auto old_connections = watch_->tls().get();
    look_on();
    EXPECT_EQ(watch_->tls().get(), old_connections) << "nothing has changed";
    operator_writes("new.example");
    look_on();
    EXPECT_TRUE(serves("new.example"));
    EXPECT_TRUE(has_name(*SSL_CTX_get0_certificate(old_connections->native()), "old.example"));
    const auto loaded = watch_->tls().get();
    look_on();
    EXPECT_EQ(watch_->tls().get(), loaded) << "loaded once";
}

TEST_F(certificate_watch_test, waits_until_both_files_are_there) {
    operator_writes("old.example");
    start(given());
    const auto old_key = folder_.read("given.key");
    operator_writes("new.example");
    const auto new_key = folder_.read("given.key");
    folder_.write("given.key", old_key);
    watch_->look(now_ += 1s, false); // between two copies
    folder_.write("given.key", new_key);
    look_on();
    EXPECT_TRUE(serves("new.example"));
    EXPECT_EQ(said("error"), 0u) << log();
}

TEST_F(certificate_watch_test, is_asked_and_does_not_wait) {
    operator_writes("old.example");
    start(given());
    operator_writes("new.example");
    watch_->look(now_, true);
    EXPECT_TRUE(serves("new.example"));
}

TEST_F(certificate_watch_test, what_cannot_be_used_is_said_once_and_changes_nothing) {
    struct row {
        const char* what;
        std::function<void()> breaks;
        std::string said;
    };
    const std::vector<row> rows = {
        {"rubbish", [&] { folder_.write("given.pem", "rubbish"); }, "given.pem is not a certificate"},
        {"another's key", [&] { folder_.write("given.key", to_pem(*make_key())); }, "given.key does not belong to the certificate"},
        {"no key", [&] { std::filesystem::remove(folder_ / "given.key"); }, "given.key"},
        {"expired", [&] { operator_writes("late.example", watch_begins - 24h * 900); }, "given.pem has expired"},
        {"authorities", [&] { folder_.write("authorities.pem", "rubbish"); }, "authorities.pem"},
    };
    for (const auto& [what, breaks, text] : rows) {
        SCOPED_TRACE(what);
        operator_writes("good.example");
        auto from = given();
        from.given.device_authorities = folder_.write("authorities.pem", folder_.read("given.pem"));
        start(from);
        breaks();
        look_on();
        look_on();
        EXPECT_TRUE(serves("good.example"));
        EXPECT_THAT(log_.str(), AllOf(HasSubstr(text), HasSubstr("loaded before")));
        EXPECT_EQ(said("loaded before"), 1u);
        operator_writes("mended.example");
        folder_.write("authorities.pem", folder_.read("given.pem"));
        look_on();
        EXPECT_TRUE(serves("mended.example"));
        log();
    }
}

TEST_F(certificate_watch_test, the_hub_renews_its_own_while_it_runs) {
    start(own());
    log();
    const auto first = watch_->tls().get();
    now_ += 24h * 700;
    look_on();
    EXPECT_EQ(watch_->tls().get(), first);
    now_ += 24h * 95; // less than 30 days are left
    look_on();
    EXPECT_GT(valid_until(in_use()), now_ + 24h * 800);
    EXPECT_NE(watch_->tls().get(), first);
    EXPECT_EQ(said("made a certificate for the hub"), 1u);
    const auto renewed = watch_->tls().get();
    now_ += 24h * 100;
    look_on();
    EXPECT_EQ(watch_->tls().get(), renewed);
}

TEST_F(certificate_watch_test, a_clock_that_was_set_back_does_not_put_off_the_renewal) {
    start(own());
    now_ -= 24h * 365;
    look_on();
    now_ += 24h * (365 + 795);
    look_on();
    EXPECT_GT(valid_until(in_use()), now_ + 24h * 800);
}

TEST_F(certificate_watch_test, no_other_authority_is_made_while_clients_hold_the_first) {
    start(own());
    std::filesystem::remove(folder_ / "tls/ca.pem");
    watch_->look(now_, true);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "tls/ca.pem"));
    EXPECT_THAT(log_.str(), HasSubstr("ca.pem any more"));
    EXPECT_TRUE(serves("hub.example"));
}

TEST_F(certificate_watch_test, registered_authorities_count_at_once_and_stay) {
    operator_writes("hub.example");
    start(given());
    int replaced = 0;
    watch_->on_replaced = [&] { ++replaced; };
    const auto trusted = [&] { return sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(watch_->tls().get()->native()))); };
    EXPECT_EQ(trusted(), 0);
    folder_.write("given.pem", "rubbish");
    watch_->register_authorities(to_pem(*make_ca(*make_key(), now_)));
    EXPECT_EQ(trusted(), 1) << "whatever has become of the files";
    EXPECT_EQ(replaced, 1);
    operator_writes("new.example");
    look_on();
    EXPECT_TRUE(serves("new.example"));
    EXPECT_EQ(trusted(), 1);
    EXPECT_EQ(replaced, 2);
    watch_->register_authorities("");
    EXPECT_EQ(trusted(), 0);
    EXPECT_TRUE(serves("new.example"));
}

/// Which certificate a client is shown that asks for a name, is tests/unit/net/tls_stream_test.cpp's.
TEST_F(certificate_watch_test, further_certificates_are_watched_like_the_first) {
    operator_writes("hub.example");
    operator_writes("other.example", watch_begins, "more");
    auto from = given();
    from.given.more_certificates = {(folder_ / "more.pem").string()};
    from.given.more_keys = {(folder_ / "more.key").string()};
    start(from);
    const auto first = watch_->tls().get();
    folder_.write("more.pem", "rubbish");
    look_on();
    EXPECT_EQ(watch_->tls().get(), first);
    EXPECT_THAT(log_.str(), HasSubstr("more.pem is not a certificate"));
    operator_writes("other.example", watch_begins, "more");
    look_on();
    EXPECT_NE(watch_->tls().get(), first);
    operator_writes("late.example", watch_begins - 24h * 900, "more");
    EXPECT_THAT(certificate_watch::start(from, now_).error(), HasSubstr("more.pem has expired"));
}

TEST_F(certificate_watch_test, a_start_says_what_is_wrong) {
    EXPECT_THAT(certificate_watch::start(given(), now_).error(), HasSubstr("given.pem"));
}

} // namespace
} // namespace capstan::server
