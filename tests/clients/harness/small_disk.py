"""Disks that a test can fill: a real one, where the machine lets the test mount it, and else one that is played to the hub."""
import os
import pathlib
import subprocess
import tempfile

SOURCE = pathlib.Path(__file__).with_name("small_disk.c")


class Mounted:
    """In a mount namespace of the test's own (isolate.enter)."""

    kind, environment = "mounted", None

    def __init__(self, size):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="disk-"))
        self._mount(size)

    def grow(self, size):
        self._mount(size, "remount")

    def _mount(self, size, *options):
        subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join([f"size={size}", *options]), "capstan-test", self.folder], check=True)


class Played:
    """A library in front of the C library's writes; `environment` is the hub's."""

    kind = "played"

    def __init__(self, size):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="disk-")).resolve()
        library = self.folder.parent / "small_disk.so"
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-o", library, SOURCE], check=True)
        self.environment = {**os.environ, "LD_PRELOAD": str(library), "SMALL_DISK_FOLDER": str(self.folder), "SMALL_DISK_BYTES": str(size)}

    def grow(self, _):
        self.environment = None
