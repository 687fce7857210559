"""`./dev demo`: the main job, step by step, with a real client: certificate, password, mailed code, endpoint checks, desktop page,
desktop, console page, a server's console, recording (demo_consoles.py).

`--exit` ends after the flow, with 0 only when every step passed. Without it the lab stays until Ctrl-C.
"""
from __future__ import annotations

import argparse
import json
import pathlib
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from . import cast, demo_consoles, desktop_times, labs
from .namespaces import NamespacesHouse, NamespacesWorld

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Story:
    def __init__(self) -> None:
        self.failed = 0

    def step(self, ja: str, en: str, work: Callable[[], Any], show: Callable[[Any], str] = lambda _: "") -> Any:
        begun = time.monotonic()
        try:
            result = work()
            took = time.monotonic() - begun
            shown = show(result)
        except Exception as error:  # a lab that broke is no step that passed either
            self.failed += 1
            print(f"  ✗ {ja} / {en}\n{type(error).__name__}: {error}", flush=True)
            raise
        print(f"  ✓ {ja} / {en}  ({took:.2f} s)  {shown}", flush=True)
        return result


def journey(world: NamespacesWorld, story: Story, evidence: pathlib.Path) -> None:
    mori, mailbox = world.pc("mori"), world.mailbox("mori")

    def check(condition: object, what: str) -> None:
        assert condition, what

    story.step("端末の点検", "endpoint checks before login",
               lambda: check((done := mori.agent.report(inside=False)).ok, done.text))
    vpn = story.step("クライアント証明書とパスワード", "client certificate and password", lambda: mori.openconnect().asked())
    mail = story.step("確認コードのメール", "the mailed code", mailbox.next_mail, lambda m: f"Subject: {m['Subject']}")
    import re
    code = re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", mail.get_content())[0]
    story.step("トンネル確立", "the tunnel stands", lambda: vpn.type(code).up(), lambda v: f"{v.address} via {v.device}")
    session = story.step("セッション", "the session", lambda: world.session_of("mori"),
                         lambda s: f"{s['number']} {s['state']} {s['contract']} {s['zone']}")
    story.step("トンネル内での再点検", "endpoint checks inside the tunnel",
               lambda: check((done := mori.agent.report(inside=True)).ok, done.text))
    story.step("端末の点検の継続", "the agent goes on reporting: who is silent for two minutes is put into quarantine", mori.agent.start)
    page, port = cast.CONSOLE_PAGE.rsplit(":", 1)
    story.step("内部の他の宛先は届かない", "neither a server nor the console page answers the terminal",
               lambda: check(mori.reaches(cast.address(cast.SERVERS["web-01"]), 80, within=1) is None and
                             mori.reaches(page, int(port), within=1) is None, "something else answered"))
    demo_consoles.journey(world, story, evidence)
    story.step("トンネルも閉じた", "the tunnel is closed as well", lambda: vpn.ended(15), lambda _: "")
    mori.agent.stop()
    story.step("許可からログイン画面まで", "from the grant to a usable login screen, each with a login of its own",
               lambda: desktop_times.all_of_them(world), lambda took: told(world, took))
    story.step("監査記録の検証", "the journal verifies", lambda: world.ctl("journal", "verify", "--dir",
               str(world.gatehouse.state / "journal")), lambda v: json.dumps(v))
    print(f"\n  監査記録 / journal of {session['number']}:")
    for entry in world.journal(session=session["number"]):
        print(f"    {entry['at'][11:19]} {entry['event']:24} {entry['result']:8} {entry.get('code', '')}")


def told(world: NamespacesWorld, took: dict[str, float]) -> str:
    without = "" if "kvm" in world.house.hypervisor.accelerations else "; KVM: no guest instruction runs under it here"
    return ", ".join(f"{how} {seconds:.1f} s" for how, seconds in took.items()) + without


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev demo")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/dev")
    parser.add_argument("--exit", action="store_true", help="end after the flow")
    parser.add_argument("--lab", default="namespaces", choices=("namespaces", "libvirt"), help="libvirt: Mori's PC is a machine too")
    parser.add_argument("--lab-only", action="store_true", help="raise the lab and the gate, send nobody")
    args = parser.parse_args()
    if reason := demo_consoles.missing(args.build.resolve()):
        print(f"the demo's desktops and consoles cannot be shown here: {reason}", file=sys.stderr)
        return 1
    story, evidence = Story(), ROOT / "evidence" / "demo"
    with labs.folder_of_its_own() as folder:
        begun = time.monotonic()
        try:
            lab = labs.lab(args.lab, folder, args.build.resolve())
        except labs.NotHere as reason:
            print(f"the lab cannot run here: {reason}", file=sys.stderr)
            return 1
        with lab as house:
            assert isinstance(house, NamespacesHouse)
            world = NamespacesWorld(house, "demo")
            try:
                world.open(desktops="login")
                print(f"  ✓ 実験環境とゲート / lab and gate are up  ({time.monotonic() - begun:.2f} s)", flush=True)
                if not args.lab_only:
                    journey(world, story, evidence)
            except Exception as error:
                if story.failed == 0:
                    print(f"  ✗ 実験環境 / the lab\n{type(error).__name__}: {error}", flush=True)
                world.story.folder = evidence / "failed"
                world.keep_evidence()
                print(f"  evidence: {world.story.folder}", file=sys.stderr)
                return 1
            if not args.exit:
                print(f"""
  The lab stays until Ctrl-C. From another shell:
    staff:       {house.build}/bin/sekishoctl --socket {world.gatehouse.socket} sessions
    Mori's PC:   nsenter -t {house.lab.pid} -n -m -p ip netns exec mori-pc bash""", flush=True)
                try:
                    signal.pause()
                except KeyboardInterrupt:
                    pass
            world.close()
    if story.failed == 0:
        print("demo: every step passed")
    return 1 if story.failed else 0


if __name__ == "__main__":
    sys.exit(main())
