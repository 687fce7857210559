"""`./dev scan`: testssl.sh and sslscan against the fronts of a running gate (T-09, T-15).

Fails on every finding of testssl.sh of LOW or worse that testbed/scan_notes.json does not explain, on every protocol, suite or
group that sslscan finds beyond those of threats.md §9, and on notes that explain nothing. Root is needed (namespaces).
"""
from __future__ import annotations

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

from . import cast, netlab
from .attack import more_addresses
from .netlab import Host
from .namespaces import NamespacesHouse, NamespacesWorld

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOTES = ROOT / "testbed" / "scan_notes.json"
BAD = {"LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL", "WARN"}
PROTOCOLS = {("tls", "1.2"), ("tls", "1.3")}
SUITES = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
          "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
          "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"}
GROUPS = {"x25519", "secp256r1 (NIST P-256)", "secp384r1 (NIST P-384)"}
PACKAGES = {"testssl": "testssl.sh", "sslscan": "sslscan"}  # of the scan alone, so not in packages.txt
TARGETS = {"vpn": cast.VPN_PORT, "posture": cast.POSTURE_PORT}


def install() -> None:
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if missing:
        print(f"installing {' '.join(missing)}", flush=True)
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *missing], check=True, stdout=subprocess.DEVNULL)


def many_faces(host: Host) -> None:
    """A scanner comes hundreds of times and would be shut out as a source; here every connection has another address."""
    addresses = more_addresses(host, 100)
    pool = ", ".join(f"{n} : {address}" for n, address in enumerate(addresses))
    host.run("nft", f"add table ip faces; add chain ip faces out {{ type nat hook postrouting priority 100; }}; "
                    f"add rule ip faces out oifname eth0 snat to numgen inc mod {len(addresses)} map {{ {pool} }}")


def testssl(world: NamespacesWorld, host: Host, port: int, out: pathlib.Path) -> list[dict[str, str]]:
    out.unlink(missing_ok=True)
    done = host.run("testssl", "--quiet", "--color", "0", "--warnings", "off", "--openssl-timeout", "10", "--ip", cast.GATE_PUBLIC, "--add-ca",
                    str(world.house.web_ca.certificate), "--jsonfile", str(out), f"{cast.GATE_NAME}:{port}", check=False,
                    within=900, env={"TERM": "dumb"})
    try:
        found: list[dict[str, str]] = json.loads(out.read_text())
    except (OSError, ValueError):
        raise AssertionError(f"testssl.sh wrote no report:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    assert len(found) > 60 and any(row["id"] == "TLS1_3" for row in found), f"testssl.sh did not finish:\n{done.stdout[-3000:]}"
    return found


def sslscan(world: NamespacesWorld, host: Host, port: int) -> list[tuple[str, str]]:
    """(id, what) of everything that threats.md §9 does not allow."""
    done = host.run("sslscan", "--no-colour", "--xml=-", "--show-certificate", f"--sni-name={cast.GATE_NAME}",
                    f"{cast.GATE_PUBLIC}:{port}", within=300)
    tree = ElementTree.fromstring(done.stdout[done.stdout.index("<?xml"):])
    found: list[tuple[str, str]] = []
    enabled = {(p.get("type", ""), p.get("version", "")) for p in tree.iter("protocol") if p.get("enabled") == "1"}
    found += [("protocol", " ".join(p)) for p in sorted(enabled - PROTOCOLS)]
    if enabled != PROTOCOLS:
        found.append(("protocol", f"wanted {sorted(PROTOCOLS)}, found {sorted(enabled)}"))
    suites = {c.get("cipher", "") for c in tree.iter("cipher")}
    found += [("cipher", name) for name in sorted(suites - SUITES)]
    if len(suites) < 5:
        found.append(("cipher", f"only {sorted(suites)} were found: the scan did not work"))
    found += [("group", g.get("name", "")) for g in tree.iter("group") if g.get("name") not in GROUPS]
    for one, attribute, wanted in (("renegotiation", "supported", "0"), ("compression", "supported", "0"),
                                   ("heartbleed", "vulnerable", "0"), ("fallback", "supported", "1")):
        found += [(one, f"{e.get('sslversion', '')} {attribute}={e.get(attribute)}") for e in tree.iter(one)
                  if e.get(attribute) != wanted]
    return found


def report(world: NamespacesWorld, host: Host, folder: pathlib.Path) -> bool:
    notes = json.loads(NOTES.read_text())
    used: set[tuple[str, str]] = set()
    good = True

    def judge(tool: str, target: str, name: str, severity: str, what: str) -> None:
        nonlocal good
        reason = notes.get(tool, {}).get(name)
        if reason:
            used.add((tool, name))
            print(f"explained  {target} {tool} {severity} {name}: {what[:110]}\n             {reason}")
        else:
            good = False
            print(f"FINDING    {target} {tool} {severity} {name}: {what}")

    for target, port in TARGETS.items():
        rows = testssl(world, host, port, folder / f"testssl-{target}.json")
        bad = [row for row in rows if row["severity"] in BAD]
        print(f"{target}: testssl.sh looked at {len(rows)} things, {len(bad)} of them LOW or worse", flush=True)
        for row in bad:
            judge("testssl", target, row["id"], row["severity"], row["finding"])
        for name, what in sslscan(world, host, port):
            judge("sslscan", target, name, "", what)
    stale = [(tool, name) for tool, of_tool in notes.items() for name in of_tool if (tool, name) not in used]
    for tool, name in stale:
        good = False
        print(f"STALE      {tool} {name}: the note explains nothing that was found")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev scan")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/dev")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the tools' reports")
    args = parser.parse_args()
    if reason := netlab.probe():
        print(f"the lab cannot run here: {reason}")
        return 1
    install()
    with tempfile.TemporaryDirectory(prefix="sekisho-scan-") as name:
        folder = pathlib.Path(name)
        with NamespacesHouse(folder, args.build.resolve()) as house:
            world = NamespacesWorld(house, "scan")
            try:
                world.open()
                host = house.lab.hosts["hama-pc"]
                many_faces(host)
                keep = args.keep or folder
                keep.mkdir(parents=True, exist_ok=True)
                good = report(world, host, keep)
                world.check_logs()
            finally:
                world.close()
    print("ok" if good else "FAILED: see FINDING and STALE above")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
