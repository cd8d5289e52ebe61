// The sections of fixed fields: header and properties, read and written.
#include <capstan/amqp/message.hpp>

namespace capstan::amqp {
namespace {

/// Takes the fields of a list in turn. A field that is null, or behind the end of the list, is left as it was (part 1,
/// section 1.4); more fields than are known are passed over.
class list_reader {
public:
    explicit list_reader(encoded_view content) {
        std::uint32_t count = 0;
        trouble_ = content && !decoder(content.raw).read_list(rest_, count) ? "not a list" : "";
    }

    template<class T> void take(const char* name, T& field) {
        if (trouble_.empty() && !rest_.at_end() && !rest_.read_null() && !read(field)) {
            trouble_ = std::string("field ") + name + " is of a wrong type";
        }
    }
    /// Of a symbol, which is ASCII whichever way it came.
    void take_symbol(const char* name, std::optional<std::string_view>& field) {
        take(name, field);
        if (trouble_.empty() && field && !is_ascii(*field)) {
            trouble_ = std::string("field ") + name + " is not ASCII";
        }
    }
    const std::string& trouble() const { return trouble_; }

private:
    template<class T> bool read(T& field) { return rest_.read(field); }
    template<class T> bool read(std::optional<T>& field) { return rest_.read(field.emplace()); }

    /// Some clients mix up strings and symbols; nothing is lost by taking either.
    bool read(std::optional<std::string_view>& field) {
        std::string_view string;
        symbol_view name;
        if (rest_.read(string)) {
            field = string;
            return true;
        }
        if (!rest_.read(name)) {
            return false;
        }
        field = name.text;
        return true;
    }

    bool read(std::optional<bytes_view>& field) {
        std::string_view string;
        if (rest_.read(string)) {
            field = as_bytes(string);
            return true;
        }
        return rest_.read(field.emplace());
    }

    bool read(value& id) {
        switch (rest_.peek()) {
        case kind::ulong:
        case kind::uuid:
        case kind::binary:
        case kind::string: break;
        default: return false;
        }
        std::optional<value> found = decode_value(rest_);
        if (found) {
            id = std::move(*found);
        }
        return found.has_value();
    }

    decoder rest_{{}};
    std::string trouble_;
};

/// Writes the fields of a list in turn; leaves out the nulls at its end.
class list_writer {
public:
    explicit list_writer(encoder& to) : to_(to), open_(to.begin_list()) {}

    template<class T> void put(const T& field) {
        before_field();
        to_.write(field);
    }
    void put(const value& id) {
        if (id.is_null()) {
            skipped_ += 1;
            return;
        }
        before_field();
        encode(to_, id);
    }
    template<class T> void put(const std::optional<T>& field) { field ? put(*field) : void(skipped_ += 1); }
    void put_symbol(const std::optional<std::string_view>& field) { put(field ? std::optional(symbol_view{*field}) : std::nullopt); }
    void end() { to_.end(open_, count_); }

private:
    void before_field() {
        for (; skipped_ > 0; --skipped_, ++count_) {
            to_.null();
        }
        ++count_;
    }

    encoder& to_;
    encoder::compound open_;
    std::uint32_t count_ = 0;
    std::uint32_t skipped_ = 0;
};

} // namespace

std::expected<message_header, std::string> read_header(encoded_view content) {
    message_header header;
    list_reader fields(content);
    fields.take("durable", header.durable);
    fields.take("priority", header.priority);
    fields.take("ttl", header.ttl);
    fields.take("first-acquirer", header.first_acquirer);
    fields.take("delivery-count", header.delivery_count);
    if (!fields.trouble().empty()) {
        return std::unexpected("header: " + fields.trouble());
    }
    return header;
}

std::expected<message_properties, std::string> read_properties(encoded_view content) {
    message_properties properties;
    list_reader fields(content);
    fields.take("message-id", properties.message_id);
    fields.take("user-id", properties.user_id);
    fields.take("to", properties.to);
    fields.take("subject", properties.subject);
    fields.take("reply-to", properties.reply_to);
    fields.take("correlation-id", properties.correlation_id);
    fields.take_symbol("content-type", properties.content_type);
    fields.take_symbol("content-encoding", properties.content_encoding);
    fields.take("absolute-expiry-time", properties.absolute_expiry_time);
    fields.take("creation-time", properties.creation_time);
    fields.take("group-id", properties.group_id);
    fields.take("group-sequence", properties.group_sequence);
    fields.take("reply-to-group-id", properties.reply_to_group_id);
    if (!fields.trouble().empty()) {
        return std::unexpected("properties: " + fields.trouble());
    }
    return properties;
}

std::optional<bytes> mended(const message_view& message) {
    constexpr std::uint32_t known_fields = 13;
    decoder fields{{}};
    std::uint32_t count = 0;
    const auto properties = read_properties(message.properties().content);
    if (!properties || !decoder(message.properties().content.raw).read_list(fields, count) || count > known_fields) {
        return std::nullopt;
    }
    bytes out;
    const auto append = [&](bytes_view section) { out.insert(out.end(), section.begin(), section.end()); };
    append(message.header().whole.raw);
    append(message.delivery_annotations().whole.raw);
    append(message.message_annotations().whole.raw);
    message_builder(out).properties(*properties);
    append(message.application_properties().whole.raw);
    append(message.body());
    append(message.footer().whole.raw);
    return out;
}

message_builder& message_builder::header(const message_header& what) {
    begin(section_code::header);
    list_writer fields(to_);
    fields.put(what.durable ? std::optional(true) : std::nullopt);
    fields.put(what.priority != 4 ? std::optional(what.priority) : std::nullopt);
    fields.put(what.ttl);
    fields.put(what.first_acquirer ? std::optional(true) : std::nullopt);
    fields.put(what.delivery_count != 0 ? std::optional(what.delivery_count) : std::nullopt);
    fields.end();
    return *this;
}

message_builder& message_builder::properties(const message_properties& what) {
    begin(section_code::properties);
    list_writer fields(to_);
    fields.put(what.message_id);
    fields.put(what.user_id);
    fields.put(what.to);
    fields.put(what.subject);
    fields.put(what.reply_to);
    fields.put(what.correlation_id);
    fields.put_symbol(what.content_type);
    fields.put_symbol(what.content_encoding);
    fields.put(what.absolute_expiry_time);
    fields.put(what.creation_time);
    fields.put(what.group_id);
    fields.put(what.group_sequence);
    fields.put(what.reply_to_group_id);
    fields.end();
    return *this;
}

std::string id_text(const value& id) {
    if (const auto* text = id.get<std::string>()) {
        return *text;
    }
    if (const auto* unique = id.get<uuid>()) {
        return to_text(*unique);
    }
    if (const auto* number = id.get<std::uint64_t>()) {
        return std::to_string(*number);
    }
    const auto* binary = id.get<bytes>();
    return binary ? hex(*binary) : std::string();
}

} // namespace capstan::amqp
