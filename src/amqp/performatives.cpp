#include <capstan/amqp/terminus.hpp>
#include <capstan/amqp/value.hpp>

#include <algorithm>

#include "amqp/codec/wire.hpp"
#include "amqp/composites.hpp"
#include "amqp/fields.hpp"
#include "amqp/short_transfer.hpp"

namespace capstan::amqp {
namespace {

/// One symbol, or an array of nothing else.
bool are_symbols(encoded_view what) {
    decoder from(what.raw);
    std::uint32_t count = 0;
    bytes_view body;
    if (!from.read_array(count, body))
        return from.peek() == kind::symbol;
    return count == 0 || wire::kind_of(body[0]) == kind::symbol;
}

/// Part 3, sections 3.5.5 and 3.5.6.
constexpr std::uint32_t greatest_durability = 2;
constexpr std::string_view expiry_policies[] = {"link-detach", "session-end", "connection-close", "never"};

/// Takes the fields of one list in order; remembers the first thing that was wrong.
class field_reader {
public:
    field_reader(decoder& fields, std::uint32_t count) : fields_(fields), left_(count) {}

    template<class T> void mandatory(std::string_view name, T& field) {
        if (!present())
            return fail(condition::invalid_field, name, "is missing");
        read(name, field);
    }
    template<class T> void optional(std::string_view name, std::optional<T>& field) {
        if (present())
            read(name, field.emplace());
    }
    template<class T> void defaulted(std::string_view name, T& field) {
        if (present())
            read(name, field);
    }
    void encoded(std::string_view name, encoded_view& field) {
        if (present() && !fields_.skip(field))
            fail(condition::decode_error, name, "is malformed");
    }
    void map(std::string_view name, encoded_view& field) {
        encoded(name, field);
        if (field && !problem_ && decoder(field.raw).peek() != kind::map)
            fail(condition::invalid_field, name, "is not a map");
    }
    void symbols(std::string_view name, encoded_view& field) {
        if (present() && !skip_multiple(fields_, field))
            fail(condition::decode_error, name, "is malformed");
        else if (field && !are_symbols(field))
            fail(condition::invalid_field, name, "is neither a symbol nor an array of symbols");
    }
    void terminus(std::string_view name, encoded_view& field) {
        if (present() && !skip_terminus(fields_, field))
            fail(condition::decode_error, name, "is malformed");
    }
    void failure(std::string_view name, encoded_view& field) {
        encoded(name, field);
        if (!field || problem_)
            return;
        std::optional<std::uint64_t> code;
        std::string_view descriptor;
        decoder from(field.raw);
        if (!from.enter_described() || !from.read_descriptor(code, descriptor) || code != error_view::code)
            return fail(condition::invalid_field, name, "is not an error");
        if (const auto read = read_fields<error_view>(from); !read)
            problem_ = read.error();
    }

    // --- of termini

    /// Addresses are strings; a symbol says the same (some clients send one).
    void address(std::string_view name, std::optional<std::string_view>& field) {
        if (!present())
            return;
        symbol_view symbol;
        if (fields_.read(symbol))
            field = symbol.text;
        else
            read(name, field.emplace());
    }
    void durability(std::string_view name, std::uint32_t& field) {
        defaulted(name, field);
        if (field > greatest_durability)
            fail(condition::invalid_field, name, "is not 0, 1 or 2");
    }
    void expiry_policy(std::string_view name, std::optional<symbol_view>& field) {
        optional(name, field);
        if (field && std::ranges::find(expiry_policies, field->text) == std::ranges::end(expiry_policies))
            fail(condition::invalid_field, name, "is unknown");
    }
    void outcome(std::string_view name, encoded_view& field) {
        encoded(name, field);
        if (!field || problem_)
            return;
        const auto state = decode_state(field);
        if (!state || !state->terminal())
            fail(condition::invalid_field, name, "is not an outcome");
    }

    /// Fields that a later version of the standard may add.
    void pass_over_rest() {
        for (; left_ > 0 && !problem_; --left_)
            if (!fields_.skip())
                fail(condition::decode_error, "unknown field", "is malformed");
        if (!problem_ && !fields_.at_end())
            fail(condition::decode_error, "the list", "is longer than its fields");
    }
    const error& problem() const { return problem_; }

private:
    bool present() {
        if (left_ == 0 || problem_)
            return false;
        --left_;
        return !fields_.read_null();
    }
    template<class T> void read(std::string_view name, T& field) {
        if (fields_.read(field))
            return;
        encoded_view other;
        const bool malformed = !fields_.skip(other);
        fail(malformed ? condition::decode_error : condition::invalid_field, name, malformed ? "is malformed" : "has the wrong type");
    }
    void fail(std::string_view what, std::string_view name, std::string_view why) {
        if (!problem_)
            problem_ = error(what, std::string(name) + ' ' + std::string(why));
    }

