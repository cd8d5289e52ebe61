"""Import and export jobs as Microsoft's registry client orders them: in folders below the hub's, and in a blob storage behind TLS."""
import http.server
import json
import os
import ssl
import subprocess
import threading
import urllib.parse

from harness.certificates import Certificates
from harness.hub import ROOT, Hub, expect, expect_equal, main, until
from harness.node_case import node_options
from harness.rest import VERSION, Rest

LIMIT = 40  # seconds
SIGNATURE = "s3cret+/="  # as a shared access signature may have it, once it is decoded


class Storage(http.server.BaseHTTPRequestHandler):
    """What a job needs of Azure's blob storage: GET and PUT of a block blob, for who has the signature."""
    blobs, refused = {}, []

    def allowed(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        return query.get("sig") == [SIGNATURE]

    def do_PUT(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.allowed():
            return self.answer(403)
        if self.headers["x-ms-blob-type"] != "BlockBlob":
            return self.answer(400)
        Storage.blobs[urllib.parse.urlsplit(self.path).path] = content
        return self.answer(201)

    def do_GET(self):
        found = Storage.blobs.get(urllib.parse.urlsplit(self.path).path)
        if not self.allowed():
            return self.answer(403)
        return self.answer(404) if found is None else self.answer(200, found)

    def answer(self, status, content=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def storage(made):
    """Behind TLS, with a certificate of the plant's own authority."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Storage)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*made.of_server("storage", "localhost"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"localhost:{server.server_port}"


def container(host, name, signature=SIGNATURE):
    return f"https://{host}/{name}?sv=2021-06-08&sig={urllib.parse.quote(signature, safe='')}"


def with_microsofts_registry(hub, host):
    environment = {**os.environ, "NODE_OPTIONS": " ".join(node_options()), "OWNER": hub.connection_string("iothubowner"),
                   "CONTAINER": container(host, "box"), "FOLDER": "nightly", "INPUT": "incoming"}
    done = subprocess.run(["node", ROOT / "tests/clients/jobs/registry_jobs.mjs"], env=environment, cwd=ROOT / "tests/clients",
                          capture_output=True, text=True, timeout=LIMIT)
    expect_equal(done.returncode, 0, f"registry_jobs.mjs: {done.stdout} {done.stderr}; its status")


def lines(content):
    return [json.loads(line) for line in content.decode().splitlines()]


def outcome(hub, body):
    """The job when it has ended."""
    status, _, job = Rest(hub).call("POST", "/jobs/create" + VERSION, json.dumps(body))
    expect_equal(status, 200, f"{job}: its status")
    seen = lambda: Rest(hub).call("GET", f"/jobs/{job['jobId']}{VERSION}")[2]
    until(lambda: seen()["status"] in ("completed", "failed"), LIMIT, "the job's end")
    return seen()


def check_stored(hub):
    exported = lines(Storage.blobs["/box/devices.txt"])
    expect_equal([(each["id"], each.get("moduleId")) for each in exported], [("dev1", None), ("dev1", "pump"), ("dev2", None)],
                 "what is in the container")
    expect_equal(lines((hub.data / "jobs/nightly/devices.txt").read_bytes()), exported, "and in the folder")
    expect(exported[0]["authentication"]["symmetricKey"]["primaryKey"], "with keys")
    errors = lines(Storage.blobs["/box/importErrors.log"])
    expect_equal([(each["deviceId"], each["errorCode"]) for each in errors], [("not valid", 400004)], "what could not be imported")


def check_refusals(hub, host):
    failed = outcome(hub, {"type": "export", "outputBlobContainerUri": container(host, "box", "wrong")})
    expect_equal((failed["status"], failed["failureReason"]), ("failed", "'devices.txt' cannot be stored: the storage answered 403"),
                 "a wrong signature")
    missing = outcome(hub, {"type": "import", "inputBlobContainerUri": container(host, "empty"),
                            "outputBlobContainerUri": container(host, "empty")})
    expect_equal(missing["failureReason"], "'devices.txt' cannot be fetched: the storage answered 404", "a blob that is not there")
    status, code, _ = Rest(hub).call("POST", "/jobs/create" + VERSION,
                                     json.dumps({"type": "export", "outputBlobContainerUri": container("localhost:1", "box")}))
    expect_equal((status, code), (400, "ArgumentInvalid"), "a host that is not listed")
    told = hub.log.read_text() + json.dumps(Rest(hub).call("GET", "/jobs" + VERSION)[2])
    expect("sig=" not in told and "s3cret" not in told, "a signature is shown nowhere")


def check_unknown_authority(host):
    with Hub(environment={**os.environ, "CAPSTAN_JOBS__STORAGE_HOSTS": host}) as hub:
        failed = outcome(hub, {"type": "export", "outputBlobContainerUri": container(host, "untrusted")})
        expect_equal(failed["status"], "failed", "a storage whose certificate nobody vouches for")
        expect("/untrusted/devices.txt" not in Storage.blobs, "nothing was sent there")


def test():
    made = Certificates()
    host = storage(made)
    environment = {**os.environ, "CAPSTAN_JOBS__STORAGE_HOSTS": host, "CAPSTAN_JOBS__STORAGE_CA": str(made.folder / "ca.pem")}
    Storage.blobs["/box/incoming.txt"] = b""
    with Hub(well_known_ports=True, environment=environment) as hub:
        hub.create_device("dev1")
        hub.create_device("dev2")
        hub.cli("module-identity", "create", "-d", "dev1", "-m", "pump")
        incoming = hub.data / "jobs/incoming"
        incoming.mkdir(parents=True)
        (incoming / "devices.txt").write_text('{"id":"dev3"}\r\n{"id":"dev3","moduleId":"valve"}\r\n{"id":"not valid"}\r\n')
        with_microsofts_registry(hub, host)
        check_stored(hub)
        check_refusals(hub, host)
    check_unknown_authority(host)
    return "azure-iothub exports into a folder and a container, imports from both, cancels and lists; what storage refuses is told"


main(test)
