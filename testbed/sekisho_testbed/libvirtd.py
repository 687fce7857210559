"""A libvirtd of the lab's own, below the lab's first process: gone with it, guests included, however the test run ends.

`with` nothing: it lives as long as its lab. Its socket is a file of the lab's folder, so programs on the lab's hosts reach it, and
who may is its group's matter.
"""
from __future__ import annotations

import contextlib
import pathlib
from typing import Any

from .netlab import Host, NetLab, Program, wait_until

QEMU_CONF = """user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
"""
#: In a mount namespace of the daemon's own, so that a lab may have several: libvirtd's folders are the lab's, and /etc/passwd and
#: /etc/group know its usual user, though it never becomes it here, and who may use its socket: libvirtd answers nobody whose name it
#: does not find.
MOUNTS = """
mount -t sysfs sysfs /sys || true
for x in lib log cache; do mkdir -p /var/$x/libvirt; mount --bind $1/$x /var/$x/libvirt; done
mkdir -p /etc/libvirt /run/libvirt; mount --bind $1/etc /etc/libvirt; mount -t tmpfs run /run/libvirt
for f in passwd group; do
  cp /etc/$f $1/$f
  if [ $f = passwd ]; then
    grep -q ^libvirt-qemu: $1/$f || echo libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin >>$1/$f
    [ $2 = 0 ] || echo lab-hypervisor:x:$2:$2::/nonexistent:/usr/sbin/nologin >>$1/$f
  else
    grep -q ^libvirt-qemu: $1/$f || echo libvirt-qemu:x:64055: >>$1/$f
    [ $2 = 0 ] || echo lab-hypervisor:x:$2: >>$1/$f
  fi
  mount --bind $1/$f /etc/$f
done
exec libvirtd -f $1/etc/libvirtd.conf --pid-file /run/libvirt/libvirtd.pid
"""


class LabLibvirtd:
    """Started by the constructor; `connection` is this process's own line to it."""

    def __init__(self, lab: NetLab, beside: Host, home: pathlib.Path, cache: pathlib.Path, gid: int = 0) -> None:
        """`cache`: where what libvirtd finds out about QEMU is kept; it costs seconds and is the same in every lab. `gid`: group
        that may use its socket, 0 for root alone."""
        import libvirt

        libvirt.registerErrorHandler(lambda *_: None, None)
        self.home = home
        for part in ("lib", "log", "etc/qemu", "run"):
            (home / part).mkdir(parents=True, exist_ok=True)
        known = cache / "libvirt-cache"
        known.mkdir(parents=True, exist_ok=True)
        (home / "cache").symlink_to(known)
        group = 'unix_sock_group = "lab-hypervisor"\nunix_sock_rw_perms = "0770"\n' if gid else 'unix_sock_rw_perms = "0700"\n'
        (home / "etc/qemu.conf").write_text(QEMU_CONF)
        (home / "etc/libvirtd.conf").write_text(f'unix_sock_dir = "{home}/run"\nauth_unix_rw = "none"\n{group}')
        (home / "etc/libvirt.conf").write_text("")
        self.daemon: Program = lab.start_outside(beside, "wire-libvirtd", "unshare", "--mount", "bash", "-euc", MOUNTS, "_", str(home), str(gid))
        self.uri = f"qemu+unix:///system?socket={home}/run/libvirt-sock"

        def opened() -> Any:
            with contextlib.suppress(libvirt.libvirtError):
                return libvirt.open(self.uri)
            return None

        self.connection: Any = wait_until(opened, 60, "the lab's libvirtd answers", every=0.1,
                                     on_fail=lambda: self.daemon.text()[-3000:], alive=lambda: self.daemon.running)

    def close(self) -> None:
        """Ends this process's line; the daemon ends with the lab."""
        with contextlib.suppress(Exception):
            self.connection.close()
