// Any bytes as a message: what is parsed gives its parts, and the sender's part is a message again.
#include <capstan/amqp/message.hpp>

#include "check.hpp"

using namespace capstan::amqp;
using capstan::fuzz::check;

namespace {

void look_at(const message_view& message) {
    std::size_t size = 0;
    for (const bytes_view part : message.data()) {
        size += part.size();
    }
    check(message.joined_data().size() == size, "joined data are the data");
    check(message.body_kind() != section_code::data || message.body_size() == size, "a body of data has their size");
    (void)read_header(message.header().content);
    (void)find_entry(message.application_properties().content, "iothub-ack");
    (void)for_each_batched(message, [](const message_view& inner) { (void)accounted_size(inner); });
}

void send_on(const message_view& message) {
    bytes sent;
    const bare_message bare = message.bare();
    for (const bytes_view piece : bare.pieces()) {
        sent.insert(sent.end(), piece.begin(), piece.end());
    }
    check(sent.size() == bare.size(), "a bare message has the size of its pieces");
    const auto received = message_view::parse(sent);
    check(received.has_value(), "a bare message is a message");
    check(accounted_size(*received) == accounted_size(message), "a bare message counts as the whole one");
    check(received->bare().pieces().size() <= 1, "a bare message lies in order");
}

/// For readers who know a section by its third octet only: 00 53 xx.
void rewrite(const message_view& message) {
    bytes rewritten, sent;
    const bare_message bare = message.bare(rewritten);
    for (const bytes_view piece : bare.pieces()) {
        sent.insert(sent.end(), piece.begin(), piece.end());
    }
    const auto received = message_view::parse(sent);
    check(received.has_value(), "a rewritten message is a message");
    check(accounted_size(*received) == accounted_size(message), "a rewritten message counts as the whole one");
    for (const auto code : {section_code::properties, section_code::application_properties, section_code::data}) {
        const bytes_view whole = received->get(code).whole.raw;
        check(whole.empty() || (whole[0] == 0 && whole[1] == 0x53), "a rewritten section is described shortly");
    }
}

void write_properties(const message_view& message) {
    const auto properties = read_properties(message.properties().content);
    const auto strict = check_properties(message.properties().content);
    check(properties || !strict, "what is strictly of the standard's types can be read");
    (void)check_application_properties(message.application_properties().content);
    if (!properties) {
        return;
    }
    bytes written;
    message_builder(written).properties(*properties);
    const auto received = message_view::parse(written);
    check(received.has_value(), "written properties are a section");
    const auto again = read_properties(received->properties().content);
    check(again && again->message_id == properties->message_id && again->to == properties->to &&
              again->content_type == properties->content_type && again->group_sequence == properties->group_sequence,
          "properties survive writing and reading");
    (void)id_text(again->correlation_id);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (const auto message = message_view::parse(bytes_view(data, size))) {
        look_at(*message);
        send_on(*message);
        rewrite(*message);
        write_properties(*message);
    }
    return 0;
}
