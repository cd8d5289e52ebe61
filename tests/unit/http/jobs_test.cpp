// Jobs over REST: contract/rest.md, section 8. Who does the work stands for the server's.

#include "hub/jobs/registry_jobs.hpp"

#include "unit/http/hub_on_http.hpp"

namespace capstan::http {
namespace {

using test::verb;
using test::version;

struct no_container final : hub::blob_container {
    explicit no_container(std::string uri) : uri_(std::move(uri)) {}
    std::string name() const override { return uri_.substr(0, uri_.find('?')); }
    std::expected<std::filesystem::path, std::string> fetch(const std::string&) override { return std::unexpected(""); }
    std::expected<std::filesystem::path, std::string> prepare(const std::string&) override { return std::unexpected(""); }
    std::expected<void, std::string> publish(const std::string&) override { return {}; }
    std::string uri_;
};

class jobs_test : public test::hub_on_http {
protected:
    jobs_test() {
        clock.advance(std::chrono::hours(1));
        instance->jobs().open = [](const std::string& uri) -> std::expected<std::unique_ptr<hub::blob_container>, std::string> {
            if (uri == "bad")
                return std::unexpected("it cannot be used");
            return std::make_unique<no_container>(uri);
        };
        instance->jobs().start = [this](hub::registry_jobs::order order) { orders.push_back(std::move(order)); };
    }
    test::http_response create(const std::string& body) { return ask(verb::post, "/jobs/create" + version, body); }
    test::http_response job(const std::string& id, verb how = verb::get) { return ask(how, "/jobs/" + id + version); }
    std::string status_of(const std::string& id) { return json_of(job(id)).at("status").as_string().c_str(); }

    std::vector<hub::registry_jobs::order> orders;
};

constexpr const char* an_export = R"({"type":"export","outputBlobContainerUri":"out","excludeKeysInExport":true})";

TEST_F(jobs_test, an_export_from_its_order_to_its_end) {
    const auto made = create(an_export);
    ASSERT_EQ(verdict(made), "200");
    const auto shown = json_of(made).as_object();
    const std::string id(shown.at("jobId").as_string());
    EXPECT_EQ(shown.at("type").as_string(), "export");
    EXPECT_EQ(shown.at("status").as_string(), "enqueued");
    EXPECT_EQ(shown.at("outputBlobName").as_string(), "devices.txt");
    EXPECT_TRUE(shown.at("excludeKeysInExport").as_bool());
    EXPECT_TRUE(shown.at("endTimeUtc").is_null());
    ASSERT_EQ(orders.size(), 1u);
    EXPECT_TRUE(instance->jobs().report(id, 40));
    EXPECT_EQ(json_of(job(id)).at("progress").as_int64(), 40);
    EXPECT_EQ(status_of(id), "running");
    EXPECT_EQ(verdict(create(an_export)), "403 JobQuotaExceeded") << "one at a time";
    instance->jobs().finish(id, "");
    EXPECT_EQ(status_of(id), "completed");
    EXPECT_FALSE(json_of(job(id)).at("endTimeUtc").is_null());
    EXPECT_EQ(verdict(create(an_export)), "200");
    EXPECT_EQ(json_of(ask(verb::get, "/jobs" + version)).as_array().size(), 2u);
}

TEST_F(jobs_test, one_that_is_cancelled_is_left) {
    const std::string id(json_of(create(an_export)).at("jobId").as_string());
    EXPECT_EQ(verdict(job(id, verb::delete_)), "204");
    EXPECT_EQ(status_of(id), "cancelled");
    EXPECT_FALSE(instance->jobs().report(id, 50));
    instance->jobs().finish(id, "too late");
    EXPECT_EQ(status_of(id), "cancelled");
    EXPECT_EQ(verdict(job("none")), "404 JobNotFound");
    EXPECT_EQ(verdict(job("none", verb::delete_)), "404 JobNotFound");
}

TEST_F(jobs_test, an_import_has_two_containers_and_says_why_it_failed) {
    const auto made =
        json_of(create(R"({"type":"import","inputBlobContainerUri":"https://x/in?sig=secret","outputBlobContainerUri":"out"})"))
            .as_object();
    const std::string id(made.at("jobId").as_string());
    EXPECT_EQ(made.at("inputBlobContainerUri").as_string(), "https://x/in") << "what gives access is not repeated";
    EXPECT_EQ(made.at("inputBlobName").as_string(), "devices.txt");
    EXPECT_EQ(made.at("outputBlobName").as_string(), "importErrors.log");
    instance->jobs().finish(id, "no such file");
    EXPECT_EQ(status_of(id), "failed");
    EXPECT_EQ(json_of(job(id)).at("failureReason").as_string(), "no such file");
}

TEST_F(jobs_test, what_is_wrong_with_an_order) {
    const std::pair<const char*, const char*> rows[] = {
        {"{", "400 IotHubFormatError"},
        {"[]", "400 IotHubFormatError"},
        {R"({"type":"unknown","outputBlobContainerUri":"out"})", "400 ArgumentInvalid"},
        {R"({"type":"export"})", "400 ArgumentInvalid"},
        {R"({"type":"export","outputBlobContainerUri":"bad"})", "400 ArgumentInvalid"},
        {R"({"type":"import","outputBlobContainerUri":"out"})", "400 ArgumentInvalid"},
        {R"({"type":"export","outputBlobContainerUri":"out","outputBlobName":"../x"})", "400 ArgumentInvalid"},
        {R"({"type":"export","outputBlobContainerUri":"out","outputBlobName":".x"})", "400 ArgumentInvalid"},
        {R"({"type":"export","outputBlobContainerUri":"out","storageAuthenticationType":"identityBased"})", "400 ArgumentInvalid"},
    };
    for (const auto& [body, expected] : rows)
        EXPECT_EQ(verdict(create(body)), expected) << body;
    EXPECT_TRUE(orders.empty());
}

TEST_F(jobs_test, without_anybody_to_do_them) {
    instance->jobs().start = nullptr;
    EXPECT_EQ(verdict(create(an_export)), "503 ServiceUnavailable");
}

} // namespace
} // namespace capstan::http
