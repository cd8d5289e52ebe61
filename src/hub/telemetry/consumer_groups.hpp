#pragma once
// The event hub's consumer groups. A group holds nothing of its own: readers of different groups do not displace each other, and are
// counted apart. contract/semantics.md, section 3.2.

#include <expected>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace capstan::hub {

/// Thread-safe. Names are told apart without case; $Default is always there.
class consumer_groups {
public:
    /// `most` may be there, $Default among them. Names that are there already stay, however many.
    consumer_groups(std::vector<std::string> names, std::size_t most) : most_(most), names_(std::move(names)) {}

    /// Before the first change: those that are there stand in the operator's configuration and stay; `made` are the others, which were
    /// kept when the hub ran before.
    void adopt(std::vector<std::string> made);

    /// Keeps the names for the next start, but for those of the configuration; says why not. To be set before the first change; it may
    /// block for as long as a file takes.
    std::function<std::expected<void, std::string>(const std::vector<std::string>&)> save;

    bool contains(std::string_view name) const;
    std::vector<std::string> all() const; ///< $Default first

    enum class refusal : std::uint8_t { exists, not_found, too_many, invalid, configured, not_saved };
    /// Durable when there is no refusal. A name has 1 to 50 letters, digits, '.', '-' and '_', a letter or a digit at both ends.
    std::expected<void, refusal> create(const std::string& name);
    /// Its readers go on until they leave, or are told by whoever removes it.
    std::expected<void, refusal> remove(std::string_view name);

private:
    using names = std::vector<std::string>;
    static names::const_iterator find(const names& in, std::string_view name);
    bool known(std::string_view name) const;
    std::expected<void, refusal> replace(names next);

    const std::size_t most_;
    mutable std::mutex mutex_;
    names configured_, names_; ///< without $Default
};

} // namespace capstan::hub
