"""Runs one Node script against a hub of its own and hands it, in the environment, what a user of the hub would have.

A script whose first lines say `// ports: well-known` gets its hub on 5671 and 443, because its client takes no port. Lines like
`// setting: CAPSTAN_LIMITS__UNITS=2` there are variables of the hub's, and `// config: routes.toml` is its configuration file, beside it.
"""
import os
import pathlib
import subprocess
import sys

from harness.hub import ROOT, SKIPPED, Hub, Skip

DEVICES = ("dev1", "dev2")
SETTING, CONFIG = "// setting: ", "// config: "


def main(script):
    head = script.read_text().splitlines()[:6]
    well_known = "// ports: well-known" in head
    settings = dict(line.removeprefix(SETTING).split("=", 1) for line in head if line.startswith(SETTING))
    options = [word for line in head if line.startswith(CONFIG) for word in ("--config", script.parent / line.removeprefix(CONFIG))]
    try:
        with Hub(well_known_ports=well_known, options=options, environment={**os.environ, **settings}) as hub:
            status = subprocess.run(["node", script], env=environment(hub), cwd=ROOT / "tests/clients").returncode
            if status:
                raise SystemExit(status)
    except Skip as reason:
        print(f"SKIP {os.environ.get('TEST_NAME', script.stem)}: {reason}")
        return SKIPPED
    return 0


def environment(hub):
    devices = {f"DEVICE_{device.id.upper()}": device.connection_string for device in map(hub.create_device, DEVICES)}
    return {
        **os.environ,
        **devices,
        "NODE_OPTIONS": " ".join(node_options()),
        "HUB_HOST": hub.hostname,
        "HUB_NAME": hub.name,
        "AMQPS_PORT": str(hub.amqps_port),
        "HTTPS_PORT": str(hub.https_port),
        "OWNER": hub.connection_string("iothubowner"),
        "SERVICE": hub.connection_string("service"),
        "EVENT_HUB_PLAIN": hub.cli("connection-string", "show", "--default-eventhub", "--development-emulator").strip(),
        "EVENT_HUB": hub.event_hub_connection_string(),
    }


def node_options():
    """Debian 12 has Node 18, and @azure/event-hubs expects a global that came with Node 20 (and could be asked for before)."""
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    old = int(version.strip("v\n").split(".")[0]) < 20
    return ["--dns-result-order=ipv4first"] + (["--experimental-global-webcrypto"] if old else [])


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
