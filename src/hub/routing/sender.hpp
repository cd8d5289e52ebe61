#pragma once
#include <string>

#include "hub/telemetry/annotations.hpp"

namespace capstan::hub::routing {

/// Who sends on a link, as conditions may ask for it. Owns its texts.
struct sender {
    std::string device, module, generation_id, auth_method, model_id;

    sender_stamp stamp() const {
        return {.device = device, .module = module, .generation_id = generation_id, .auth_method = auth_method, .model_id = model_id};
    }
};

} // namespace capstan::hub::routing
