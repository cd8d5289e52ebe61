#pragma once
// A message on its way to the hub or from it.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace capstan {

/// Milliseconds since 1970, UTC: what AMQP and hubs tell the time with.
using wall_clock_time = std::chrono::sys_time<std::chrono::milliseconds>;

/// Which outcomes the sender of a cloud-to-device message wants feedback for (application property iothub-ack).
enum class feedback_wanted : std::uint8_t { none, positive, negative, full };

/// A body of bytes with properties. A value: copies share nothing.
///
///     auto reading = capstan::message(R"({"celsius":21.4})").content_type("application/json").property("alert", "no");
///
/// Routing by body needs content_type("application/json") and content_encoding("utf-8").
class message {
public:
    message() = default;
    /// The body is bytes, text or not.
    explicit message(std::string body) : body_(std::move(body)) {}

    /// Made up when absent, so that a message which is sent again after a lost connection can be recognised.
    message& message_id(std::string id) & { return message_id_ = std::move(id), *this; }
    /// The properties of the AMQP standard (part 3, section 3.2.4).
    ///@{
    message& correlation_id(std::string id) & { return correlation_id_ = std::move(id), *this; }
    message& content_type(std::string type) & { return content_type_ = std::move(type), *this; }
    message& content_encoding(std::string encoding) & { return content_encoding_ = std::move(encoding), *this; }
    message& user_id(std::string id) & { return user_id_ = std::move(id), *this; }
    message& subject(std::string text) & { return subject_ = std::move(text), *this; }
    message& reply_to(std::string address) & { return reply_to_ = std::move(address), *this; }
    message& creation_time(wall_clock_time when) & { return creation_time_ = when, *this; }
    message& group_id(std::string id) & { return group_id_ = std::move(id), *this; }
    message& group_sequence(std::uint32_t number) & { return group_sequence_ = number, *this; }
    message& reply_to_group_id(std::string id) & { return reply_to_group_id_ = std::move(id), *this; }
    ///@}
    /// The address of the node that it is for. A service's commands get the device's.
    message& to(std::string address) & { return to_ = std::move(address), *this; }
    /// An application property. Hub and SDKs know texts only.
    message& property(std::string name, std::string value) & { return properties_[std::move(name)] = std::move(value), *this; }
    /// Cloud-to-device: when it is of no use any more. The hub has a default, and a maximum of two days.
    message& expires_at(wall_clock_time when) & { return expires_at_ = when, *this; }
    /// The same, from now on.
    message& expires_after(std::chrono::milliseconds time) & {
        return expires_at(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) + time);
    }
    /// Cloud-to-device.
    message& feedback(feedback_wanted outcomes) & { return feedback_ = outcomes, *this; }

    /// The same on a message that is being made.
    ///@{
    message&& message_id(std::string id) && { return std::move(message_id(std::move(id))); }
    message&& correlation_id(std::string id) && { return std::move(correlation_id(std::move(id))); }
    message&& content_type(std::string type) && { return std::move(content_type(std::move(type))); }
    message&& content_encoding(std::string encoding) && { return std::move(content_encoding(std::move(encoding))); }
    message&& user_id(std::string id) && { return std::move(user_id(std::move(id))); }
    message&& subject(std::string text) && { return std::move(subject(std::move(text))); }
    message&& reply_to(std::string address) && { return std::move(reply_to(std::move(address))); }
    message&& creation_time(wall_clock_time when) && { return std::move(creation_time(when)); }
    message&& group_id(std::string id) && { return std::move(group_id(std::move(id))); }
    message&& group_sequence(std::uint32_t number) && { return std::move(group_sequence(number)); }
    message&& reply_to_group_id(std::string id) && { return std::move(reply_to_group_id(std::move(id))); }
    message&& to(std::string address) && { return std::move(to(std::move(address))); }
    message&& property(std::string name, std::string value) && { return std::move(property(std::move(name), std::move(value))); }
    message&& expires_at(wall_clock_time when) && { return std::move(expires_at(when)); }
    message&& expires_after(std::chrono::milliseconds time) && { return std::move(expires_after(time)); }
    message&& feedback(feedback_wanted outcomes) && { return std::move(feedback(outcomes)); }
    ///@}

    /// Bytes: whether they are text is said by content_type and content_encoding.
    std::string_view body() const { return body_; }
    /// What was set, or what came; empty where nothing was.
    ///@{
    const std::string& message_id() const { return message_id_; }
    const std::string& correlation_id() const { return correlation_id_; }
    const std::string& content_type() const { return content_type_; }
    const std::string& content_encoding() const { return content_encoding_; }
    const std::string& user_id() const { return user_id_; }
    const std::string& subject() const { return subject_; }
    const std::string& reply_to() const { return reply_to_; }
    const std::optional<wall_clock_time>& creation_time() const { return creation_time_; }
    const std::string& group_id() const { return group_id_; }
    std::optional<std::uint32_t> group_sequence() const { return group_sequence_; }
    const std::string& reply_to_group_id() const { return reply_to_group_id_; }
    const std::string& to() const { return to_; }
    const std::map<std::string, std::string, std::less<>>& properties() const { return properties_; }
    ///@}
    /// Empty when there is none of that name.
    std::string_view property(std::string_view name) const {
        const auto found = properties_.find(name);
        return found == properties_.end() ? std::string_view() : found->second;
    }
    /// What was set for a cloud-to-device message.
    ///@{
    const std::optional<wall_clock_time>& expires_at() const { return expires_at_; }
    feedback_wanted feedback() const { return feedback_; }
    ///@}

private:
    std::string body_, message_id_, correlation_id_, content_type_, content_encoding_, user_id_;
    std::string to_, subject_, reply_to_, group_id_, reply_to_group_id_;
    std::optional<wall_clock_time> creation_time_;
    std::optional<std::uint32_t> group_sequence_;
    std::map<std::string, std::string, std::less<>> properties_;
    std::optional<wall_clock_time> expires_at_;
    feedback_wanted feedback_ = feedback_wanted::none;
};

} // namespace capstan
