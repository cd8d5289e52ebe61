#include "cli/device_commands.hpp"

namespace capstan::cli {

void add_device(CLI::App& program, action& chosen) {
    CLI::App* device = program.add_subcommand("device", "Register and look after devices; be one, or a thousand.");
    device->alias("device-identity"); // az's word for some of it
    device->require_subcommand(1);
    device->footer("Examples:\n"
                   "  capstan device create dev1 --hub ./hub\n"
                   "  capstan device update dev1 --hub ./hub --status disabled --status-reason \"lost\"\n"
                   "  capstan device update dev1 --hub ./hub --set capabilities.iotEdge=true\n"
                   "  capstan device list -o json --ca ca.pem --login "
                   "\"HostName=hub.example.net;SharedAccessKeyName=iothubowner;SharedAccessKey=...\"\n"
                   "  capstan device export --hub ./hub > devices.jsonl\n"
                   "  capstan device send-d2c-message -d dev1 --hub ./hub --data '{\"celsius\":21.4}'\n"
                   "  capstan device c2d-message send -d dev1 --hub ./hub --data \"open the window\" --wait\n"
                   "  capstan device simulate --hub ./hub --devices 1000 --rate 5000");
    add_device_registry(*device, chosen);
    add_device_connection_string(*device, chosen);
    add_device_files(*device, chosen);
    add_device_telemetry(*device, chosen);
    add_device_commands(*device, chosen);
    add_device_simulate(*device, chosen);
}

} // namespace capstan::cli
