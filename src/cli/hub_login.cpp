#include "cli/hub_login.hpp"

#include <charconv>

#include <boost/url.hpp>
#include <fmt/format.h>

#include "auth/connection_string.hpp"
#include "auth/resource.hpp"
#include "auth/sas_token.hpp"
#include "cli/failed.hpp"
#include "server/data_folder.hpp"

namespace capstan::cli {
namespace {

std::uint16_t port_from(const std::string& text) {
    std::uint16_t port = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
        throw failed(exit_usage, fmt::format("the connection string's HostName has the port '{}', which is not a number to 65535", text));
    return port;
}

/// The text is not quoted in the error: it may hold a password.
http_proxy proxy_from(const std::string& text) {
    const std::string whole = text.find("://") == std::string::npos ? "http://" + text : text; // `url` is a view of it
    const auto url = boost::urls::parse_uri(whole);
    if (!url || url->scheme() != "http" || url->host().empty() || url->port_number() == 0 || url->encoded_path().size() > 1)
        throw failed(exit_usage, "--proxy needs a URL like http://[user:password@]host:port");
    http_proxy through(url->host_address(), url->port_number());
    return url->has_userinfo() ? std::move(through).credentials(url->user(), url->password()) : through;
}

/// A port behind the host's name is that of HTTPS, for it is REST that most commands use; --amqps-port is there for the other.
hub_login login_from_text(const std::string& text) {
    auto given = value_or_fail(auth::parse_hub_connection_string(text));
    if (given.key.empty())
        throw failed(exit_usage, "--login needs a connection string with a SharedAccessKey");
    const auto host = auth::parse_scope(given.host_name);
    hub_login login;
    login.host = given.host_name = host.host;
    login.device_id = given.device_id;
    login.connection_string = auth::to_text(given);
    if (!host.port.empty())
        login.options.https_port(port_from(host.port));
    return login;
}

/// Where a hub on this machine listens: its name may not resolve here, or lead elsewhere; its certificate tells.
std::string own_address(const std::string& bind) { return bind == "0.0.0.0" || bind == "::" ? "localhost" : bind; }

hub_login login_from_folder(const hub_options& options) {
    const auto config = load_config_for(options);
    const auto& folder = config.data.folder;
    const auto hub = value_or_fail(server::read_hub_file(server::hub_file_in(folder)));
    const auto* policy = hub.policies.find(options.policy);
    if (policy == nullptr)
        throw failed(exit_usage, fmt::format("{} has no policy '{}'", server::hub_file_in(folder).string(), options.policy));
    const auto running = value_or_fail(server::read_endpoints(server::endpoints_file_in(folder)), exit_unreachable);
    hub_login login;
    login.host = running.hostnames.front();
    auth::hub_connection_string text;
    text.host_name = login.host;
    text.policy = policy->name;
    text.key = options.secondary_key ? policy->secondary_key : policy->primary_key;
    login.connection_string = auth::to_text(text);
    login.options.connect_to(own_address(running.bind)).port(running.amqps_port).https_port(running.https_port);
    if (!running.ca.empty())
        login.options.ca_file(running.ca);
    return login;
}

/// Signs for one device only.
token_provider device_tokens(const hub_login& login, const std::string& id) {
    const auto own = value_or_fail(auth::parse_hub_connection_string(login.connection_string));
    if (!login.device_id.empty() && login.device_id != id)
        throw failed(exit_usage, fmt::format("--login is for the device '{}', not for '{}'", login.device_id, id));
    return [key = own.key, policy = own.policy, resource = login.host + "/devices/" + id](const std::string&, std::chrono::seconds life) {
        return auth::make_sas_token(resource, key, policy, system_wall_clock().now() + life);
    };
}

const std::string& id_of(const hub_login& login, const std::string& id) {
    if (id.empty() && login.device_id.empty())
        throw failed(exit_usage, "which device? Say --device-id ID");
    return id.empty() ? login.device_id : id;
}

} // namespace

void add_login_options(CLI::App& command, hub_options& options, data_is data) {
    const auto usual = server::config{}.data.folder.string();
    command
        .add_option(data == data_is::folder ? "--hub,--data" : "--hub", options.folder,
                    fmt::format("the data folder of a hub on this machine [{}]", usual))
        ->type_name("DIR");
    // az takes -n for it too; some commands of ours have another use for that.
    command
        .add_option(command.get_option_no_throw("-n") ? "--hub-name" : "-n,--hub-name", options.name,
                    "must be the name of that hub, as in scripts written for az")
        ->type_name("NAME");
    command.add_option("--config", options.config_file, "the hub's configuration file, to take data.folder from")->type_name("FILE");
    command
        .add_option("-l,--login", options.login,
                    "connection string of a hub anywhere, Azure's too: HostName=host[:port];SharedAccessKeyName=..;SharedAccessKey=.. "
                    "[CAPSTAN_LOGIN, if no --hub is given]")
        ->type_name("STRING")
        ->excludes(command.get_option("--hub"));
    command
        .add_option("--ca", options.ca, "CA that the hub's certificate must come from (PEM) [the data folder's; with --login the system's]")
        ->type_name("FILE");
    command.add_option("--proxy", options.proxy, "an HTTP proxy on the way to the hub: http://[user:password@]host:port")->type_name("URL");
    command.add_option("--https-port", options.https_port, "the hub's HTTPS port [as it runs; with --login HostName's, or 443]")
        ->type_name("PORT");
}

void add_amqp_options(CLI::App& command, hub_options& options, data_is data) {
    add_login_options(command, options, data);
    auto* port = command.add_option("--amqps-port", options.amqps_port, "the hub's AMQPS port [as it runs; with --login 5671]");
    port->type_name("PORT");
    command.add_flag("--websockets", options.websockets, "AMQP over WebSockets, on the HTTPS port")->excludes(port);
}

std::optional<std::string> hub_options::chosen_login() const {
    const char* usual = std::getenv("CAPSTAN_LOGIN");
    if (login || folder || config_file || usual == nullptr || *usual == '\0')
        return login;
    return usual;
}

server::config load_config_for(const hub_options& options) {
    server::config_sources sources{options.config_file, server::process_environment(), {}};
    if (options.folder)
        sources.flags.push_back({"--hub", "data.folder", {*options.folder}});
    return value_or_fail(server::load_config(sources));
}

hub_login log_in(const hub_options& options) {
    const auto text = options.chosen_login();
    auto login = text ? login_from_text(*text) : login_from_folder(options);
    if (options.name && *options.name != login.host && *options.name != login.host.substr(0, login.host.find('.')))
        throw failed(exit_usage, fmt::format("--hub-name {}: the login is for {}", *options.name, login.host));
    auto& how = login.options;
    if (options.ca)
        how.ca_file(*options.ca);
    how.https_port(options.https_port.value_or(how.https_port()));
    if (options.proxy)
        how.proxy(proxy_from(*options.proxy));
    if (options.amqps_port)
        how.port(*options.amqps_port);
    if (options.websockets)
        how.over(transport::amqp_over_websockets).port(how.https_port());
    how.retry(retry_policy().max_attempts(1)); // who waits at a terminal wants to know
    return login;
}

hub_login log_in_as_service(const hub_options& options) {
    auto login = log_in(options);
    if (!login.device_id.empty())
        throw failed(exit_usage, "--login needs a connection string with SharedAccessKeyName, not a device's");
    return login;
}

device_identity as_device(const hub_login& login, const std::string& id) {
    return device_identity::by_tokens(login.host, id_of(login, id), device_tokens(login, id_of(login, id)));
}

service_identity as_rest_device(const hub_login& login, const std::string& id) {
    return service_identity::by_tokens(login.host, device_tokens(login, id_of(login, id)));
}

} // namespace capstan::cli
