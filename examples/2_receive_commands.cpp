// A device receives commands and says what became of each: done, impossible, or not now. The seed's usage 6.
//
//     DEVICE="HostName=...;DeviceId=...;SharedAccessKey=..." 2_receive_commands

#include <capstan/device_client.hpp>

#include "example.hpp"

/// On stderr: all that the sender and the hub have written beside the body.
void print_properties(const capstan::command& command) {
    const auto& message = command.content();
    std::cerr << "\tto:                     " << message.to() << "\n\tmessage_id:             " << message.message_id()
              << "\n\tcorrelation_id:         " << message.correlation_id() << "\n\tsubject:                " << message.subject()
              << "\n\treply_to:               " << message.reply_to() << "\n\tcontent_type:           " << message.content_type()
              << "\n\tcontent_encoding:       " << message.content_encoding() << "\n\tuser_id:                " << message.user_id()
              << "\n\tgroup_id:               " << message.group_id()
              << "\n\tgroup_sequence:         " << message.group_sequence().value_or(0)
              << "\n\treply_to_group_id:      " << message.reply_to_group_id()
              << "\n\tx-opt-sequence-number:  " << command.sequence_number() << '\n';
    if (message.creation_time())
        std::cerr << "\tcreation_time:          " << message.creation_time()->time_since_epoch().count() << '\n';
    if (message.expires_at())
        std::cerr << "\tabsolute_expiry_time:   " << message.expires_at()->time_since_epoch().count() << '\n';
    for (const auto& [name, value] : message.properties())
        std::cerr << '\t' << name << ": " << value << '\n';
}

asio::awaitable<void> receive_commands() {
    capstan::device_client device(co_await asio::this_coro::executor, example::setting("DEVICE"), example::options());
    device.async_run(asio::detached);

    for (;;) {
        auto command = co_await device.async_receive(); // locked to us for 60 s
        std::cout << "got: " << command.body() << std::endl;
        print_properties(command);
        if (command.body() == "stop") {
            co_await command.async_complete(); // resumes when the hub has forgotten it
            break;
        }
        if (command.body() == "fly")
            co_await command.async_reject(); // never: its sender hears of it
        else if (command.delivery_count() == 0)
            co_await command.async_abandon(); // not now: it comes again
        else
            co_await command.async_complete();
    }
}

int main() { return example::run(receive_commands()); }
