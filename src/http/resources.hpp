#pragma once
// The handlers of the router's table: one file per resource.

#include "http/exchange.hpp"

namespace capstan::http {

using handler = asio::awaitable<answer> (*)(context&, const request&);

// devices.cpp
asio::awaitable<answer> get_device(context& in, const request& asked);
asio::awaitable<answer> put_device(context& in, const request& asked);
asio::awaitable<answer> delete_device(context& in, const request& asked);
asio::awaitable<answer> list_devices(context& in, const request& asked);
// device_query.cpp
asio::awaitable<answer> query_devices(context& in, const request& asked);
// devices_bulk.cpp
asio::awaitable<answer> post_devices(context& in, const request& asked);
// commands.cpp
asio::awaitable<answer> purge_commands(context& in, const request& asked);
// dead_letters.cpp
asio::awaitable<answer> peek_commands(context& in, const request& asked);
asio::awaitable<answer> get_dead_letters(context& in, const request& asked);
asio::awaitable<answer> delete_dead_letters(context& in, const request& asked);
asio::awaitable<answer> requeue_dead_letter(context& in, const request& asked);
// modules.cpp
asio::awaitable<answer> list_modules(context& in, const request& asked);
asio::awaitable<answer> get_module(context& in, const request& asked);
asio::awaitable<answer> put_module(context& in, const request& asked);
asio::awaitable<answer> delete_module(context& in, const request& asked);
// telemetry.cpp
asio::awaitable<answer> post_telemetry(context& in, const request& asked);
// device_bound.cpp
asio::awaitable<answer> receive_command(context& in, const request& asked);
asio::awaitable<answer> settle_command(context& in, const request& asked);
asio::awaitable<answer> abandon_command(context& in, const request& asked);
// send_command.cpp
asio::awaitable<answer> send_command(context& in, const request& asked);
// feedback.cpp
asio::awaitable<answer> receive_feedback(context& in, const request& asked);
asio::awaitable<answer> complete_feedback(context& in, const request& asked);
asio::awaitable<answer> abandon_feedback(context& in, const request& asked);
// consumer_groups.cpp
asio::awaitable<answer> list_consumer_groups(context& in, const request& asked);
asio::awaitable<answer> put_consumer_group(context& in, const request& asked);
asio::awaitable<answer> delete_consumer_group(context& in, const request& asked);
// certificates.cpp
asio::awaitable<answer> list_certificates(context& in, const request& asked);
asio::awaitable<answer> get_certificate(context& in, const request& asked);
asio::awaitable<answer> put_certificate(context& in, const request& asked);
asio::awaitable<answer> delete_certificate(context& in, const request& asked);
asio::awaitable<answer> generate_verification_code(context& in, const request& asked);
asio::awaitable<answer> verify_certificate(context& in, const request& asked);

// jobs.cpp
asio::awaitable<answer> create_job(context& in, const request& asked);
asio::awaitable<answer> list_jobs(context& in, const request& asked);
asio::awaitable<answer> get_job(context& in, const request& asked);
asio::awaitable<answer> cancel_job(context& in, const request& asked);
// statistics.cpp
asio::awaitable<answer> get_device_statistics(context& in, const request& asked);
asio::awaitable<answer> get_service_statistics(context& in, const request& asked);
asio::awaitable<answer> get_metrics(context& in, const request& asked);
asio::awaitable<answer> get_routing_statistics(context& in, const request& asked);
// health.cpp
asio::awaitable<answer> get_liveness(context& in, const request& asked);
asio::awaitable<answer> get_readiness(context& in, const request& asked);

} // namespace capstan::http
