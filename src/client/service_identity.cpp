#include <capstan/service_identity.hpp>

#include <capstan/error.hpp>

#include "auth/connection_string.hpp"
#include "client/credentials.hpp"

namespace capstan {

service_identity::service_identity(std::string_view connection_string) {
    auto parsed = auth::parse_hub_connection_string(connection_string);
    if (!parsed)
        throw client_error(errc::invalid_argument, parsed.error());
    if (parsed->policy.empty() || parsed->key.empty())
        throw client_error(errc::invalid_argument, "not a service's connection string: it needs SharedAccessKeyName and SharedAccessKey");
    host_name_ = std::move(parsed->host_name);
    tokens_ = client::provider_of(std::move(parsed->key), std::move(parsed->policy));
}

service_identity service_identity::by_tokens(std::string host_name, token_provider tokens) {
    service_identity made;
    made.host_name_ = std::move(host_name);
    made.tokens_ = std::move(tokens);
    return made;
}

} // namespace capstan
