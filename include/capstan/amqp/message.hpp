#pragma once
// Messages (part 3 of the standard, section 2): read in place from the bytes that came, written once into the bytes that go.

#include <cassert>
#include <concepts>
#include <expected>
#include <iterator>

#include <capstan/amqp/value.hpp>

namespace capstan::amqp {

/// Part 3, section 2.8: the sections, in the order in which the standard wants them sent.
enum class section_code : std::uint8_t {
    header = 0x70,
    delivery_annotations,
    message_annotations,
    properties,
    application_properties,
    data,
    sequence,
    value,
    footer,
};
constexpr std::size_t section_codes = 9;

std::string_view name_of(section_code code);

/// A section as it came: with its descriptor, and what is behind that. Both are absent when the message has no such section.
struct section {
    encoded_view whole;
    encoded_view content;
    explicit operator bool() const { return bool(whole); }
};

/// The message format of a batch: the body's data sections are encoded messages (contract/iothub-amqp.md, 8.1).
constexpr std::uint32_t batched_message_format = 0x80013700;

/// The contents of a message's data sections, one after the other. Valid as long as the message's bytes.
class data_sections {
public:
    class iterator {
    public:
        using value_type = bytes_view;
        using difference_type = std::ptrdiff_t;

        iterator() : iterator(bytes_view()) {}
        explicit iterator(bytes_view sections) : rest_(sections) { ++*this; }
        bytes_view operator*() const { return content_; }
        iterator& operator++();
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const { return at_end_; }

    private:
        decoder rest_;
        bytes_view content_;
        bool at_end_ = false;
    };

    explicit data_sections(bytes_view sections) : sections_(sections) {}
    iterator begin() const { return iterator(sections_); }
    std::default_sentinel_t end() const { return {}; }

private:
    bytes_view sections_;
};

/// The parts of a message that belong to its sender (part 3, section 2): at most four pieces of the message's bytes, in the order
/// to send them. Parts that lie behind each other are one piece.
class bare_message {
public:
    void append(bytes_view part);
    std::span<const bytes_view> pieces() const { return {pieces_.data(), count_}; }
    std::size_t size() const;

private:
    std::array<bytes_view, 4> pieces_;
    std::size_t count_ = 0;
};

/// A message, looked at where it lies: `payload` must outlive the view. Everything it hands out points into the payload.
class message_view {
public:
    /// Finds the sections, in whatever order they come (contract/iothub-amqp.md, 8.1), and checks that each is well-formed. No
    /// section need be there (9.2). Otherwise says why this is not a message.
    static std::expected<message_view, std::string> parse(bytes_view payload);

    /// A body of several data or sequence sections lies together: `whole` is then all of them, `content` the first one's.
    const section& get(section_code code) const { return sections_[static_cast<std::size_t>(code) - first_code]; }
    const section& header() const { return get(section_code::header); }
    const section& delivery_annotations() const { return get(section_code::delivery_annotations); }
    const section& message_annotations() const { return get(section_code::message_annotations); }
    const section& properties() const { return get(section_code::properties); }
    const section& application_properties() const { return get(section_code::application_properties); }
    const section& footer() const { return get(section_code::footer); }

    /// The kind of the body: data, sequence or value; none when there is no body.
    std::optional<section_code> body_kind() const { return body_kind_; }
    /// All sections of the body.
    bytes_view body() const { return body_kind_ ? get(*body_kind_).whole.raw : bytes_view(); }
    data_sections data() const { return data_sections(get(section_code::data).whole.raw); }
    /// What the data sections hold, joined.
    bytes joined_data() const;
    /// What a body of one amqp-value holds.
    encoded_view body_value() const { return get(section_code::value).content; }
    /// How many bytes the application put into the body: without constructors for data, text and binary.
    std::size_t body_size() const;

    bare_message bare() const;
    /// The same for readers that know a section by its third octet only (contract/event-hubs.md, 2.5): each descriptor is 00 53 xx.
    /// Most senders write these, and then the pieces are the message's as before; otherwise all is one piece of `rewritten`.
    bare_message bare(bytes& rewritten) const;

private:
    static constexpr std::size_t first_code = 0x70;

    std::string take_section(decoder& from);
    std::string place(section_code code, const section& found);
    std::string place_body(section_code code, const section& found);

