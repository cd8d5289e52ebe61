#pragma once
// What every device_registry decides alike: whether a write's condition holds, and what an etag looks like.

#include "store/device_registry.hpp"

namespace capstan::store {

/// None when the write may happen. `current` is null when there is no such device.
std::optional<failure> refusal(const condition& when, std::string_view id, const device* current);

failure no_such_device(std::string_view id);
failure too_many_modules();

/// The etag of a registry's change number `change`: its eight bytes, big-endian, in base64, as Azure's look (contract/rest.md).
std::string etag_of(std::uint64_t change);

/// What becomes of the counts when `before` turns into `after`; null: not there.
device_counts counts_after(device_counts counts, const device* before, const device* after);

} // namespace capstan::store
