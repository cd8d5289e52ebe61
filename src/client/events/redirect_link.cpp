#include "client/events/redirect_link.hpp"

#include <capstan/amqp/value.hpp>

namespace capstan::client {
namespace {

std::string text(const amqp::map& from, std::string_view name) {
    const auto* found = from.find(name);
    return found ? std::string(found->text().value_or("")) : std::string();
}

/// The first segment of the path of amqps://host:port/{entity}/...
std::string entity_of(std::string_view address) {
    if (const auto scheme = address.find("://"); scheme != address.npos)
        address.remove_prefix(scheme + 3);
    address.remove_prefix(std::min(address.find('/'), address.size() - 1) + 1);
    return std::string(address.substr(0, address.find('/')));
}

} // namespace

amqp::attach_request redirect_link::request() {
    amqp::attach_request asked;
    asked.name = "redirect";
    asked.role = amqp::role::receiver;
    asked.source = amqp::encode_source("/messages/events/$management");
    asked.target = amqp::encode_target("redirect");
    return asked;
}

bool redirect_link::on_redirect(const amqp::error& why) {
    const auto decoded = amqp::decode_value(amqp::encoded_view{why.info});
    const auto* info = decoded ? decoded->get<amqp::map>() : nullptr;
    auto host = info ? text(*info, "network-host") : std::string();
    const auto address = info ? text(*info, "address") : std::string();
    const auto entity = address.empty() ? std::string() : entity_of(address);
    if (host.empty())
        host = info ? text(*info, "hostname") : std::string();
    if (info == nullptr || host.empty() || entity.empty())
        return false;
    const auto* port = info->find("port");
    if (const auto number = port ? port->integer() : std::nullopt)
        host += ":" + std::to_string(*number);
    found_(std::move(host), entity);
    return true;
}

} // namespace capstan::client
