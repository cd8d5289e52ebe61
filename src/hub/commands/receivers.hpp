#pragma once
// Links that something is handed out to under locks, each in its turn.

#include <algorithm>
#include <memory>
#include <vector>

#include "base/run_queue.hpp"

namespace capstan::hub {

/// Who holds locks: a number that the owner gives to each link that receives.
using receiver_id = std::uint64_t;

/// Lives on the thread that hands out. A link lives and ends on its own: it is touched there only, and whoever owns it calls erase()
/// after its end, which also is the time to take back what it was given.
template<class Link> class receivers {
public:
    struct receiver {
        receiver_id id;
        run_queue* home; ///< of the link
        std::weak_ptr<Link> link;
        std::size_t wanted;
    };

    /// The link may take `count` more. The first call makes it known.
    void want(receiver_id id, run_queue& home, std::weak_ptr<Link> link, std::size_t count) {
        const auto known = std::ranges::find(all_, id, &receiver::id);
        if (known == all_.end())
            all_.push_back({id, &home, std::move(link), count});
        else
            known->wanted = count;
    }
    void erase(receiver_id id) {
        std::erase_if(all_, [&](const receiver& each) { return each.id == id; });
    }

    bool empty() const { return all_.empty(); }
    bool wanted() const {
        return std::ranges::any_of(all_, [](const receiver& each) { return each.wanted > 0; });
    }
    /// The next in turn that may take something; null when there is none.
    receiver* next() {
        for (std::size_t tried = 0; tried < all_.size(); ++tried)
            if (auto& each = all_[turn_++ % all_.size()]; each.wanted > 0)
                return &each;
        return nullptr;
    }
    /// A link that has ended by the time the item gets there gets nothing.
    template<class Item> static void give(receiver& to, Item item) {
        --to.wanted;
        to.home->post([link = to.link, item = std::move(item)]() mutable {
            if (const auto live = link.lock())
                live->deliver(std::move(item));
        });
    }

private:
    std::vector<receiver> all_;
    std::size_t turn_ = 0;
};

} // namespace capstan::hub