    std::array<section, section_codes> sections_;
    std::optional<section_code> body_kind_;
    bool short_descriptors_ = true;
};

/// The size that limits and quotas speak of: body, values of the properties, names and values of the application properties;
/// no framing (contract/semantics.md, 3.5).
std::size_t accounted_size(const message_view& message);

/// The entry of an encoded map whose key is this text, as a symbol or as a string; absent when there is none.
encoded_view find_entry(encoded_view map, std::string_view key);

/// More messages than this in one batch are refused: the limit of a batch, 256 KiB, holds fewer that say anything
/// (contract/iothub-amqp.md, 8.2), and each costs the hub far more than the five bytes that an empty one takes.
constexpr std::size_t max_batched_messages = 10'000;

/// Hands each message of a batch to `use`, in order, until one is malformed: then says which, and why.
template<std::invocable<const message_view&> Use> std::expected<void, std::string> for_each_batched(const message_view& batch, Use&& use) {
    std::size_t number = 0;
    for (const bytes_view payload : batch.data()) {
        if (++number > max_batched_messages) {
            return std::unexpected("a batch of more than " + std::to_string(max_batched_messages) + " messages");
        }
        const auto message = message_view::parse(payload);
        if (!message) {
            return std::unexpected("message " + std::to_string(number) + " of the batch: " + message.error());
        }
        use(*message);
    }
    return {};
}

/// Part 3, section 3.2.1.
struct message_header {
    bool durable = false;
    std::uint8_t priority = 4;
    std::optional<std::uint32_t> ttl; ///< in milliseconds
    bool first_acquirer = false;
    std::uint32_t delivery_count = 0;
};

/// Part 3, section 3.2.4. Absent and null are the same. The views point to where the properties were read from.
struct message_properties {
    value message_id; ///< a ulong, uuid, binary or string (part 3, sections 3.2.11 to 3.2.14), or null
    std::optional<bytes_view> user_id;
    std::optional<std::string_view> to;
    std::optional<std::string_view> subject;
    std::optional<std::string_view> reply_to;
    value correlation_id; ///< as message_id
    std::optional<std::string_view> content_type;
    std::optional<std::string_view> content_encoding;
    std::optional<timestamp> absolute_expiry_time;
    std::optional<timestamp> creation_time;
    std::optional<std::string_view> group_id;
    std::optional<std::uint32_t> group_sequence;
    std::optional<std::string_view> reply_to_group_id;
};

/// From the content of the section; an absent one gives the defaults. Otherwise says what is wrong with it.
std::expected<message_header, std::string> read_header(encoded_view content);
std::expected<message_properties, std::string> read_properties(encoded_view content);

/// Whether the content of a parsed message's section is of the standard's types: those of the fields (part 3, section 3.2.4), and no
/// field more, as some readers fail at it; names that are strings, and values that are simple, which lists, maps, arrays and
/// described values are not (section 3.2.5). Absent content is. read_properties takes more. Nothing is allocated but the reason.
std::expected<void, std::string> check_properties(encoded_view content);
std::expected<void, std::string> check_application_properties(encoded_view content);

/// The parsed message with its properties in the standard's types, where its sender has mixed up strings, symbols and binary, which
/// read_properties takes; all other sections as they are. None when there are none, or they are wrong in some other way.
std::optional<bytes> mended(const message_view& message);

/// A message-id or correlation-id as text: a string as it is, a uuid in lower case with hyphens, a number in decimal, a binary in
/// hex; empty for null.
std::string id_text(const value& id);

/// The entries of a map section under construction.
class map_writer {
public:
    /// The keys of annotations are symbols, those of application properties strings (part 3, sections 3.2.10 and 3.2.5).
    enum class keys : bool { symbols, strings };
    map_writer(encoder& to, keys kind) : to_(to), keys_(kind) {}

    template<class T> void add(std::string_view key, const T& content) {
        keys_ == keys::symbols ? to_.write(symbol_view{key}) : to_.write(key);
        if constexpr (std::same_as<T, value>) {
            encode(to_, content);
        } else {
            to_.write(content);
        }
        count_ += 2;
    }
    template<class T> void add(std::string_view key, const std::optional<T>& content) {
        if (content) {
            add(key, *content);
        }
    }
    std::uint32_t count() const { return count_; }

private:
    encoder& to_;
    keys keys_;
    std::uint32_t count_ = 0;
};

/// Writes a message behind what `out` holds, which must outlive the builder. Sections are written as they are called for: call
/// for them in the order of the standard.
class message_builder {
public:
    explicit message_builder(bytes& out) : to_(out) {}

    message_builder& header(const message_header& what);
    message_builder& delivery_annotations(const map& what) { return whole_map(section_code::delivery_annotations, what); }
    message_builder& message_annotations(const map& what) { return whole_map(section_code::message_annotations, what); }
    message_builder& properties(const message_properties& what);
    message_builder& application_properties(const map& what) { return whole_map(section_code::application_properties, what); }
    message_builder& data(bytes_view what);
    message_builder& data(std::string_view what) { return data(as_bytes(what)); }
    message_builder& sequence(const list& what);
    message_builder& value(const amqp::value& what);

    /// Entry by entry, without a map in between: fill(map_writer&) adds them.
    template<std::invocable<map_writer&> Fill> message_builder& delivery_annotations(Fill&& fill) {
        return filled_map(section_code::delivery_annotations, map_writer::keys::symbols, fill);
    }
    template<std::invocable<map_writer&> Fill> message_builder& message_annotations(Fill&& fill) {
        return filled_map(section_code::message_annotations, map_writer::keys::symbols, fill);
    }
    template<std::invocable<map_writer&> Fill> message_builder& application_properties(Fill&& fill) {
        return filled_map(section_code::application_properties, map_writer::keys::strings, fill);
    }

private:
    void begin(section_code code);
    message_builder& whole_map(section_code code, const map& what);
    template<class Fill> message_builder& filled_map(section_code code, map_writer::keys keys, Fill& fill) {
        begin(code);
        const auto open = to_.begin_map();
        map_writer entries(to_, keys);
        fill(entries);
        to_.end(open, entries.count());
        return *this;
    }

    encoder to_;
    section_code last_ = section_code::header;
};

} // namespace capstan::amqp
