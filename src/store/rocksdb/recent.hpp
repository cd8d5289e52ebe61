#pragma once
// A bounded memory of what was used last, by name.

#include <string>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>

namespace capstan::store {

/// Two generations instead of a list of uses: whatever is asked for is moved to the young one, and when that is full the old one is
/// forgotten and the young one takes its place. So the newest `size` names are always there, and never more than twice as many,
/// but for those of between two calls of age(). Not thread-safe.
template<class Value> class recent {
public:
    explicit recent(std::size_t size) : size_(size) {}

    /// Null when it is not known. Valid until the next call.
    Value* find(const std::string& name) {
        if (const auto young = young_.find(name); young != young_.end())
            return &young->second;
        const auto old = old_.find(name);
        if (old == old_.end())
            return nullptr;
        Value& kept = young_[name] = std::move(old->second);
        old_.erase(old);
        return &kept;
    }
    /// Likewise; what is not known is made.
    Value& at(const std::string& name) {
        Value* const known = find(name);
        return known ? *known : young_[name];
    }
    void erase(const std::string& name) { young_.erase(name), old_.erase(name); }
    void clear() { young_.clear(), old_.clear(); }
    std::size_t count() const { return young_.size() + old_.size(); }
    /// Forgets what must be forgotten for the bound's sake; nothing else does.
    void age() {
        if (young_.size() >= size_)
            old_ = std::exchange(young_, {});
    }

private:
    using generation = boost::unordered_flat_map<std::string, Value>;
    const std::size_t size_;
    generation young_, old_;
};

} // namespace capstan::store
