#include "client/request_response.hpp"

#include "client/classify.hpp"

namespace capstan::client {
namespace {

/// Names are those of $cbs; $management has both these and its own.
reply read_reply(const amqp::message_view& message) {
    reply answer;
    const auto decoded = amqp::decode_value(message.application_properties().content);
    if (const auto* entries = decoded ? decoded->get<amqp::map>() : nullptr) {
        const auto* status = entries->find("status-code");
        const auto* words = entries->find("status-description");
        answer.status = static_cast<int>(status ? status->integer().value_or(0) : 0);
        answer.description = words ? std::string(words->text().value_or("")) : std::string();
    }
    if (const auto value = message.body_value())
        answer.body = amqp::decode_value(value).value_or(amqp::value());
    return answer;
}

} // namespace

class request_response::request_link final : public link {
public:
    explicit request_link(request_response& owner) : owner_(owner) {}
    amqp::attach_request request() override {
        amqp::attach_request asked;
        asked.name = owner_.address_ + "-sender";
        asked.role = amqp::role::sender;
        asked.source = amqp::encode_source(owner_.reply_to_);
        asked.target = amqp::encode_target(owner_.address_);
        return asked;
    }
    void on_credited() override { owner_.pump(); }
    void on_disposed(const amqp::disposed& what) override {
        if (what.state.what != amqp::delivery_state::shape::rejected)
            return;
        owner_.refused(static_cast<std::uint32_t>(what.first), classify(what.state.error));
    }
    void on_failed(const client_error& why) override { owner_.fail(why); }
    bool send(amqp::bytes_view tag, amqp::bytes_view payload, std::uint32_t& number) {
        if (!up() || engine().credit(id()) == 0)
            return false;
        const auto sent = engine().send(id(), tag, {&payload, 1});
        if (sent)
            number = static_cast<std::uint32_t>(*sent), wake();
        return sent.has_value();
    }

private:
    void on_lost(const client_error& why) override { owner_.fail(why); }
    request_response& owner_;
};

class request_response::reply_link final : public link {
public:
    explicit reply_link(request_response& owner) : owner_(owner) {}
    amqp::attach_request request() override {
        amqp::attach_request asked;
        asked.name = owner_.address_ + "-receiver";
        asked.role = amqp::role::receiver;
        asked.source = amqp::encode_source(owner_.address_);
        asked.target = amqp::encode_target(owner_.reply_to_);
        asked.credit = 2 * max_on_the_way;
        return asked;
    }
    void on_delivery(const amqp::delivery& message) override {
        engine().settle(id(), message.id, message.id, amqp::delivery_state::accepted());
        engine().set_credit(id(), 2 * max_on_the_way);
        wake();
        owner_.answered(message);
    }
    void on_failed(const client_error& why) override { owner_.fail(why); }

private:
    void on_lost(const client_error& why) override { owner_.fail(why); }
    request_response& owner_;
};

request_response::request_response(const asio::any_io_executor& strand, std::string address, std::string reply_to,
                                   std::chrono::milliseconds time_out)
    : address_(std::move(address)), reply_to_(std::move(reply_to)), requests_(std::make_shared<request_link>(*this)),
      replies_(std::make_shared<reply_link>(*this)), time_out_(time_out), deadline_(strand),
      self_(std::make_shared<request_response*>(this)) {}

std::shared_ptr<link> request_response::requests() const { return requests_; }
std::shared_ptr<link> request_response::replies() const { return replies_; }

void request_response::ask(const amqp::map& properties, const amqp::value& body, answer done) {
    question asked{address_ + std::to_string(next_++), {}, std::move(done), std::chrono::steady_clock::now() + time_out_};
    amqp::message_properties head;
    head.message_id = amqp::value(asked.id);
    head.to = address_;
    head.reply_to = reply_to_;
    amqp::message_builder(asked.payload).properties(head).application_properties(properties).value(body);
    waiting_.push_back(std::move(asked));
    watch_deadlines();
    pump();
}

void request_response::pump() {
    while (!waiting_.empty() && asked_.size() < max_on_the_way) {
        auto& next = waiting_.front();
        std::uint32_t number = 0;
        if (!requests_->send(amqp::as_bytes(next.id), next.payload, number))
            return;
        sent_[number] = next.id;
        asked_.emplace(std::move(next.id), asked_question{std::move(next.done), next.deadline});
        waiting_.pop_front();
    }
}

void request_response::answered(const amqp::delivery& message) {
    const auto view = amqp::message_view::parse(message.payload);
    const auto head = view ? amqp::read_properties(view->properties().content) : std::unexpected(view.error());
    if (!head)
        return;
    const auto found = asked_.find(amqp::id_text(head->correlation_id));
    if (found == asked_.end())
        return;
    auto done = std::move(found->second.done);
    std::erase_if(sent_, [&](const auto& each) { return each.second == found->first; });
    asked_.erase(found);
    done(read_reply(*view));
    pump();
}

void request_response::refused(std::uint64_t number, const client_error& why) {
    const auto sent = sent_.find(static_cast<std::uint32_t>(number));
    if (sent == sent_.end())
        return;
    const auto found = asked_.find(sent->second);
    sent_.erase(sent);
    if (found == asked_.end())
        return;
    auto done = std::move(found->second.done);
    asked_.erase(found);
    done(std::unexpected(why));
}

/// One timer for all of them: it looks again when the first of those that are open now has run out of time.
void request_response::watch_deadlines() {
    if (watching_ || (waiting_.empty() && asked_.empty()))
        return;
    watching_ = true;
    auto soonest = waiting_.empty() ? steady_time::max() : waiting_.front().deadline;
    for (const auto& [id, each] : asked_)
        soonest = std::min(soonest, each.deadline);
    deadline_.expires_at(soonest);
    deadline_.async_wait([weak = std::weak_ptr(self_)](boost::system::error_code) {
        const auto self = weak.lock();
        if (!self)
            return;
        (*self)->watching_ = false;
        (*self)->give_up_late();
    });
}

void request_response::give_up_late() {
    std::vector<answer> late;
    const auto now = std::chrono::steady_clock::now();
    for (; !waiting_.empty() && waiting_.front().deadline <= now; waiting_.pop_front())
        late.push_back(std::move(waiting_.front().done));
    for (auto at = asked_.begin(); at != asked_.end();) {
        if (at->second.deadline > now) {
            ++at;
            continue;
        }
        late.push_back(std::move(at->second.done));
        std::erase_if(sent_, [&](const auto& each) { return each.second == at->first; });
        at = asked_.erase(at);
    }
    watch_deadlines();
    pump();
    const client_error why(errc::timed_out, "no answer from " + address_);
    for (auto& done : late) // who hears it may end us
        done(std::unexpected(why));
}

void request_response::fail(const client_error& why) {
    auto waiting = std::exchange(waiting_, {});
    auto asked = std::exchange(asked_, {});
    sent_.clear();
    deadline_.cancel();
    for (auto& each : asked)
        each.second.done(std::unexpected(why));
    for (auto& each : waiting)
        each.done(std::unexpected(why));
}

} // namespace capstan::client
