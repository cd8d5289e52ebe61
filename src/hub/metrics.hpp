#pragma once
// What the hub counts, in the text format of Prometheus (version 0.0.4). Numbers are read when they are asked for.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace capstan::hub {

class hub;

/// Thread-safe once all have been added.
class metrics {
public:
    enum class kind : std::uint8_t { counter, gauge };
    struct sample {
        std::string labels; ///< as label() makes them; none: empty
        double value;
    };
    using reading = std::function<std::vector<sample>()>;

    /// `read` is called by any thread. Before the first text().
    void add(std::string name, kind what, std::string help, reading read);
    std::string text() const;

private:
    struct family {
        std::string name;
        kind what;
        std::string help;
        reading read;
    };
    std::vector<family> families_;
};

std::string label(std::string_view name, std::string_view value);

/// What the hub itself knows: devices, events, routing, endpoints, the store.
void add_metrics_of(hub& of, metrics& to);

} // namespace capstan::hub
