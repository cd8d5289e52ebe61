#include "store/disk_space.hpp"

#include <algorithm>

namespace capstan::store {

bool disk_is_low(const std::filesystem::path& folder, std::uint64_t reserve) {
    std::error_code unknown;
    const auto space = std::filesystem::space(folder, unknown);
    return !unknown && space.available < std::min<std::uintmax_t>(reserve, space.capacity / 2);
}

} // namespace capstan::store
