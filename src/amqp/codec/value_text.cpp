#include <algorithm>
#include <array>
#include <charconv>

#include <capstan/amqp/value.hpp>

namespace capstan::amqp {
namespace {

constexpr std::size_t shown_octets = 64;
constexpr std::string_view hex_digits = "0123456789abcdef";

/// One overload per held type.
class text_writer {
public:
    explicit text_writer(std::string& out) : out_(out) {}

    void operator()(std::monostate) { out_ += "null"; }
    void operator()(bool what) { out_ += what ? "true" : "false"; }
    void operator()(const bytes& what) { octets(what); }
    void operator()(const std::string& what) { quoted(what); }
    void operator()(const symbol& what) { quoted(what.text); }
    void operator()(timestamp what) { number(what.milliseconds); }
    void operator()(character what) { number(what.code_point); }
    void operator()(const uuid& what) { out_ += to_text(what); }
    void operator()(const array& what) { sequence(what.elements); }
    void operator()(const list& what) { sequence(what.elements); }
    void operator()(const map& what);
    void operator()(const described& what);
    template<std::size_t Width> void operator()(const decimal<Width>& what) { octets(what.octets); }
    template<class T> requires std::is_arithmetic_v<T>
    void operator()(T what) {
        number(what);
    }

private:
    template<class T> void number(T what);
    void octets(bytes_view what);
    void quoted(std::string_view what);
    void sequence(const std::vector<value>& elements);
    void any(const value& what) { std::visit(*this, what.held()); }
    void any(const std::unique_ptr<value>& what) { what ? any(*what) : (*this)(std::monostate()); }

    std::string& out_;
};

template<class T> void text_writer::number(T what) {
    std::array<char, 32> digits; // the longest, a double, takes 24
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), what);
    out_.append(digits.data(), end);
}

void text_writer::octets(bytes_view what) {
    out_ += "0x" + hex(what.first(std::min(what.size(), shown_octets)));
    if (what.size() > shown_octets) {
        out_ += "...";
    }
}

void text_writer::quoted(std::string_view what) {
    out_ += '"';
    for (const char c : what) {
        const auto code = static_cast<std::uint8_t>(c);
        if (code < 0x20 || code == 0x7f) {
            out_ += "\\u00";
            out_ += hex_digits[code >> 4];
            out_ += hex_digits[code & 15];
            continue;
        }
        if (c == '"' || c == '\\') {
            out_ += '\\';
        }
        out_ += c;
    }
    out_ += '"';
}

void text_writer::sequence(const std::vector<value>& elements) {
    std::string_view separator;
    out_ += '[';
    for (const value& element : elements) {
        out_ += separator;
        any(element);
        separator = ", ";
    }
    out_ += ']';
}

void text_writer::operator()(const map& what) {
    std::string_view separator;
    out_ += '{';
    for (const auto& [key, content] : what.entries) {
        out_ += separator;
        any(key);
        out_ += ": ";
        any(content);
        separator = ", ";
    }
    out_ += '}';
}

void text_writer::operator()(const described& what) {
    out_ += '@';
    any(what.descriptor);
    out_ += '(';
    any(what.content);
    out_ += ')';
}

} // namespace

std::string hex(bytes_view octets) {
    std::string text;
    text.reserve(octets.size() * 2);
    for (const std::uint8_t octet : octets) {
        text += hex_digits[octet >> 4];
        text += hex_digits[octet & 15];
    }
    return text;
}

std::string to_text(const uuid& what) {
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < what.octets.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text += '-';
        }
        text += hex_digits[what.octets[i] >> 4];
        text += hex_digits[what.octets[i] & 15];
    }
    return text;
}

std::string to_text(const value& what) {
    std::string text;
    std::visit(text_writer(text), what.held());
    return text;
}

} // namespace capstan::amqp
