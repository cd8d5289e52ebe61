#pragma once
// Bytes as this project passes them: owned in a vector, borrowed as a span. Text is std::string and std::string_view.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace capstan {

using bytes = std::vector<std::uint8_t>;
/// Borrowed bytes: valid only as long as the function that takes or gives them says.
using bytes_view = std::span<const std::uint8_t>;

inline bytes_view as_bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }
inline std::string_view as_text(bytes_view raw) { return {reinterpret_cast<const char*>(raw.data()), raw.size()}; }
inline void append(bytes& to, bytes_view more) { to.insert(to.end(), more.begin(), more.end()); }

} // namespace capstan
