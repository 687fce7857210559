"""The loader from Python, and plugins of every kind written in Python."""
import json
import shutil
import socket

import pytest

import sekisho
from sekisho import SAMPLE_NOW, conformance, fortinet, plugins
from sekisho.kinds import (Arrival, AuthRequest, AuthStep, CheckInput, CheckOutcome, EffectResult, Subject,
                           console_driver_of)

PERSON = Subject(known=True, person="mori", mail="mori@example.org", password_hash="$argon2id$x")


@pytest.fixture
def one_plugin(tmp_path):
    """A folder with the plugin `password` alone."""
    for suffix in (".so", ".json"):
        shutil.copy(plugins.plugin_directory() / f"password{suffix}", tmp_path)
    tmp_path.chmod(0o755)
    return tmp_path


def refused(folder, name="password", config=None, **more):
    with pytest.raises(sekisho.PluginError) as raised:
        plugins.Loader(str(folder)).load(name, config or {}, **more)
    return raised.value.code


def test_manifests_are_read_without_opening_a_library():
    names = {manifest.name: manifest for manifest in plugins.installed_plugins()}
    assert {"password", "email_code", "windows_version", "fortinet_sslvpn"} <= set(names)
    assert names["password"].kind == "authenticator" and len(names["password"].library_sha256) == 64


def test_each_refusal_has_its_code(one_plugin):
    assert refused(one_plugin, "../password") == "plugin.bad_name"
    assert refused(one_plugin, "absent") == "plugin.no_manifest"
    assert refused(one_plugin, kind="posture_check") == "plugin.wrong_kind"
    assert refused(one_plugin, config={"no_such_key": 1}) == "plugin.bad_config"
    manifest = one_plugin / "password.json"
    library = one_plugin / "password.so"
    good = manifest.read_text()
    manifest.write_text(json.dumps({**json.loads(good), "api_major": 99}))
    assert refused(one_plugin) in ("plugin.wrong_api", "plugin.bad_manifest")
    manifest.write_text("{}")
    assert refused(one_plugin) == "plugin.bad_manifest"
    manifest.write_text(good)
    changed = library.read_bytes() + b"x"
    library.unlink()  # a new file: the old one is mapped into this process, which runs its end at exit
    library.write_bytes(changed)
    assert refused(one_plugin) == "plugin.wrong_hash"
    library.unlink()
    assert refused(one_plugin) == "plugin.no_library"


def test_a_bad_configuration_names_every_place(one_plugin):
    with pytest.raises(sekisho.PluginError) as raised:
        plugins.load("password", {"lock_after": 99, "surprise": 1}, directory=one_plugin)
    assert "/lock_after" in raised.value.detail and "/surprise" in raised.value.detail


def test_a_loaded_factor_takes_its_steps():
    password = plugins.load("password")
    assert password.factor == "password" and password.weight == 1
    request = AuthRequest(arrival=Arrival(peer_address="198.51.100.7"), evidence={"login": "mori", "password": "x"},
                          subject=PERSON, now=SAMPLE_NOW, transaction="t")
    waiting = password.step(request)
    assert waiting.verdict == "wait" and waiting.effects[0].candidate == "x"
    request.transaction_state = waiting.transaction_state
    request.effect = EffectResult(done=True, matched=True)
    assert password.step(request).verdict == "yes"
    request.effect = EffectResult(done=False)
    assert password.step(request).verdict == "no", "a service that failed is a no"


@pytest.mark.parametrize("name", ["password", "windows_version", "antivirus", "browser"])
def test_loaded_plugins_pass_the_kit(name):
    assert conformance.findings(plugins.load(name)) == []


class Lets(sekisho.Authenticator):
    factor = "lets"

    def step(self, request):
        return self.yes(request)


class Raises(sekisho.Authenticator):
    factor = "raises"

    def step(self, request):
        raise RuntimeError("broken")


class Odd(sekisho.Authenticator):
    factor = "odd"

    def step(self, request):
        return "yes"


@pytest.mark.parametrize("broken,words", [(Lets, "nobody unknown is let in"), (Raises, "step() threw"),
                                          (Odd, "step() threw")])
def test_the_kit_finds_what_a_python_factor_does_wrong(broken, words):
    with pytest.raises(conformance.Nonconforming) as raised:
        conformance.check(broken())
    assert any(words in finding for finding in raised.value.findings)


class Passes(sekisho.PostureCheck):
    name = "passes"

    def judge(self, input):
        return self.passes(input)


class Hangs(sekisho.AccessPath):
    class Connection(sekisho.PathConnection):
        def on_bytes(self, plaintext, now): ...
        def on_reply(self, request, reply, now): ...
        def next_deadline(self): ...
        def on_deadline(self, now): ...

    def open(self, host, arrival, now):
        return self.Connection()


class Screens(sekisho.ConsoleDriver):
    def machines(self, *, within):
        return []

    def machine(self, uuid, *, within):
        raise sekisho.Error("console.wrong", "not a code of a driver")

    def screen(self, uuid, *, within):
        raise KeyError(uuid)


