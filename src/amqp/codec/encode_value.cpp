#include <algorithm>
#include <type_traits>

#include <capstan/amqp/value.hpp>

#include "amqp/codec/wire.hpp"

namespace capstan::amqp {
namespace {

void encode_array(encoder& to, const array& what);

void encode_elements(encoder& to, const list& what) {
    for (const value& element : what.elements) {
        encode(to, element);
    }
}

void encode_elements(encoder& to, const map& what) {
    for (const auto& [key, content] : what.entries) {
        encode(to, key);
        encode(to, content);
    }
}

std::uint32_t count_of(const list& what) { return static_cast<std::uint32_t>(what.elements.size()); }
std::uint32_t count_of(const map& what) { return static_cast<std::uint32_t>(what.entries.size() * 2); }

const value& or_null(const std::unique_ptr<value>& part) {
    static const value nothing;
    return part ? *part : nothing;
}

/// Writes each held type in its smallest form.
struct writer {
    encoder& to;

    void operator()(std::monostate) const { to.null(); }
    void operator()(const bytes& what) const { to.write(bytes_view(what)); }
    void operator()(const std::string& what) const { to.write(std::string_view(what)); }
    void operator()(const symbol& what) const { to.write(symbol_view{what.text}); }
    void operator()(const array& what) const { encode_array(to, what); }
    template<class T> void operator()(const T& what) const { to.write(what); }

    void operator()(const list& what) const {
        const auto open = to.begin_list();
        encode_elements(to, what);
        to.end(open, count_of(what));
    }
    void operator()(const map& what) const {
        const auto open = to.begin_map();
        encode_elements(to, what);
        to.end(open, count_of(what));
    }
    void operator()(const described& what) const {
        to.descriptor(encoded_view{encode(or_null(what.descriptor))});
        encode(to, or_null(what.content));
    }
};

/// Writes each held type in its widest form: elements of an array share one constructor, and only the widest fits them all.
struct wide_writer {
    bytes& out;

    void variable(std::uint8_t code, bytes_view content) const {
        wire::append(out, code, static_cast<std::uint32_t>(content.size()));
        out.insert(out.end(), content.begin(), content.end());
    }
    void compound(std::uint8_t code, std::uint32_t count, bytes_view content) const {
        wire::append(out, code, static_cast<std::uint32_t>(content.size() + sizeof count));
        wire::append(out, count);
        out.insert(out.end(), content.begin(), content.end());
    }
    template<class Elements> void compound_of(std::uint8_t code, const Elements& what) const {
        bytes content;
        encoder elements(content);
        encode_elements(elements, what);
        compound(code, count_of(what), content);
    }

    void operator()(bool what) const { wire::append(out, wire::boolean, static_cast<std::uint8_t>(what)); }
    void operator()(std::uint32_t what) const { wire::append(out, wire::uint, what); }
    void operator()(std::uint64_t what) const { wire::append(out, wire::ulong, what); }
    void operator()(std::int32_t what) const { wire::append(out, wire::int_, what); }
    void operator()(std::int64_t what) const { wire::append(out, wire::long_, what); }
    void operator()(const bytes& what) const { variable(wire::binary32, what); }
    void operator()(const std::string& what) const { variable(wire::string32, as_bytes(what)); }
    void operator()(const symbol& what) const { variable(wire::symbol32, as_bytes(what.text)); }
    void operator()(const list& what) const { compound_of(wire::list32, what); }
    void operator()(const map& what) const { compound_of(wire::map32, what); }
    void operator()(const array& what) const;
    void operator()(const described& what) const {
        const bytes descriptor = encode(or_null(what.descriptor));
        out.push_back(wire::described);
        out.insert(out.end(), descriptor.begin(), descriptor.end());
        std::visit(*this, or_null(what.content).held());
    }
    /// The rest have one form only.
    template<class T> void operator()(const T& what) const {
        encoder to(out);
        writer{to}(what);
    }
};

/// The constructor that all elements share, then their bodies; none when the elements do not share one.
std::optional<bytes> array_body(const array& what) {
    if (what.elements.empty()) {
        return bytes{wire::null};
    }
    bytes made;
    bytes whole;
    bytes_view constructor;
    for (const value& element : what.elements) {
        whole.clear();
        std::visit(wide_writer{whole}, element.held());
        bytes_view body = whole;
        wire::constructor of;
        if (!wire::skip_constructor(body, 0, of)) {
            return std::nullopt; // a descriptor nested beyond max_depth
        }
        const bytes_view own = bytes_view(whole).first(whole.size() - body.size());
        if (made.empty()) {
            made.assign(own.begin(), own.end());
        }
        constructor = bytes_view(made).first(std::min(own.size(), made.size()));
        if (!std::ranges::equal(own, constructor)) {
            return std::nullopt;
        }
        made.insert(made.end(), body.begin(), body.end());
    }
    return made;
}

void wide_writer::operator()(const array& what) const {
    if (const auto body = array_body(what)) {
        compound(wire::array32, static_cast<std::uint32_t>(what.elements.size()), *body);
    } else {
        compound_of(wire::list32, list{what.elements});
    }
}

void encode_array(encoder& to, const array& what) {
    const auto body = array_body(what);
    if (!body) {
        writer{to}(list{what.elements});
        return;
    }
    const auto open = to.begin_array();
    to.write(encoded_view{*body});
    to.end(open, static_cast<std::uint32_t>(what.elements.size()));
}

} // namespace

void encode(encoder& to, const value& what) { std::visit(writer{to}, what.held()); }

bytes encode(const value& what) {
    bytes out;
    encoder to(out);
    encode(to, what);
    return out;
}

} // namespace capstan::amqp
