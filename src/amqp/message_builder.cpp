#include <capstan/amqp/message.hpp>

namespace capstan::amqp {

void message_builder::begin(section_code code) {
    assert(code >= last_);
    last_ = code;
    to_.descriptor(static_cast<std::uint64_t>(code));
}

message_builder& message_builder::whole_map(section_code code, const map& what) {
    begin(code);
    encode(to_, amqp::value(what));
    return *this;
}

message_builder& message_builder::data(bytes_view what) {
    begin(section_code::data);
    to_.write(what);
    return *this;
}

message_builder& message_builder::sequence(const list& what) {
    begin(section_code::sequence);
    encode(to_, amqp::value(what));
    return *this;
}

message_builder& message_builder::value(const amqp::value& what) {
    begin(section_code::value);
    encode(to_, what);
    return *this;
}

} // namespace capstan::amqp
