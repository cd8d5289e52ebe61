#pragma once
// Shared access policies: named pairs of keys with rights. contract/semantics.md, 5.1.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace capstan::auth {

/// A set of flags. Azure's own values; they live on disk through their names (to_text).
enum class rights : std::uint8_t {
    none = 0,
    registry_read = 1,
    registry_write = 3, ///< includes reading
    service_connect = 4,
    device_connect = 8,
};

constexpr rights operator|(rights a, rights b) { return static_cast<rights>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b)); }
constexpr bool includes(rights granted, rights needed) {
    return (static_cast<std::uint8_t>(granted) & static_cast<std::uint8_t>(needed)) == static_cast<std::uint8_t>(needed);
}

/// "RegistryRead, ServiceConnect", in the order of the flags; as Azure writes it.
std::string to_text(rights granted);
/// Words in any order, separated by commas; `rights::none` for a text with an unknown word.
rights rights_from_text(std::string_view text);

struct access_policy {
    std::string name;
    std::string primary_key;   ///< base64 of 32 bytes
    std::string secondary_key; ///< base64
    rights granted = rights::none;
};

/// The policies of a hub as of one moment; immutable, so any thread may read it. To change a policy, make a new set.
class policy_set {
public:
    policy_set() = default;
    explicit policy_set(std::vector<access_policy> policies) : policies_(std::move(policies)) {}

    /// iothubowner, service, device, registryRead and registryReadWrite, with new random keys.
    static policy_set built_in();

    /// Null if there is none of that name (with case). The pointer lives as long as the set.
    const access_policy* find(std::string_view name) const;
    const std::vector<access_policy>& all() const { return policies_; }

private:
    std::vector<access_policy> policies_;
};

} // namespace capstan::auth
