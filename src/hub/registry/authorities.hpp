#pragma once
// Whose signature makes a device's certificate a good one: authorities that a service registers, and proves to have the keys of.
// contract/semantics.md, section 5.3. Those of the operator's files are not among them.

#include <expected>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/certificate.hpp"
#include "base/clock.hpp"
#include "store/device_registry.hpp"

namespace capstan::hub {

struct authority {
    std::string name;
    std::string pem;
    std::string etag;
    bool verified = false;
    std::string code; ///< that a proof has to name; empty: none has been asked for
    wall_time created{}, updated{};
};

/// Of those that are, one after the other.
std::string pem_of_verified(const std::vector<authority>& all);

/// Thread-safe. Names are told apart without case.
class authorities {
public:
    static constexpr std::size_t most = 25; ///< Azure's

    explicit authorities(const wall_clock& clock) : clock_(clock) {}
    /// Those that were kept, before anything else.
    void adopt(std::vector<authority> known) { all_ = std::move(known); }

    /// Keeps them for the next start; says why not. It may block for as long as a file takes. To be set before the first change, as is
    /// on_trust_changed: called when others are verified than before, with them, and before the change is answered.
    std::function<std::expected<void, std::string>(const std::vector<authority>&)> save;
    std::function<void(const std::string& verified_pem)> on_trust_changed;

    std::vector<authority> all() const;
    std::optional<authority> find(std::string_view name) const;

    struct refusal {
        enum class reason : std::uint8_t { invalid, exists, not_found, too_many, precondition_failed, not_saved } why;
        std::string text;
    };
    using changed = std::expected<authority, refusal>;

    /// A new one (must_not_exist), or another certificate for one that is there. `verified`: its proof has been taken elsewhere.
    changed put(std::string_view name, std::string_view certificate, bool verified, const store::condition& when);
    changed remove(std::string_view name, const store::condition& when);
    changed generate_code(std::string_view name, const store::condition& when);
    /// The code is used up by it.
    changed verify(std::string_view name, std::string_view proof, const store::condition& when);

private:
    using position = std::vector<authority>::const_iterator;
    position position_of(std::string_view name) const;
    std::expected<position, refusal> existing(std::string_view name, const store::condition& when) const;
    changed replace(position at, authority by);
    std::expected<void, refusal> keep(std::vector<authority> next);

    const wall_clock& clock_;
    mutable std::mutex mutex_;
    std::vector<authority> all_;
};

} // namespace capstan::hub
