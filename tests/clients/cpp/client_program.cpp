// The C++ clients as the fault tests drive them: each mode does one thing COUNT times and says what it has seen, line by line.
//
//     client_program send|receive|confirm|read|share|hold COUNT
//
// with DEVICE (or HOST, CERTIFICATE and KEY), SERVICE, DEVICE_ID, CHECKPOINTS, OWNER_LEVEL, CAPSTAN_CA, TOKEN_LIFE (s), WEBSOCKETS=1, PORT,
// and FROM, the first number that is sent.

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <capstan/device_client.hpp>
#include <capstan/service_client.hpp>

#include "../../../examples/example.hpp"

namespace {

using namespace std::chrono_literals;

/// Impatient, so that a test of many faults takes seconds.
capstan::client_options impatient() {
    auto options = example::options();
    options.retry(capstan::retry_policy().first(20ms).most(200ms)).connect_time_out(2s).idle_time_out(2s);
    if (const char* life = std::getenv("TOKEN_LIFE"))
        options.token_life(std::chrono::seconds(std::stoi(life)));
    if (std::getenv("WEBSOCKETS"))
        options.over(capstan::transport::amqp_over_websockets);
    if (const char* port = std::getenv("PORT"))
        options.port(static_cast<std::uint16_t>(std::stoi(port)));
    return options;
}

void say(std::string_view what, std::string_view which) { std::cout << what << ' ' << which << std::endl; }

void tell_changes(const capstan::connection_change& change) {
    if (change.state() == capstan::connection_state::connected)
        say("state", "connected");
    if (change.state() == capstan::connection_state::waiting)
        say("state", std::string("waiting: ") + change.why()->what());
}

/// The device of the connection string, or one that signs in by certificate.
capstan::device_identity identity() {
    if (const char* certificate = std::getenv("CERTIFICATE"))
        return capstan::device_identity::by_certificate(example::setting("HOST"), example::setting("DEVICE_ID"), certificate,
                                                        example::setting("KEY"));
    return capstan::device_identity(example::setting("DEVICE"));
}

/// Up to 20 at a time are on their way, some hundred in a second.
asio::awaitable<void> send(int count) {
    const auto executor = co_await asio::this_coro::executor;
    capstan::device_client device(executor, identity(), impatient());
    device.on_connection_changed(tell_changes);
    device.async_run(asio::detached);
    const char* from = std::getenv("FROM");
    const int first = from ? std::stoi(from) : 0;
    int under_way = 0;
    asio::steady_timer room(executor, asio::steady_timer::time_point::max());
    for (int number = 0; number < count || under_way > 0;) {
        if (number < count && under_way < 20) {
            asio::steady_timer pace(executor, 5ms);
            co_await pace.async_wait(asio::use_awaitable);
            ++under_way;
            const auto text = std::to_string(first + number++);
            device.async_send(capstan::message(text).message_id(text), [&, text](std::exception_ptr error) {
                --under_way;
                say(error ? "failed" : "accepted", error ? text + ": " + capstan::failure_of(error).what() : text);
                room.cancel();
            });
            continue;
        }
        boost::system::error_code ignored;
        co_await room.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

asio::awaitable<void> receive(int count) {
    capstan::device_client device(co_await asio::this_coro::executor, identity(), impatient());
    device.on_connection_changed(tell_changes);
    device.async_run(asio::detached);
    for (int done = 0; done < count;) {
        auto command = co_await device.async_receive();
        try {
            co_await command.async_complete();
        } catch (const capstan::client_error& error) { // it comes again, if the hub has not heard of it
            say("unsettled", std::string(command.body()) + ": " + error.what());
            continue;
        }
        say("completed", command.body());
        ++done;
    }
}

void say_failure(std::string_view what, const std::exception_ptr& error) {
    say(what, error ? capstan::failure_of(error).what() : "nothing");
}

/// Takes two commands, and waits for a line on stdin before it completes them: with a second's patience, and taken back at once.
asio::awaitable<void> hold() {
    const auto executor = co_await asio::this_coro::executor;
    auto options = impatient();
    capstan::device_client device(executor, example::setting("DEVICE"), options.operation_time_out(1s).idle_time_out(30s));
    device.async_run(asio::detached);
    auto late = co_await device.async_receive();
    auto taken_back = co_await device.async_receive();
    say("holding", "two");
    std::string line;
    std::getline(std::cin, line);
    asio::cancellation_signal stop;
    asio::steady_timer over(executor, asio::steady_timer::time_point::max());
    taken_back.async_complete(
        asio::bind_cancellation_slot(stop.slot(), [](const std::exception_ptr& error) { say_failure("taken-back", error); }));
    late.async_complete([&over](const std::exception_ptr& error) {
        say_failure("late", error);
        over.cancel();
    });
    stop.emit(asio::cancellation_type::terminal);
    boost::system::error_code ignored;
    co_await over.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

/// Forty at a time, for a device's queue holds fifty: feedback comes in batches, up to 15 s after the first.
asio::awaitable<void> confirm(int count) {
    const auto executor = co_await asio::this_coro::executor;
    capstan::service_client service(executor, example::setting("SERVICE"), impatient());
    service.on_connection_changed(tell_changes);
    service.async_run(asio::detached);
    const auto device = example::setting("DEVICE_ID");
    int open = count, sent = 0;
    asio::steady_timer all(executor, asio::steady_timer::time_point::max());
    std::function<void()> send_one = [&] {
        if (sent == count)
            return;
        const auto text = std::to_string(sent++);
        service.async_send_and_confirm(device, capstan::message(text).message_id(text),
                                       [&, text](std::exception_ptr error, const capstan::feedback_record& outcome) {
                                           say(error ? "failed" : outcome.status_text, error ? capstan::failure_of(error).what() : text);
                                           send_one();
                                           if (--open == 0)
                                               all.cancel();
                                       });
    };
    for (int number = 0; number < 40; ++number)
        send_one();
    boost::system::error_code ignored;
    co_await all.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> read(int count) {
    auto what = capstan::event_options().from(capstan::event_position::earliest());
    if (const char* level = std::getenv("OWNER_LEVEL"))
        what.owner_level(std::stoi(level));
    capstan::event_consumer events(co_await asio::this_coro::executor, example::setting("SERVICE"), what, impatient());
    events.on_connection_changed(tell_changes);
    for (int seen = 0; seen < count; ++seen) {
        const auto event = co_await events.async_next();
        say("event", event->partition() + "/" + std::to_string(event->sequence_number()) + "/" + event->offset() + "/" +
                         std::to_string(event->enqueued_time().time_since_epoch().count()) + " " + std::string(event->body()));
    }
}

/// Shares the partitions with other processes, and says what it reads, and what is done: has a checkpoint.
asio::awaitable<void> share(int count) {
    capstan::event_options what;
    what.from(capstan::event_position::earliest())
        .checkpoints(capstan::open_file_checkpoints(example::setting("CHECKPOINTS")))
        .balanced(1500ms);
    capstan::event_consumer events(co_await asio::this_coro::executor, example::setting("SERVICE"), what, impatient());
    for (int done = 0; done < count;) {
        const auto event = co_await events.async_next();
        const auto which = event->partition() + "/" + std::to_string(event->sequence_number()) + " " + std::string(event->body());
        say("read", which);
        try {
            co_await events.async_checkpoint(*event);
        } catch (const capstan::client_error& error) { // another process has the partition by now
            if (error.reason() != capstan::errc::stolen)
                throw;
            say("stolen", which);
            continue;
        }
        say("done", which);
        ++done;
    }
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view mode = argc == 3 ? argv[1] : "";
    const int count = argc == 3 ? std::stoi(argv[2]) : 0;
    if (mode == "send")
        return example::run(send(count));
    if (mode == "receive")
        return example::run(receive(count));
    if (mode == "confirm")
        return example::run(confirm(count));
    if (mode == "hold")
        return example::run(hold());
    if (mode == "share")
        return example::run(share(count));
    if (mode == "read")
        return example::run(read(count));
    std::cerr << "client_program send|receive|confirm|read|share|hold COUNT\n";
    return 1;
}
