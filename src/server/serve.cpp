// Builds a hub from its parts, lets it run, and takes it down again: read it to see who owns whom.

#include "server/serve.hpp"

#include <stdexcept>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "http/server.hpp"
#include "hub/access.hpp"
#include "hub/hub.hpp"
#include "hub/metrics.hpp"
#include "hub/peer.hpp"
#include "hub/telemetry/event_hub.hpp"
#include "server/announce.hpp"
#include "server/authorities_file.hpp"
#include "server/certificate_watch.hpp"
#include "server/config.hpp"
#include "server/data_folder.hpp"
#include "server/endpoint_hubs.hpp"
#include "server/hub_settings.hpp"
#include "server/io_threads.hpp"
#include "server/jobs/job_worker.hpp"
#include "server/listener.hpp"
#include "server/log.hpp"
#include "server/process.hpp"
#include "server/shutdown.hpp"
#include "server/store_watch.hpp"
#include "store/store.hpp"

namespace capstan::server {
namespace {

/// Starting failed; the text is for the operator.
struct cannot_start : std::runtime_error {
    using std::runtime_error::runtime_error;
};

const std::string& text_of(const std::string& error) { return error; }
const std::string& text_of(const store::failure& error) { return error.text; }

template<class T, class Error> T must(std::expected<T, Error> outcome) {
    if (!outcome)
        throw cannot_start(text_of(outcome.error()));
    if constexpr (!std::is_void_v<T>)
        return std::move(*outcome);
}

std::unique_ptr<store::store> store_of(const config& settings, const data_folder& folder, const wall_clock& clock) {
    const auto partitions = folder.hub().partitions;
    if (settings.data.ephemeral)
        return store::open_memory_store(clock, partitions);
    return must(store::open_rocksdb_store(clock, {folder.path(), partitions}));
}

std::vector<http::server::thread> threads_of(io_threads& threads, listener& amqp) {
    std::vector<http::server::thread> all;
    for (std::size_t index = 0; index < threads.size(); ++index)
        all.push_back({threads[index].context(), threads[index], [&amqp, index] { return amqp.websocket_place(index); }});
    return all;
}

/// What the registry of authorities says goes for TLS, and for links that live.
void trust_registered_authorities(hub::hub& hub, std::vector<hub::authority> known, const std::filesystem::path& file,
                                  certificate_watch& certificates) {
    hub.authorities().adopt(std::move(known));
    hub.authorities().save = [file](const std::vector<hub::authority>& all) { return write_authorities(file, all); };
    hub.authorities().on_trust_changed = [&certificates](const std::string& pem) { certificates.register_authorities(pem); };
    hub.access().trust = [&certificates](const client_certificate& shown) { return certificates.tls().get()->trusts(shown); };
    certificates.on_replaced = [&hub] { hub.look_again_at_certificates(); };
}

void run(const config& settings) {
    const system_wall_clock clock;
    const hub_wishes wishes{settings.hub.partitions, settings.hub.event_hub, settings.hub.hostnames.front()};
    auto folder = must(data_folder::open(settings.data.folder, wishes, clock.now()));
    withdraw(settings); // only now it is certain that no other hub of this folder runs
    const auto authorities_file = authorities_file_in(folder.path());
    auto authorities = must(read_authorities(authorities_file));
    tls_sources tls_files{settings.tls, tls_folder_in(folder.path()), settings.hub.hostnames, hub::pem_of_verified(authorities)};
    const auto certificates = must(certificate_watch::start(std::move(tls_files), clock.now()));

    io_threads threads(settings.listen.threads);
    const auto store = store_of(settings, folder, clock);
    auto endpoints = must(endpoint_hubs::open(settings, folder.path(), clock));
    auto rules = hub_settings_of(settings, folder.hub());
    const auto engine_settings = hub::engine_settings(rules);
    hub::hub hub(rules, folder.hub().policies, *store, clock, threads.queues(), endpoints.logs());

    hub.built_in_events().consumer_groups().save = [&folder](const std::vector<std::string>& names) {
        return folder.keep_consumer_groups(names);
    };

    trust_registered_authorities(hub, std::move(authorities), authorities_file, *certificates);
    job_worker jobs(hub.jobs(), hub.registry(), settings.jobs, settings.jobs.folder.value_or(folder.path() / "jobs"));

    listener amqp(threads, hub, engine_settings, certificates->tls(), connections_that_fit(settings.limits.connections));
    const auto amqps_port = must(amqp.open(settings.listen.bind, settings.listen.amqps_port));
    rules.amqps_port = settings.listen.advertised_amqps_port != 0 ? settings.listen.advertised_amqps_port : amqps_port;
    std::optional<std::uint16_t> amqp_port;
    if (settings.listen.amqp_port)
        amqp_port = must(amqp.open_plain(settings.listen.amqp_bind, *settings.listen.amqp_port));
    http::server https(threads_of(threads, amqp), hub, certificates->tls());
    const auto https_port = must(https.open(settings.listen.bind, settings.listen.https_port));

    // Connections that come now wait to be taken. What fails from here on fails before any thread uses what it would take down.
    const auto& authority = certificates->files().ca;
    const auto ca = authority ? absolute(*authority) : std::filesystem::path();
    stop_signals signals; // who reads that the hub is ready may stop it at once
    must(announce(settings, folder,
                  {settings.hub.hostnames, amqps_port, https_port, folder.path(), ca, ::getpid(), settings.listen.bind, amqp_port}));
    hub.metrics().add("capstan_connections", hub::metrics::kind::gauge, "AMQP connections, those over WebSockets too.",
                      [&amqp] { return std::vector<hub::metrics::sample>{{"", static_cast<double>(amqp.connections())}}; });
    must(endpoints.start(settings, folder.path(), clock, hub));
    for (const auto& each : hub::routing::warnings(settings.routes))
        spdlog::warn("routing: {}", each);
    store_watch watch(*store);
    threads.start([&](std::size_t thread) {
        hub.tick(thread);
        if (thread == 0)
            watch.look();
    });
    spdlog::info("listening on {}: AMQPS on port {}, HTTPS on port {}; {} io threads", settings.listen.bind, amqps_port, https_port,
                 threads.size());

    if (amqp_port)
        spdlog::warn("listening on {} without TLS: AMQP on port {}", settings.listen.amqp_bind, *amqp_port);

    signals.wait([&] { certificates->look(clock.now(), hung_up()); });
    notify_service_manager("STOPPING=1");
    withdraw(settings);
    jobs.stop();
    shut_down(hub, amqp, https, threads, endpoints, settings.limits.stop_time);
    spdlog::info("stopped");
}

} // namespace

int serve(const config& settings) {
    start_logging(settings.log);
    ignore_broken_pipes();
    keep_freed_memory();
    catch_hang_ups();
    try {
        run(settings);
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "capstan: {}\n", error.what()); // whatever the log level is
        return 1;
    }
}

} // namespace capstan::server
