#pragma once
#include <string>
#include <string_view>

#include <capstan/token_provider.hpp>

namespace capstan {

/// Which hub, and with which shared access policy.
class service_identity {
public:
    /// HostName=..;SharedAccessKeyName=..;SharedAccessKey=... Throws client_error (invalid_argument).
    explicit service_identity(std::string_view connection_string);
    /// Tokens are asked for with the host's name as resource.
    static service_identity by_tokens(std::string host_name, token_provider tokens);

    /// Of the hub, perhaps with a port; where its tokens come from.
    ///@{
    const std::string& host_name() const { return host_name_; }
    const token_provider& tokens() const { return tokens_; }
    ///@}

private:
    service_identity() = default;
    std::string host_name_;
    token_provider tokens_;
};

} // namespace capstan
