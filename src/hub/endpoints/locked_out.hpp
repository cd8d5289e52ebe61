#pragma once
// What the two endpoints that hand things out under locks have in common: which lock each unsettled delivery stands for, and how
// the receiver's outcome is understood and answered. contract/iothub-amqp.md, 6.3.

#include <boost/unordered/unordered_flat_map.hpp>

#include "hub/commands/mailbox.hpp"
#include "hub/endpoints/endpoint.hpp"

namespace capstan::hub {

class locked_out_endpoint : public endpoint {
public:
    using endpoint::endpoint;
    ~locked_out_endpoint() override { with_.unanswered -= settling_; }

    void open() override;
    void on_disposed(const amqp::disposed& what) override;

protected:
    /// How many more may be handed to this link: its credit, less what is on its way to it.
    std::size_t wanted(std::size_t under_way) const;
    /// False when the link has no credit any more, or ends because the message is larger than its receiver takes.
    bool send_locked(const lock_token& token, std::span<const bytes_view> message);
    /// All that was handed to this link has been sent. What is left of the credit is given back, unless it could not be used: then
    /// on_credit() comes again.
    void end_drain();
    /// Hands the outcome on; on_settled must be called with what came of it.
    virtual void settle(const lock_token& token, verdict what, amqp::delivery_id id, bool confirm) = 0;
    void on_settled(amqp::delivery_id id, bool confirm, std::optional<amqp::error> error);

private:
    boost::unordered_flat_map<std::uint32_t, lock_token> handed_out_; ///< by delivery id; bounded by the link's credit and the locks' time
    std::size_t settling_ = 0;
};

} // namespace capstan::hub
