"""Microsoft's own end-to-end suite for its Node SDK, against a hub of ours. It is not part of this tree: README.md says where it is."""
import base64
import os
import pathlib
import re
import subprocess

from harness.certificates import Certificates
from harness.hub import ROOT, Hub, Skip, main
from harness.node_case import node_options

CHECKOUT = pathlib.Path(os.environ.get("AZURE_IOT_NODE_E2E", ROOT.parent / "azure-iot-sdk-node/e2etests"))
LIMIT = 300  # seconds, for each file

FILES = ["registry", "module_crud", "module_messaging", "service", "authentication", "device_acknowledge_tests", "device_service",
         "empty_messages", "sas_token_tests"]
LEFT_OUT = {  # files, and why
    "configurations, module_twin, twin_disconnect, twin_e2e_tests, job_client": "there are no twins",
    "device_method, module_methods, method_disconnect": "there are no direct methods",
    "file_upload, upload_disconnect": "there is no file upload",
    "c2d_disconnect, d2c_disconnect": "they ask the hub to inject faults, which is not documented",
}
EXCLUDED = {  # titles, and why
    r"Mqtt": "there is no MQTT",
}


def suite():
    """The folder of the suite, with its packages; otherwise this is no test."""
    if not (CHECKOUT / "test/registry.js").is_file():
        raise Skip(f"no checkout of the suite at {CHECKOUT}; AZURE_IOT_NODE_E2E names another folder")
    if not (CHECKOUT / "node_modules/.bin/mocha").exists():
        raise Skip(f"the packages of {CHECKOUT} are not installed: npm install")
    return CHECKOUT


def environment(hub, authority):
    encoded = {name: base64.b64encode(pathlib.Path(file).read_bytes()).decode()
               for name, file in (("IOTHUB_CA_ROOT_CERT", authority / "ca.pem"), ("IOTHUB_CA_ROOT_CERT_KEY", authority / "ca.key"))}
    return {**os.environ, **encoded, "NODE_OPTIONS": " ".join(node_options()), "STORAGE_CONNECTION_STRING": "",
            "IOTHUB_CONNECTION_STRING": hub.connection_string("iothubowner"),
            "EVENTHUB_CONNECTION_STRING": hub.event_hub_connection_string()}


def run_file(name, folder, surroundings):
    """How many tests passed; prints the whole output when one failed."""
    done = subprocess.run(["node_modules/.bin/mocha", "--exit", "--reporter", "spec", "--grep", "|".join(EXCLUDED), "--invert",
                           f"test/{name}.js"], cwd=folder, env=surroundings, capture_output=True, text=True, timeout=LIMIT)
    counts = {word: int(count) for count, word in re.findall(r"^\s+(\d+) (passing|failing)", done.stdout, re.MULTILINE)}
    print(f"{name}: {counts}", flush=True)
    if done.returncode != 0 or counts.get("failing") or not counts.get("passing"):
        print(done.stdout, done.stderr, sep="\n")
        raise AssertionError(f"{name}.js: {counts.get('failing', 'no')} tests failed, status {done.returncode}")
    return counts["passing"]


def test():
    folder = suite()
    authority = Certificates().folder
    config = authority / "capstan.toml"
    config.write_text(f'[tls]\ndevice_authorities = "{authority / "ca.pem"}"\n')
    with Hub(well_known_ports=True, options=["--config", str(config)]) as hub:
        surroundings = environment(hub, authority)
        passed = sum(run_file(name, folder, surroundings) for name in FILES)
    return f"{passed} tests of Microsoft's suite for its Node SDK, over AMQP, WebSockets and HTTPS"


main(test)
