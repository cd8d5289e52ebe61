"""Certificates as the operator of a plant makes them: an authority, devices, servers, revocations."""
import pathlib
import subprocess
import tempfile


class Certificates:
    """OpenSSL's command line as the operator of a plant would use it."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="x509-"))
        self.openssl("req", "-x509", *self.new_key("ca"), "-subj", "/CN=plant", "-days", "2", "-out", "ca.pem", "-addext",
                     "basicConstraints=critical,CA:TRUE")
        (self.folder / "index.txt").touch()
        (self.folder / "ca.cnf").write_text("[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=2\n")

    def openssl(self, *arguments):
        return subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, text=True).stdout

    @staticmethod
    def new_key(stem):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{stem}.key"]

    def self_signed(self, stem):
        self.openssl("req", "-x509", *self.new_key(stem), "-subj", f"/CN={stem}", "-days", "2", "-out", f"{stem}.pem")
        return self.files(stem)

    def signed(self, stem, common_name):
        subject = "/CN=" + common_name.replace("/", "\\/")  # a module's has a slash
        self.openssl("req", *self.new_key(stem), "-subj", subject, "-out", f"{stem}.csr")
        self.openssl("x509", "-req", "-in", f"{stem}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-out",
                     f"{stem}.pem")
        return self.files(stem)

    def of_server(self, stem, *names):
        """With these DNS names, signed by the authority."""
        self.openssl("req", *self.new_key(stem), "-subj", f"/CN={stem}", "-out", f"{stem}.csr")
        (self.folder / "names.ext").write_text("subjectAltName=" + ",".join(f"DNS:{name}" for name in names) + "\n")
        self.openssl("x509", "-req", "-in", f"{stem}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "40",
                     "-extfile", "names.ext", "-out", f"{stem}.pem")
        return self.files(stem)

    def files(self, stem):
        return self.folder / f"{stem}.pem", self.folder / f"{stem}.key"

    def thumbprint(self, stem, digest):
        return self.openssl("x509", "-in", f"{stem}.pem", "-noout", "-fingerprint", f"-{digest}").split("=")[1].strip().replace(":", "")

    def revoke(self, stem):
        self.openssl("ca", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-revoke", f"{stem}.pem")

    def revocations(self):
        self.openssl("ca", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-gencrl", "-out", "ca.crl")
        return self.folder / "ca.crl"
