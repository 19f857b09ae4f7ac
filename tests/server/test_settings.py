"""Settings come from CONVENE_* or one file, the variable wins, and what is wrong is named."""

from __future__ import annotations

import ipaddress
import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from server.settings import PREFIX, Settings, describe, is_loopback


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", *(field.upper() for field in Settings.model_fields)):
        monkeypatch.delenv(PREFIX + name, raising=False)


def test_the_defaults_are_for_one_person_trying_it_out() -> None:
    settings = Settings()
    assert (settings.host, settings.port, settings.media_port) == ("127.0.0.1", 8080, 40000)
    assert settings.effective_media_addresses == ["127.0.0.1"]
    assert settings.effective_media_listen == "127.0.0.1"
    assert settings.effective_database_url.startswith("sqlite+aiosqlite:///")
    assert settings.url(8080) == "http://localhost:8080"
    assert not settings.secure


def test_a_variable_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "convene.toml"
    config.write_text('port = 9000\nmedia_workers = 3\nmedia_address = ["192.0.2.1", "2001:db8::1"]\n')
    monkeypatch.setenv("CONVENE_CONFIG", str(config))
    monkeypatch.setenv("CONVENE_PORT", "9001")
    settings = Settings()
    assert (settings.port, settings.media_workers) == (9001, 3)
    assert settings.effective_media_addresses == ["192.0.2.1", "2001:db8::1"]
    sources = {variable: source for variable, _, _, source, _ in describe(settings)}
    assert sources["CONVENE_PORT"] == "environment"
    assert sources["CONVENE_MEDIA_WORKERS"] == str(config)
    assert sources["CONVENE_HOST"] == "default"


def test_several_addresses_in_one_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVENE_MEDIA_ADDRESS", "192.0.2.1, 2001:db8::1")
    monkeypatch.setenv("CONVENE_HOST", "0.0.0.0")
    settings = Settings()
    assert settings.effective_media_addresses == ["192.0.2.1", "2001:db8::1"]
    assert settings.effective_media_listen == "::"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("MEDIA_WORKERS", "0"),
        ("MEDIA_ADDRESS", "everywhere"),
        ("MEDIA_ADDRESS", "0.0.0.0"),
        ("MEDIA_LISTEN", "eth0"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("PUBLIC_URL", "convene.example"),
        ("PUBLIC_URL", "https://convene.example/path"),
        ("LOG_LEVEL", "loud"),
        ("DATABASE_URL", "convene.db"),
        ("TURN_URLS", "stun:turn.example"),
        ("TURN_SECRET", "too short"),
        ("TURN_SECONDS", "5"),
    ],
)
def test_what_is_wrong_is_refused_by_name(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert caught.value.errors()[0]["loc"][0] == name.lower()


def test_an_unknown_setting_in_the_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "convene.toml"
    config.write_text("prot = 9000\n")
    monkeypatch.setenv("CONVENE_CONFIG", str(config))
    with pytest.raises(ValidationError, match="prot"):
        Settings()


def test_every_setting_is_described() -> None:
    for variable, _, _, _, description in describe(Settings()):
        assert len(description) > 20, variable


def test_a_password_in_the_database_url_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVENE_DATABASE_URL", "postgresql+asyncpg://convene:swordfish@db/convene")
    shown = {variable: value for variable, value, *_ in describe(Settings())}
    assert shown["CONVENE_DATABASE_URL"] == "postgresql+asyncpg://convene:***@db/convene"


def test_the_mail_servers_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVENE_SMTP_PASSWORD", "swordfish")
    shown = {variable: value for variable, value, *_ in describe(Settings())}
    assert shown["CONVENE_SMTP_PASSWORD"] == "***"


@pytest.mark.parametrize(
    "address", ["", "convene", "a b@example.org", "Name <a@example.org>", "a@b\nBcc: c@d"]
)
def test_mail_comes_from_a_plain_address(address: str) -> None:
    with pytest.raises(ValidationError):
        Settings(mail_from=address)


def test_mail_comes_from_the_site_unless_told_otherwise() -> None:
    assert Settings().effective_mail_from == "convene@localhost"
    assert Settings(public_url="https://meet.example:8443").effective_mail_from == "convene@meet.example"
    assert Settings(mail_from="hello@meet.example").effective_mail_from == "hello@meet.example"


def test_the_secret_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new")
    secret = settings.secret()
    assert len(secret) == 32
    assert settings.secret() == secret
    assert stat.S_IMODE((tmp_path / "new" / "secret").stat().st_mode) == 0o600
    elsewhere = Settings(data=tmp_path, secret_file=tmp_path / "elsewhere")
    assert elsewhere.secret() != secret


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("convene.example", False),
        ("", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("name", "value"), [("URLS", "turn:turn.example"), ("SECRET", "long enough a secret")]
)
def test_a_turn_server_needs_address_and_secret(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CONVENE_TURN_{name}", value)
    with pytest.raises(ValidationError, match="CONVENE_TURN_URLS and CONVENE_TURN_SECRET"):
        Settings()


def test_the_turn_secret_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVENE_TURN_URLS", "turn:turn.example, turn:turn.example?transport=tcp")
    monkeypatch.setenv("CONVENE_TURN_SECRET", "long enough a secret")
    shown = {variable: value for variable, value, *_ in describe(Settings())}
    assert shown["CONVENE_TURN_URLS"] == "turn:turn.example, turn:turn.example?transport=tcp"
    assert shown["CONVENE_TURN_SECRET"] == "***"


@pytest.mark.parametrize(
    ("host", "told", "listen"),
    [
        ("127.0.0.1", [], "127.0.0.1"),
        ("::1", [], "::1"),
        ("127.0.0.1", ["203.0.113.7"], "0.0.0.0"),  # behind a proxy on the same machine
        ("0.0.0.0", ["203.0.113.7", "10.0.0.7"], "0.0.0.0"),
        ("127.0.0.1", ["203.0.113.7", "2001:db8::7"], "::"),
        ("0.0.0.0", ["127.0.0.1"], "127.0.0.1"),
        ("127.0.0.1", ["127.0.0.2"], "127.0.0.1"),
        ("127.0.0.1", ["127.0.0.1", "::1"], "::"),
    ],
)
def test_media_listens_where_browsers_are_sent(host: str, told: list[str], listen: str) -> None:
    assert Settings(host=host, media_address=told).effective_media_listen == listen


def test_media_listens_where_it_is_told_to_behind_a_port_forwarding() -> None:
    settings = Settings(media_address=["192.0.2.1"], media_listen="10.0.0.7")
    assert settings.effective_media_listen == "10.0.0.7"
    with pytest.raises(ValueError, match="media_listen"):
        Settings(media_listen="the office")


def test_what_is_guessed_can_be_reached() -> None:
    for host in ("0.0.0.0", "::"):
        for address in Settings(host=host).effective_media_addresses:
            guessed = ipaddress.ip_address(address)
            assert not guessed.is_loopback
            assert not guessed.is_unspecified
            assert not guessed.is_link_local
