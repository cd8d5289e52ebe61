// Telemetry from device to reader, while connections are cut, from every position, and shared by several readers.

#include <set>

#include "client_and_hub/running_hub.hpp"

namespace capstan {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class telemetry : public test::client_and_hub {
protected:
    /// Sends 0, 1, .. up to `count`, all at once, and waits for all.
    static void send(device_client& device, int count, int from = 0) {
        std::vector<std::future<void>> sent;
        for (int number = from; number < from + count; ++number)
            sent.push_back(device.async_send(message(std::to_string(number)), asio::use_future));
        for (auto& each : sent)
            each.get();
    }
    event_consumer consumer(const event_options& what) { return {pool.get_executor(), service_string(), what, options()}; }
    static event take(event_consumer& from) { return from.async_next(asio::use_future).get().value(); }
    /// Reads until there are so many different ones; each partition's come in their order, none twice.
    static std::set<std::string> read(event_consumer& from, std::size_t count) {
        std::set<std::string> bodies;
        std::map<std::string, std::int64_t> last;
        while (bodies.size() < count) {
            const auto next = take(from);
            const auto before = last.emplace(next.partition(), -1).first;
            EXPECT_EQ(next.sequence_number(), before->second + 1) << "in partition " << next.partition();
            before->second = next.sequence_number();
            bodies.emplace(next.body());
        }
        return bodies;
    }
    static event_options from(event_position where) {
        event_options made;
        made.from(std::move(where));
        return made;
    }
};

TEST_F(telemetry, of_many_devices_on_many_connections) {
    device_connection shared(pool.get_executor(), "localhost:" + std::to_string(hub.amqps_port), options());
    test::running all(shared);
    auto over_websockets = options();
    over_websockets.over(transport::amqp_over_websockets).port(hub.https_port);
    std::vector<std::unique_ptr<device_client>> devices;
    for (int number = 0; number < 4; ++number)
        devices.push_back(std::make_unique<device_client>(shared, create("shared-" + std::to_string(number))));
    device_client own(pool.get_executor(), create("own"), options()), web(pool.get_executor(), create("web"), over_websockets);
    test::running own_run(own), web_run(web);

    std::vector<std::future<void>> sent;
    std::vector<std::string> bodies;
    for (int number = 0; number < 20; ++number)
        for (auto* device : {devices[0].get(), devices[1].get(), devices[2].get(), devices[3].get(), &own, &web}) {
            bodies.push_back(std::to_string(bodies.size()));
            sent.push_back(device->async_send(message(bodies.back()), asio::use_future));
        }
    for (auto& each : sent)
        each.get();
    auto events = consumer(from(event_position::earliest()));
    EXPECT_EQ(read(events, bodies.size()), std::set(bodies.begin(), bodies.end()));
}

TEST_F(telemetry, nothing_is_lost_when_connections_are) {
    constexpr int rounds = 6, in_a_round = 40;
    device_client device(pool.get_executor(), create("d"), options());
    test::running run(device);
    auto events = consumer(from(event_position::earliest()));
    auto all = std::async(std::launch::async, [&] { return read(events, rounds * in_a_round).size(); });
    for (int round = 0; round < rounds; ++round) {
        auto sending = std::async(std::launch::async, [&, round] { send(device, in_a_round, round * in_a_round); });
        hub.cut();
        sending.get();
    }
    EXPECT_EQ(all.get(), std::size_t(rounds * in_a_round));
}

TEST_F(telemetry, comes_with_all_its_properties) {
    device_client device(pool.get_executor(), create("d"), options());
    test::running run(device);
    auto sent = message("body").message_id("m").correlation_id("c").content_type("text/plain").content_encoding("utf-8").user_id("u");
    sent.to("there").subject("s").reply_to("r").creation_time(wall_clock_time(1446105540977ms)).group_id("g").group_sequence(7);
    sent.reply_to_group_id("rg").property("p", "1");
    device.async_send(sent, asio::use_future).get();
    auto events = consumer(from(event_position::earliest()));
    const auto got = take(events).content();
    EXPECT_EQ(got.message_id() + got.correlation_id() + got.content_type() + got.content_encoding(), "mctext/plainutf-8");
    EXPECT_EQ(got.user_id(), "u");
    EXPECT_EQ(got.to() + got.subject() + got.reply_to() + got.group_id() + got.reply_to_group_id(), "theresrgrg");
    EXPECT_EQ(got.creation_time(), sent.creation_time());
    EXPECT_EQ(got.group_sequence(), 7u);
    EXPECT_EQ(got.property("p"), "1");
}

TEST_F(telemetry, is_read_from_every_position) {
    device_client device(pool.get_executor(), create("d"), options());
    test::running run(device);
    std::vector<event> all;
    auto first = consumer(from(event_position::earliest()));
    for (int number = 0; number < 5; ++number) { // all in one partition: they are of one device
        send(device, 1, number);
        all.push_back(take(first));
    }
    const auto partition = all[0].partition();
    const auto begins_with = [&](event_position where) {
        auto what = from(std::move(where));
        auto events = consumer(what.partitions({partition}));
        return std::string(take(events).body());
    };
    EXPECT_EQ(begins_with(event_position::earliest()), "0");
    EXPECT_EQ(begins_with(event_position::after_offset(all[1].offset())), "2");
    EXPECT_EQ(begins_with(event_position::at_sequence_number(all[2].sequence_number())), "2");
    EXPECT_EQ(begins_with(event_position::after_sequence_number(all[2].sequence_number())), "3");
    const auto at_time = begins_with(event_position::at(all[3].enqueued_time()));
    EXPECT_TRUE(at_time == "3" || all[std::stoul(at_time)].enqueued_time() == all[3].enqueued_time()) << at_time;

    auto latest = consumer(from(event_position::latest()));
    const auto infos = latest.async_partitions(asio::use_future).get(); // it reads by then
    EXPECT_EQ(infos.size(), 4u);
    send(device, 1, 5);
    EXPECT_EQ(take(latest).body(), "5");

    event_options elsewhere;
    for (const auto& each : infos)
        if (each.id != partition)
            elsewhere.partitions({each.id});
    auto other = consumer(elsewhere.from(event_position::earliest()));
    auto none = other.async_next(asio::use_future);
    send(device, 1, 6);
    EXPECT_EQ(take(latest).body(), "6");
    other.close();
    EXPECT_FALSE(none.get().has_value()) << "only the partitions that were asked for";
}

TEST_F(telemetry, a_higher_owner_level_displaces_a_reader) {
    device_client device(pool.get_executor(), create("d"), options());
    test::running run(device);
    auto what = from(event_position::earliest());
    what.partitions({"0"}).owner_level(1);
    auto first = consumer(what);
    auto displaced = first.async_next(asio::use_future);
    first.async_partitions(asio::use_future).get();
    auto second = consumer(what.owner_level(2));
    auto waiting = second.async_next(asio::use_future);
    try {
        displaced.get();
        ADD_FAILURE() << "it was not displaced";
    } catch (const client_error& error) {
        EXPECT_EQ(error.reason(), errc::stolen) << error.what();
    }
    second.close();
    EXPECT_FALSE(waiting.get().has_value());
}

/// Three readers come one after the other and go again: what all of them have done is everything, and a checkpoint never goes back.
TEST_F(telemetry, is_shared_by_several_readers) {
    constexpr int in_a_round = 8;
    std::vector<std::unique_ptr<device_client>> devices;
    std::vector<std::unique_ptr<test::running<device_client>>> runs;
    for (int number = 0; number < 8; ++number) {
        devices.push_back(std::make_unique<device_client>(pool.get_executor(), create("d" + std::to_string(number)), options()));
        runs.push_back(std::make_unique<test::running<device_client>>(*devices.back()));
    }
    const test::temporary_folder folder;
    auto what = from(event_position::earliest());
    what.checkpoints(open_file_checkpoints(folder.path())).balanced(300ms);

    std::mutex mutex;
    std::set<std::string> done;
    std::condition_variable more;
    const auto reader = [&](event_consumer& events) {
        std::map<std::string, std::int64_t> last;
        while (const auto next = events.async_next(asio::use_future).get()) {
            try {
                events.async_checkpoint(*next, asio::use_future).get();
            } catch (const client_error& error) { // another one has it by now, and reads it again
                EXPECT_EQ(error.reason(), errc::stolen) << error.what();
                continue;
            }
            const std::lock_guard lock(mutex);
            done.emplace(next->body());
            more.notify_all();
        }
    };
    const auto wait_for = [&](std::size_t count) {
        std::unique_lock lock(mutex);
        more.wait(lock, [&] { return done.size() >= count; });
    };
    const auto send_round = [&](int round) {
        for (std::size_t index = 0; index < devices.size(); ++index)
            send(*devices[index], in_a_round, static_cast<int>(index) * 1000 + round * in_a_round);
    };
    const std::size_t in_all = devices.size() * in_a_round;
    std::vector<std::unique_ptr<event_consumer>> consumers;
    std::vector<std::future<void>> readers;
    for (std::size_t round = 0; round < 3; ++round) {
        consumers.push_back(std::make_unique<event_consumer>(pool.get_executor(), service_string(), what, options()));
        readers.push_back(std::async(std::launch::async, reader, std::ref(*consumers.back())));
        send_round(static_cast<int>(round));
        wait_for(in_all * (round + 1));
    }
    consumers[0]->close();
    readers[0].get();
    send_round(3);
    wait_for(in_all * 4);
    for (const auto& each : consumers)
        each->close();
    for (std::size_t index = 1; index < readers.size(); ++index)
        readers[index].get();
    EXPECT_EQ(done.size(), in_all * 4);
}

} // namespace
} // namespace capstan
