// The hub's devices and modules: made, changed from the version that was read, listed, asked for, removed; what waits for one is thrown
// away.
//
//     SERVICE="HostName=...;SharedAccessKeyName=iothubowner;SharedAccessKey=..." 9_registry

#include <capstan/registry.hpp>

#include "example.hpp"

asio::awaitable<void> registry() {
    const capstan::registry devices(co_await asio::this_coro::executor, example::setting("SERVICE"), example::options());

    // What is left out the hub fills in: keys, a generation, an etag.
    auto pump = co_await devices.async_create(capstan::device("pump-1"));
    std::cout << pump.id() << (pump.primary_key().empty() ? "" : " has a key") << std::endl;

    // Two programs change the same device: the second is told that it has seen an older version.
    auto seen_before = pump;
    pump.enabled(false).status_reason("in repair");
    pump = co_await devices.async_update(pump);
    std::cout << pump.id() << (pump.enabled() ? " is enabled" : " is disabled: " + pump.status_reason()) << std::endl;
    try {
        co_await devices.async_update(seen_before);
    } catch (const capstan::client_error& error) {
        std::cout << "not changed: " << error.condition() << std::endl;
    }

    for (const auto& each : co_await devices.async_list())
        std::cout << "- " << each.id() << std::endl;
    const auto broken = co_await devices.async_query("SELECT deviceId FROM devices WHERE status = 'disabled'");
    for (const auto& row : broken.rows)
        std::cout << "disabled: " << row << std::endl;
    capstan::device_module valve(pump.id(), "valve");
    co_await devices.async_create_module(valve);
    for (const auto& each : co_await devices.async_list_modules(pump.id()))
        std::cout << "- " << each.device_id() << '/' << each.id() << std::endl;

    const auto counts = co_await devices.async_statistics();
    std::cout << counts.total << " devices, " << counts.disabled << " of them disabled" << std::endl;

    std::cout << co_await devices.async_purge_commands(pump.id()) << " commands thrown away" << std::endl;
    co_await devices.async_remove(pump.id(), pump.etag());
    try {
        co_await devices.async_get(pump.id());
    } catch (const capstan::client_error& error) {
        std::cout << "gone: " << error.condition() << std::endl;
    }
}

int main() { return example::run(registry()); }
