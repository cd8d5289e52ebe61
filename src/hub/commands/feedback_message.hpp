#pragma once
#include <string>

#include <boost/json.hpp>

#include "hub/commands/feedback_center.hpp"

namespace capstan::hub {

constexpr std::string_view feedback_type = "application/vnd.microsoft.iothub.feedback.json";
boost::json::array feedback_json(const std::vector<store::feedback_record>& batch, boost::json::storage_ptr memory = {});

/// A batch of feedback as a service gets it: contract/iothub-amqp.md, 7.1. `hub_name` stands in user-id.
bytes write_feedback(const locked_feedback& batch, std::string_view hub_name);

/// "Success", "Expired", …
std::string_view to_text(store::feedback_status status);

} // namespace capstan::hub
