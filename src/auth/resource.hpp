#pragma once
// What a token is good for (its `sr`) and what a peer asks for (a link's address, a request's path).
//
// A hub endpoint decides in this order: parse_scope(token.resource) once, when the token arrives; then for each link
// covers(scope, "/devices/dev1/messages/events", hosts) or covers_entity(scope, "/eventhub/ConsumerGroups/$Default/Partitions/0").
// contract/iothub-amqp.md, 4.5 and 5.1; contract/event-hubs.md, 0 and 2.4; contract/semantics.md, 5.2.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace capstan::auth {

/// One piece of a path between slashes. Clients encode ids not at all, once or twice, and an id may itself hold a '%', so a
/// segment has up to three readings: it means an id if any of them is that id. The first is the likeliest.
struct segment {
    std::vector<std::string> readings; ///< different from each other, at least one once it is made

    bool is(std::string_view word) const; ///< a fixed word, in any case
    bool names(std::string_view id) const; ///< an id, with case
};

/// The readings of an encoded text: decoded once, as it is, decoded twice.
segment make_segment(std::string_view encoded);

/// No resource of a hub has more; what follows stays joined in the last segment.
constexpr std::size_t max_path_segments = 16;

struct resource {
    std::string scheme; ///< empty if none was given
    std::string host;   ///< as sent, without port and without the brackets of an IPv6 address; empty if none was given
    std::string port;   ///< as sent; empty if none was given
    std::vector<segment> path;
};

/// The `sr` of a token (or a put-token's `name`): [scheme://]host[:port][/path], percent-encoded as a whole or not.
resource parse_scope(std::string_view text);

/// A link's address: [scheme://host[:port]]/path, the leading slash optional. "messages/events" is all path, no host.
resource parse_address(std::string_view text);

/// The identity that a device's or module's own key may sign for: /devices/{id}[/modules/{id}...]. None for other scopes.
struct identity_scope {
    segment device;
    std::optional<segment> module;
};
std::optional<identity_scope> identity_of(const resource& scope);

/// The names under which this hub is known. Compared without case, ports ignored. Loopback's three names always count.
class host_names {
public:
    host_names() = default;
    explicit host_names(std::vector<std::string> names) : names_(std::move(names)) {}

    bool contains(std::string_view host) const;
    /// `hub` is what follows "@sas." in a SASL PLAIN user name: the first label of a host name, or the whole of it.
    bool contains_hub(std::string_view hub) const;

private:
    std::vector<std::string> names_;
};

/// Does the scope's path begin the path, segment by segment? /a/b covers /a/b/c, not /a/bc; no path covers everything.
/// `path` is canonical: "/devices/" + id + "/messages/events", not percent-encoded. Ids (after devices/ and modules/) are
/// compared with case, everything else without. The host is not looked at.
bool covers_entity(const resource& scope, std::string_view path);

/// The same for the hub's own resources: the scope's host must be one of the hub's names. Event Hubs' clients keep the host of
/// their connection string whatever they dial, so for the event hub's entities use covers_entity().
bool covers(const resource& scope, std::string_view path, const host_names& hosts);

} // namespace capstan::auth
