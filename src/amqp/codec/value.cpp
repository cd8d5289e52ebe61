#include <capstan/amqp/value.hpp>

#include <algorithm>

#include "amqp/codec/wire.hpp"

namespace capstan::amqp {

bool list::operator==(const list&) const = default;
bool map::operator==(const map&) const = default;
bool array::operator==(const array&) const = default;
bool value::operator==(const value&) const = default;

const value* map::find(std::string_view key) const {
    const auto is_key = [key](const auto& entry) {
        const auto* as_symbol = entry.first.template get<symbol>();
        const auto* as_string = entry.first.template get<std::string>();
        return (as_symbol && as_symbol->text == key) || (as_string && *as_string == key);
    };
    const auto found = std::ranges::find_if(entries, is_key);
    return found == entries.end() ? nullptr : &found->second;
}

described::described(value d, value c)
    : descriptor(std::make_unique<value>(std::move(d))), content(std::make_unique<value>(std::move(c))) {}

described::described(const described& other)
    : descriptor(other.descriptor ? std::make_unique<value>(*other.descriptor) : nullptr),
      content(other.content ? std::make_unique<value>(*other.content) : nullptr) {}

described& described::operator=(described other) noexcept {
    descriptor.swap(other.descriptor);
    content.swap(other.content);
    return *this;
}

described::~described() = default;

bool described::operator==(const described& other) const {
    const auto same = [](const std::unique_ptr<value>& a, const std::unique_ptr<value>& b) { return a && b ? *a == *b : a == b; };
    return same(descriptor, other.descriptor) && same(content, other.content);
}

std::optional<std::string_view> value::text() const {
    if (const auto* string = get<std::string>()) {
        return *string;
    }
    if (const auto* name = get<symbol>()) {
        return name->text;
    }
    if (const auto* binary = get<bytes>()) {
        return as_text(*binary);
    }
    return std::nullopt;
}

std::optional<std::int64_t> value::integer() const {
    const auto number = [](const auto& held) -> std::optional<std::int64_t> {
        using held_type = std::remove_cvref_t<decltype(held)>;
        if constexpr (std::integral<held_type> && !std::same_as<held_type, bool>) {
            return std::in_range<std::int64_t>(held) ? std::optional<std::int64_t>(held) : std::nullopt;
        } else {
            return std::nullopt;
        }
    };
    return std::visit(number, content_);
}

const value& value::content() const {
    const auto* held = get<described>();
    return held && held->content ? *held->content : *this;
}

} // namespace capstan::amqp