@pytest.mark.parametrize("broken,words", [(Passes, "let through"), (Hangs, "no deadline"), (Screens, "console.wrong")])
def test_the_kit_finds_what_other_kinds_do_wrong(broken, words):
    assert any(words in finding for finding in conformance.findings(broken()))


def test_an_access_path_written_in_python_is_for_tests_or_refused():
    class Bold(Hangs):
        test_only = False

    assert Hangs.test_only is True
    with pytest.raises(TypeError, match="test_only"):
        conformance.findings(Bold())
    with pytest.raises(TypeError, match="test_only"):
        fortinet.PathLine(Bold(), Arrival(), now=SAMPLE_NOW)


def test_a_driver_is_seen_across_the_border():
    """What it hands over arrives; its own errors are its answers; what it raises is no answer."""
    class One(sekisho.ConsoleDriver):
        def machines(self, *, within):
            return [sekisho.Machine("u", "web-01", "running")]

        def machine(self, uuid, *, within):
            raise sekisho.Error("console.no_such_machine", "none")

        def screen(self, uuid, *, within):
            ours, theirs = socket.socketpair()
            theirs.sendall(f"{uuid} {within:g}".encode())
            theirs.close()
            return ours

    asked = console_driver_of(One())
    assert [(m.name, m.state) for m in asked.machines(within=1)] == [("web-01", "running")]
    with socket.socket(fileno=asked.screen("u", within=2.5)) as screen:
        assert screen.recv(99) == b"u 2.5"
    with pytest.raises(sekisho.ConsoleError, match="console.no_such_machine"):
        asked.machine("v", within=1)
    with pytest.raises(RuntimeError, match="KeyError"):
        console_driver_of(Screens()).screen("u", within=1)
    with pytest.raises(TypeError, match="machines"):
        console_driver_of(object())


def test_a_driver_does_more_where_it_can_and_says_so_where_it_cannot():
    """The verbs that a driver need not have cross the border too; one that it lacks is not supported, and no breach."""
    from sekisho.kinds import DesktopOrder, MachineEvent

    seen = []

    class Desks(sekisho.ConsoleDriver):
        def machines(self, *, within):
            return []

        def machine(self, uuid, *, within):
            raise sekisho.Error("console.no_such_machine", "none")

        screen = machine

        def picture(self, uuid, *, within):
            return "image/png", b"\x89PNG\0"

        def power(self, uuid, action, *, within):
            if action != "start":
                raise sekisho.Error("console.refused", action)

        def create(self, order, *, within):
            seen.append((order.model, order.mac))
            return sekisho.Machine(order.uuid, "a desktop", "running", True)

        def destroy(self, uuid, *, within):
            seen.append(uuid)

        def set_login(self, uuid, account, password, *, within):
            seen.append((account, password))

        def events(self, *, within):
            return [MachineEvent("u", "stopped"), MachineEvent(manager_lost=True)]

    asked = console_driver_of(Desks())
    assert asked.picture("u", within=1) == ("image/png", b"\x89PNG\0")
    asked.power("u", "start", within=1)
    with pytest.raises(sekisho.ConsoleError, match="console.refused"):
        asked.power("u", "reset", within=1)
    made = asked.create(DesktopOrder("u", "win11", "52:54:00:00:00:01"), within=1)
    assert (made.uuid, made.state, made.answers) == ("u", "running", True)
    asked.destroy("u", within=1)
    asked.set_login("u", "maint", "once", within=1)
    assert seen == [("win11", "52:54:00:00:00:01"), "u", ("maint", "once")]
    assert [(e.uuid, e.state, e.manager_lost) for e in asked.events(within=1)] == [("u", "stopped", False), ("", "unknown", True)]
    for lacking in (lambda: asked.serial("u", within=1), lambda: asked.take_snapshot("u", "clean", within=1),
                    lambda: asked.revert("u", "clean", within=1)):
        with pytest.raises(sekisho.ConsoleError, match="console.not_supported"):
            lacking()


def test_what_is_no_plugin_is_named():
    with pytest.raises(TypeError):
        conformance.findings(object())
    with pytest.raises(TypeError, match="factor"):
        sekisho.Gate({"gate_id": "g", "paths": []}, authenticators=[object()]).__enter__()


def test_a_check_gets_what_the_gate_knows():
    seen = []

    class Looks(sekisho.PostureCheck):
        name = "looks"

        def judge(self, input):
            seen.append(input)
            return CheckOutcome(results=self.passes(input).results, memory={"times": len(seen)})

    given = CheckInput(facts={"os": {"build": 26100}}, now=SAMPLE_NOW, terminal="pc-mori", binding=1)
    assert Looks().judge(given).memory == {"times": 1}
    assert seen[0].facts["os"]["build"] == 26100 and seen[0].now == SAMPLE_NOW


def test_values_hide_secrets_when_they_are_printed():
    assert "geheim" not in repr(AuthRequest(evidence={"password": "geheim"}))
    assert "geheim" not in repr(sekisho.kinds.VerifyPassword("hash", "geheim"))
    assert isinstance(Lets().step(AuthRequest()), AuthStep)
