#pragma once
// A hub in this process, from its ports down to a store in memory, and the fixture of clients that run on four threads against it: what
// the sanitizers see of the two together. Operations are waited for by futures; nothing looks at the clock.

#include <csignal>
#include <future>

#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <capstan/device_client.hpp>
#include <capstan/service_client.hpp>

#include "http/server.hpp"
#include "hub/hub.hpp"
#include "server/certificates.hpp"
#include "server/listener.hpp"
#include "support/temporary_folder.hpp"

namespace capstan::test {

namespace asio = boost::asio;

class running_hub {
public:
    running_hub() {
        std::signal(SIGPIPE, SIG_IGN);
        spdlog::set_level(spdlog::level::warn); // refusals are what some tests are about
        rules_.feedback_batch_time = std::chrono::milliseconds(20);
        rules_.feedback_lock = rules_.command_lock = std::chrono::seconds(2); // what was on its way when a connection was cut comes again
        amqps_port = rules_.amqps_port = listener_.open("127.0.0.1", 0).value();
        https_port = https_.open("127.0.0.1", 0).value();
        threads_.start([this](std::size_t thread) { hub_.tick(thread); });
    }
    /// Ends the threads, before anything that they use.
    ~running_hub() {
        const auto soon = server::io_thread::now() + std::chrono::seconds(30);
        listener_.stop_accepting();
        https_.stop();
        listener_.end_connections();
        EXPECT_TRUE(listener_.wait_until_gone(soon));
        store_->close();
        threads_.stop(soon);
    }

    /// Cuts all AMQP connections that stand, without a word.
    void cut() { listener_.end_connections(); }

    std::string policy_string(const std::string& policy) const {
        return "HostName=localhost:" + std::to_string(amqps_port) + ";SharedAccessKeyName=" + policy +
               ";SharedAccessKey=" + policies_.find(policy)->primary_key;
    }
    std::filesystem::path authority() const { return files_.ca.value(); }

    std::uint16_t amqps_port, https_port;

private:
    http::server::thread thread(std::size_t index) {
        return {threads_[index].context(), threads_[index], [this, index] { return listener_.websocket_place(index); }};
    }

    temporary_folder folder_;
    server::io_threads threads_{2};
    system_wall_clock clock_;
    std::unique_ptr<store::store> store_ = store::open_memory_store(clock_, 4);
    hub::settings rules_;
    amqp::settings engine_settings_ = hub::engine_settings(rules_);
    auth::policy_set policies_ = auth::policy_set::built_in();
    hub::hub hub_{rules_, policies_, *store_, clock_, threads_.queues()};
    server::certificate_files files_ = server::prepare_own_certificate(folder_ / "tls", {"localhost"}, clock_.now()).value();
    net::current_tls tls_{net::tls_context::for_server({files_.certificate, files_.key}).value()};
    server::listener listener_{threads_, hub_, engine_settings_, tls_, 100};
    http::server https_{{thread(0), thread(1)}, hub_, tls_};
};

class client_and_hub : public testing::Test {
protected:
    ~client_and_hub() override { pool.join(); }

    client_options options() const {
        auto made = client_options().ca_file(hub.authority()).https_port(hub.https_port);
        made.retry(retry_policy().first(std::chrono::milliseconds(5)).most(std::chrono::milliseconds(100)));
        return made;
    }
    capstan::registry registry() { return {pool.get_executor(), service_identity(hub.policy_string("iothubowner")), options()}; }
    /// A device's connection string.
    std::string create(const std::string& id) {
        const auto made = registry().async_create(device(id), asio::use_future).get();
        return "HostName=localhost:" + std::to_string(hub.amqps_port) + ";DeviceId=" + id + ";SharedAccessKey=" + made.primary_key();
    }
    void enable(const std::string& id, bool enabled) {
        auto changed = registry().async_get(id, asio::use_future).get();
        changed.enabled(enabled);
        registry().async_update(std::move(changed), asio::use_future).get();
    }
    std::string service_string() const { return hub.policy_string("service"); }

    running_hub hub;
    asio::thread_pool pool{4};
};

/// Runs a client, and closes it at the end; a run that fails is a failure of the test.
template<class Client> class running {
public:
    explicit running(Client& client) : client_(client), over_(client.async_run(asio::use_future)) {}
    ~running() {
        client_.close();
        EXPECT_NO_THROW(over_.get());
    }
    running(const running&) = delete;
    running& operator=(const running&) = delete;

private:
    Client& client_;
    std::future<void> over_;
};

} // namespace capstan::test