    decoder& fields_;
    std::uint32_t left_;
    error problem_;
};

class field_writer {
public:
    explicit field_writer(encoder& to) : to_(to) {}
    template<class T> void mandatory(std::string_view, const T& field) { write(field); }
    template<class T> void defaulted(std::string_view, const T& field) { write(field); }
    template<class T> void optional(std::string_view, const std::optional<T>& field) {
        if (field)
            return write(*field);
        to_.null();
        ++count_;
    }
    void encoded(std::string_view, const encoded_view& field) { write(field); }
    void map(std::string_view, const encoded_view& field) { write(field); }
    void symbols(std::string_view, const encoded_view& field) { write(field); }
    void terminus(std::string_view, const encoded_view& field) { write(field); }
    void failure(std::string_view, const encoded_view& field) { write(field); }
    std::uint32_t count() const { return count_; }

private:
    template<class T> void write(const T& field) {
        to_.write(field);
        ++count_;
    }
    encoder& to_;
    std::uint32_t count_ = 0;
};

} // namespace

template<class Performative> std::expected<Performative, error> read_fields(decoder& from) {
    if constexpr (std::same_as<Performative, transfer>)
        if (auto usual = read_short_transfer(from))
            return *usual;
    decoder fields{{}};
    std::uint32_t count = 0;
    if (!from.read_list(fields, count))
        return std::unexpected(error(condition::decode_error, std::string(Performative::name) + " is not a list"));
    Performative result;
    field_reader reader(fields, count);
    Performative::each(result, reader);
    reader.pass_over_rest();
    if (reader.problem())
        return std::unexpected(error(reader.problem().condition, std::string(Performative::name) + ": " + reader.problem().description));
    return result;
}

template<class Performative> void write(encoder& to, const Performative& what) {
    if constexpr (std::same_as<Performative, transfer>)
        if (write_short_transfer(to, what))
            return;
    to.descriptor(Performative::code);
    const auto fields = to.begin_list();
    field_writer writer(to);
    Performative::each(what, writer);
    to.end(fields, writer.count());
}

#define CAPSTAN_PERFORMATIVE(name)                                                                                                         \
    template std::expected<name, error> read_fields<name>(decoder&);                                                                       \
    template void write<name>(encoder&, const name&);
CAPSTAN_PERFORMATIVE(open)
CAPSTAN_PERFORMATIVE(begin)
CAPSTAN_PERFORMATIVE(attach)
CAPSTAN_PERFORMATIVE(flow)
CAPSTAN_PERFORMATIVE(transfer)
CAPSTAN_PERFORMATIVE(disposition)
CAPSTAN_PERFORMATIVE(detach)
CAPSTAN_PERFORMATIVE(end)
CAPSTAN_PERFORMATIVE(close)
CAPSTAN_PERFORMATIVE(sasl_mechanisms)
CAPSTAN_PERFORMATIVE(sasl_init)
CAPSTAN_PERFORMATIVE(sasl_outcome)
CAPSTAN_PERFORMATIVE(error_view)
#undef CAPSTAN_PERFORMATIVE
template std::expected<source_fields, error> read_fields<source_fields>(decoder&);
template std::expected<target_fields, error> read_fields<target_fields>(decoder&);
template std::expected<coordinator_fields, error> read_fields<coordinator_fields>(decoder&);
template std::expected<received_fields, error> read_fields<received_fields>(decoder&);
template std::expected<accepted_fields, error> read_fields<accepted_fields>(decoder&);
template std::expected<rejected_fields, error> read_fields<rejected_fields>(decoder&);
template std::expected<released_fields, error> read_fields<released_fields>(decoder&);
template std::expected<modified_fields, error> read_fields<modified_fields>(decoder&);

bytes encode(const error& what) {
    bytes out;
    if (!what)
        return out;
    encoder to(out);
    error_view view{.condition = {what.condition}, .description = {}, .info = {what.info}};
    if (!what.description.empty())
        view.description = what.description;
    write(to, view);
    return out;
}

error decode_error(encoded_view what) {
    decoder from(what.raw);
    std::optional<std::uint64_t> code;
    std::string_view name;
    if (!what || !from.enter_described() || !from.read_descriptor(code, name) || code != error_view::code)
        return {};
    const auto view = read_fields<error_view>(from);
    if (!view)
        return {};
    return error(view->condition.text, view->description.value_or(""), bytes(view->info.raw.begin(), view->info.raw.end()));
}

std::vector<std::string> decode_symbols(encoded_view what) {
    std::vector<std::string> symbols;
    decoder from(what.raw);
    symbol_view single;
    if (from.read(single)) {
        symbols.emplace_back(single.text);
    } else if (const auto decoded = decode_value(what)) {
        // The value is bounded by the frame that it came in.
        if (const auto* several = decoded->get<array>())
            for (const auto& element : several->elements)
                if (const auto text = element.text())
                    symbols.emplace_back(*text);
    }
    return symbols;
}

} // namespace capstan::amqp
