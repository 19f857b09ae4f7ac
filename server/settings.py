"""Every setting of a Convene server: ``CONVENE_*`` variables or one TOML file (``CONVENE_CONFIG``), with
defaults.

A variable wins over the file. `convene settings` prints them all with value, default and source, from the
descriptions below; there is no other list.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
import socket
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import TomlConfigSettingsSource as TomlSource
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from signalling.relay import is_turn_address

PREFIX = "CONVENE_"
CONFIG_VARIABLE = "CONVENE_CONFIG"
SHORTEST_TURN_SECRET = 16  # characters

_MAILBOX = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_SECRET = frozenset({"metrics_token", "smtp_password", "turn_secret"})  # never printed

Words = Annotated[list[str], NoDecode]  # "a, b" in a variable, ["a", "b"] in the file


class SmtpSecurity(StrEnum):
    STARTTLS = "starttls"  # begins in the open and must become TLS before anything is said
    TLS = "tls"
    NONE = "none"


class Settings(BaseSettings):
    """Values as they apply; `effective_*` properties work out what depends on other settings."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="Address that the web server listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port of the web server; 0 takes any free one.")
    public_url: str | None = Field(
        None,
        description="Address in people's browsers, e.g. https://convene.example; https makes cookies Secure.",
    )
    trusted_proxies: Words = Field(
        [], description="Addresses or networks of proxies whose X-Forwarded-For header is believed."
    )
    data: Path = Field(Path("data"), description="Folder of the database, the secret and other files.")
    database_url: str | None = Field(
        None,
        description="SQLAlchemy URL; default is SQLite under DATA; postgresql+asyncpg://... for PostgreSQL.",
    )
    secret_file: Path | None = Field(
        None, description="File of the signing secret, made on first start; default is DATA/secret."
    )
    media_port: int = Field(
        40000,
        ge=0,
        le=65535,
        description="First port of the media workers, one per worker, UDP and TCP; 0: any free.",
    )
    media_address: Words = Field(
        [],
        description="Addresses that browsers send media to, IPv4 or IPv6, e.g. the public one and the one in "
        "the office; default follows HOST where that is possible.",
    )
    media_listen: str | None = Field(
        None,
        description="Address that the media workers listen on, where it does not follow MEDIA_ADDRESS: "
        "behind a port forwarding, for example.",
    )
    media_workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        description="Media processes; default: one per core.",
    )
    turn_urls: Words = Field(
        [],
        description="Addresses of a TURN server that relays media where no direct path is, the best first, "
        "e.g. turn:turn.example:3478, turns:turn.example:443?transport=tcp; see deploy/turnserver.conf.",
    )
    turn_secret: str | None = Field(None, description="Secret shared with it (static-auth-secret).")
    turn_seconds: int = Field(
        600, ge=30, le=86400, description="For how long credentials for it can be used to open a path."
    )
    members_create_sessions: bool = Field(
        False, description="Whether everybody with an account may create sessions, not staff only (M30)."
    )
    mail_from: str | None = Field(
        None, description="Address that mail comes from; default is convene@ the host of PUBLIC_URL."
    )
    smtp_host: str | None = Field(
        None, description="Server that mail is handed to; without one it is written to DATA/mail/*.eml."
    )
    smtp_port: int | None = Field(
        None, ge=1, le=65535, description="Its port; default is 587 for starttls, 465 for tls, 25 for none."
    )
    smtp_security: SmtpSecurity = Field(
        SmtpSecurity.STARTTLS, description="How the connection to it is protected: starttls, tls or none."
    )
    smtp_user: str | None = Field(None, description="Name to sign in with there; default is not to.")
    smtp_password: str | None = Field(None, description="Password to sign in with there.")
    mail_days: int = Field(
        365, ge=30, description="Days for which mails that were sent, or failed, stay on record."
    )
    feedback_requests: bool = Field(
        False, description="Whether those who came are asked by mail, after a session, how it was."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="What goes to standard error."
    )
    drain_limit: int = Field(
        600,
        ge=0,
        description="Seconds that live rooms may go on after SIGTERM until the server ends; 0: at once.",
    )
    metrics: bool = Field(
        True, description="Whether /metrics answers, in Prometheus' format; see METRICS_TOKEN for whom."
    )
    metrics_token: str | None = Field(
        None,
        min_length=16,
        description="Bearer token that /metrics asks for; without one it answers to this machine alone.",
    )
    session_days: int = Field(30, ge=1, description="Days until a sign-in expires.")
    sign_in_failures: int = Field(
        10, ge=1, description="Wrong passwords per account in five minutes before it has to wait."
    )
    sign_ups_per_hour: int = Field(60, ge=1, description="New accounts per network address and hour.")
    requests_per_minute: int = Field(
        1200, ge=1, description="Requests to the API per account (or address, signed out) and minute."
    )
    connections_per_address: int = Field(
        500, ge=1, description="Sockets to live sessions that one network address may have open."
    )
    connections: int = Field(10_000, ge=1, description="Sockets to live sessions altogether.")
    password_memory_kib: int = Field(
        65536, ge=8, description="Memory that hashing one password takes (argon2id), in KiB."
    )
    password_passes: int = Field(3, ge=1, description="Passes over that memory.")

    @field_validator("trusted_proxies", "media_address", "turn_urls", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return (
            [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value
        )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for word in value:
            ipaddress.ip_network(word, strict=False)
        return value

    @field_validator("media_address")
    @classmethod
    def _addresses(cls, value: list[str]) -> list[str]:
        for word in value:
            if ipaddress.ip_address(word).is_unspecified:
                raise ValueError(f"{word} is no address that a browser can send to")
        return value

    @field_validator("media_listen")
    @classmethod
    def _listening_address(cls, value: str | None) -> str | None:
        if value is not None:
            ipaddress.ip_address(value)
        return value

    @field_validator("turn_urls")
    @classmethod
    def _turn_addresses(cls, value: list[str]) -> list[str]:
        for word in value:
            if not is_turn_address(word):
                raise ValueError(f"{word}: expected turn:host[:port][?transport=udp|tcp], or turns:")
        return value

    @field_validator("turn_secret")
    @classmethod
    def _turn_secret(cls, value: str | None) -> str | None:
        if value is not None and len(value) < SHORTEST_TURN_SECRET:
            raise ValueError(
                f"expected at least {SHORTEST_TURN_SECRET} characters: whoever guesses it relays"
            )
        return value

    @field_validator("database_url")
    @classmethod
    def _url(cls, value: str | None) -> str | None:
        try:
            make_url(value or "sqlite://")
        except ArgumentError as error:
            raise ValueError("expected a SQLAlchemy URL, e.g. postgresql+asyncpg://user@host/name") from error
        return value

    @field_validator("mail_from")
    @classmethod
    def _mailbox(cls, value: str | None) -> str | None:
        if value is not None and not _MAILBOX.fullmatch(value):
            raise ValueError("expected an address like sessions@convene.example")
        return value

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/"):
            raise ValueError("expected http(s)://host[:port] without a path")
        return f"{parts.scheme}://{parts.netloc}"

    @model_validator(mode="after")
    def _announceable(self) -> Settings:
        if not self.media_address and not is_loopback(self.host) and not self._guess_addresses():
            raise ValueError(
                f"{PREFIX}MEDIA_ADDRESS: with {PREFIX}HOST={self.host} browsers elsewhere need to know "
                "where to send media, and no address could be found; set it to this machine's address"
            )
        return self

    @model_validator(mode="after")
    def _relay(self) -> Settings:
        if bool(self.turn_urls) != bool(self.turn_secret):
            raise ValueError(f"{PREFIX}TURN_URLS and {PREFIX}TURN_SECRET are needed together")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        sources = [init_settings, env_settings]
        if config := os.environ.get(CONFIG_VARIABLE):
            if not Path(config).is_file():
                raise FileNotFoundError(f"{CONFIG_VARIABLE}={config}: there is no such file")
            sources.append(TomlSource(settings_cls, toml_file=config))
        return tuple(sources)

    # --- what follows from them ---

    @property
    def effective_database_url(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.data.resolve() / 'convene.db'}"

    @property
    def effective_media_listen(self) -> str:
        """Where nothing is set: the loopback address where browsers are told nothing else; otherwise all
        addresses, those of IPv6 included where browsers are told one.
        """
        if self.media_listen is not None:
            return self.media_listen
        told = self.effective_media_addresses
        ipv6 = [":" in address for address in told]
        if all(map(is_loopback, told)) and len(set(ipv6)) == 1:
            return "::1" if ipv6[0] else "127.0.0.1"
        return "::" if any(ipv6) else "0.0.0.0"

    @property
    def effective_media_addresses(self) -> list[str]:
        if self.media_address:
            return list(self.media_address)
        if is_loopback(self.host):
            return ["::1" if ":" in self.host else "127.0.0.1"]
        return self._guess_addresses()

    @property
    def effective_mail_from(self) -> str:
        host = urlsplit(self.public_url).hostname if self.public_url else None
        return self.mail_from or f"convene@{host or 'localhost'}"

    @property
    def secure(self) -> bool:
        return bool(self.public_url and self.public_url.startswith("https://"))

    def url(self, port: int) -> str:
        """The address to open, given the port that was really bound."""
        if self.public_url:
            return self.public_url
        name = "localhost" if is_loopback(self.host) or self.host in ("0.0.0.0", "::") else self.host
        return f"http://{f'[{name}]' if ':' in name else name}:{port}"

    def _guess_addresses(self) -> list[str]:
        if address := _address_of(self.host):
            return [address]
        found = [
            _outgoing_address(socket.AF_INET, "192.0.2.1"),
            _outgoing_address(socket.AF_INET6, "2001:db8::1"),
        ]
        return [address for address in found if address]

    def make_data_folder(self) -> None:
        """For us alone: the database holds what people wrote and the hashes of their passwords."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)

    def secret(self) -> bytes:
        """The signing secret, 32 bytes; made on first use, readable by the owner alone."""
        path = self.secret_file or self.data / "secret"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return bytes.fromhex(path.read_text().strip())
        with os.fdopen(handle, "w") as file:
            value = secrets.token_bytes(32)
            file.write(value.hex() + "\n")
        return value


def unknown_variables() -> list[str]:
    """Variables that look like settings and are none: a slip that would go unnoticed."""
    known = {CONFIG_VARIABLE, *(PREFIX + name.upper() for name in Settings.model_fields)}
    return sorted(
        name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known
    )


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _address_of(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""
    return "" if address.is_unspecified else host


def _outgoing_address(family: socket.AddressFamily, somewhere: str) -> str:
    """This machine's address towards the default route; connecting a UDP socket sends nothing. "" if there is
    none that others can reach.
    """
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((somewhere, 9))
            address = ipaddress.ip_address(probe.getsockname()[0])
    except OSError:
        return ""
    return "" if address.is_loopback or address.is_unspecified or address.is_link_local else str(address)


def describe(settings: Settings) -> list[tuple[str, str, str, str, str]]:
    """(variable, value, default, source, description) of every setting, in the order above."""
    file_values: dict[str, Any] = {}
    if config := os.environ.get(CONFIG_VARIABLE):
        file_values = TomlSource(Settings, toml_file=config)()
    rows = []
    for name, field in Settings.model_fields.items():
        variable = PREFIX + name.upper()
        source = "default"
        if name in file_values:
            source = os.environ[CONFIG_VARIABLE]
        if variable in os.environ:
            source = "environment"
        default = field.get_default(call_default_factory=True)
        value = _shown(getattr(settings, name))
        if name in _SECRET and value:
            value = "***"
        if name == "database_url" and value:
            value = make_url(value).render_as_string(hide_password=True)
        rows.append((variable, value, _shown(default), source, field.description or ""))
    return rows


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
