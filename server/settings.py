"""Every setting: a variable MAKEBA_<NAME> with a default, its unit in its name, its limits here.

`docs/settings.md` is this class as a table; `python -m server.settings` prints it.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from platformdirs import user_data_path

from server.budgets import Budgets
from server.secrets import Secret
from server.tls import TlsFiles

PREFIX = "MAKEBA_"
API = "/api/v1"


class BadSetting(Exception):
    """A setting has a value that is not allowed."""


class Settings(Budgets, frozen=True, kw_only=True):
    """How this installation runs."""

    # Where things are
    home: Annotated[
        Path,
        Meta(description="Directory of the embedded PostgreSQL, of the secrets and of demo.json."),
    ] = msgspec.field(default_factory=lambda: user_data_path("makeba"))
    database_url: Annotated[
        Secret | None,
        Meta(
            description="The owner's URL of a PostgreSQL ≥ 15; without it the embedded one is used."
        ),
    ] = None
    pepper_file: Annotated[
        Path | None, Meta(description="Another place for the keyring of codes and bodies.")
    ] = None
    index_key_file: Annotated[
        Path | None, Meta(description="The same for the keyring by which people are found.")
    ] = None
    data_key_file: Annotated[
        Path | None, Meta(description="The same for the keyring that seals.")
    ] = None
    server_key_file: Annotated[
        Path | None, Meta(description="The same for the keyring that signs replies to the switch.")
    ] = None
    issuer_key_file: Annotated[
        Path | None, Meta(description="The same for the keyring to which machines encrypt codes.")
    ] = None
    pepper: Annotated[
        Secret | None, Meta(description="That keyring itself; `;` ends a line. It stays as it is.")
    ] = None
    index_key: Annotated[Secret | None, Meta(description="The same.")] = None
    data_key: Annotated[Secret | None, Meta(description="The same.")] = None
    server_key: Annotated[Secret | None, Meta(description="The same.")] = None
    issuer_key: Annotated[Secret | None, Meta(description="The same.")] = None
    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[
        int, Meta(description="Port to listen on; 0 takes a free one.", ge=0, le=65535)
    ] = 8080
    workers: Annotated[int, Meta(description="Server processes.", ge=1, le=64)] = 1
    tls_cert: Annotated[
        Path | None, Meta(description="Certificate of the server, with its chain (PEM).")
    ] = None
    tls_key: Annotated[Path | None, Meta(description="Its private key (PEM, mode 0600).")] = None
    tls_client_ca: Annotated[
        Path | None,
        Meta(description="Who issues the switch's client certificates; none: its routes are shut."),
    ] = None
    behind_proxy: Annotated[
        str,
        Meta(
            description="Addresses and networks, with commas, of proxies that shake hands for us."
        ),
    ] = ""
    log_level: Annotated[
        str,
        Meta(description="Least level that is logged.", pattern="^(debug|info|warning|error)$"),
    ] = "info"

    # Lifetimes
    code_ttl_seconds: Annotated[
        int, Meta(description="Life of a withdrawal code.", ge=1, le=86_400)
    ] = 900
    request_ttl_seconds: Annotated[
        int, Meta(description="Life of a request at an agent.", ge=1, le=86_400)
    ] = 600
    proposal_ttl_seconds: Annotated[
        int,
        Meta(description="Life of a change that waits for approval.", ge=1, le=2_592_000),
    ] = 604_800
    offer_agents_max: Annotated[
        int,
        Meta(description="Agents near to whom one request for cash is offered.", ge=1, le=20),
    ] = 5
    offer_metres_max: Annotated[
        int, Meta(description="How far away an agent near may be.", ge=1, le=100_000)
    ] = 5_000
    doubt_seconds: Annotated[
        int,
        Meta(
            description="After an approval, until no word from the switch means doubt.",
            ge=1,
            le=86_400,
        ),
    ] = 180
    cutoff_time: Annotated[
        time,
        Meta(description="Local time from which the switch settles on the next day."),
    ] = time(23, 0)
    session_idle_seconds: Annotated[
        int, Meta(description="A customer's session ends when unused for so long.", ge=1, le=86_400)
    ] = 600
    staff_idle_seconds: Annotated[
        int, Meta(description="The same for agents and staff.", ge=1, le=86_400)
    ] = 900
    session_absolute_seconds: Annotated[
        int, Meta(description="A session ends after so long, used or not.", ge=1, le=604_800)
    ] = 43_200
    session_cache_seconds: Annotated[
        float, Meta(description="For so long a session is believed without looking.", ge=0, le=0.8)
    ] = 0.5
    challenge_ttl_seconds: Annotated[
        int, Meta(description="Time between PIN and second factor.", ge=1, le=3_600)
    ] = 300
    pin_tries_max: Annotated[
        int,
        Meta(description="Wrong PINs or second factors until the account is locked.", ge=1, le=100),
    ] = 5
    pin_lock_seconds: Annotated[
        int, Meta(description="How long it is locked then.", ge=1, le=86_400)
    ] = 900
    login_refusal_seconds: Annotated[
        float,
        Meta(
            description="A refused log-in is answered after a multiple of this; 0: at once.",
            ge=0,
            le=5,
        ),
    ] = 0.1
    source_tries_max: Annotated[
        int,
        Meta(
            description="Wrong tries from one address, above which it has to wait.",
            ge=1,
            le=1_000_000,
        ),
    ] = 100
    source_window_seconds: Annotated[
        int, Meta(description="For so long they are counted together.", ge=1, le=86_400)
    ] = 900
    device_cool_off_seconds: Annotated[
        int,
        Meta(description="For so long little money goes out by a new device.", ge=0, le=2_592_000),
    ] = 259_200
    reset_cool_off_seconds: Annotated[
        int,
        Meta(
            description="So long a reset of PIN or authenticator waits for an objection.",
            ge=0,
            le=2_592_000,
        ),
    ] = 86_400
    reset_open_seconds: Annotated[
        int, Meta(description="For so long it can be used then.", ge=1, le=2_592_000)
    ] = 259_200
    passkey_domain: Annotated[
        str, Meta(description="The domain that passkeys of staff belong to.")
    ] = "localhost"
    passkey_origin: Annotated[
        str, Meta(description="Where the page is that asks for passkeys.")
    ] = "http://localhost:8080"
    signature_window_seconds: Annotated[
        int, Meta(description="How far the switch's clock may be off, either way.", ge=1, le=600)
    ] = 120
    key_reload_seconds: Annotated[
        float, Meta(description="Pause between looks at the files of keys.", gt=0, le=60)
    ] = 1.0
    key_announce_seconds: Annotated[
        float,
        Meta(
            description="A new key begins so long after it was made: by then all know it.",
            gt=0,
            le=604_800,
        ),
    ] = 5.0
    key_overlap_seconds: Annotated[
        int,
        Meta(
            description="An old key is kept so long at least after a new one has begun.",
            ge=0,
            le=31_536_000,
        ),
    ] = 86_400
    reseal_seconds: Annotated[
        float, Meta(description="Pause between batches that are sealed anew.", gt=0, le=3_600)
    ] = 1.0
    reseal_max: Annotated[int, Meta(description="Rows in one such batch.", ge=1, le=1_000)] = 200

    # Evidence
    trail_seal_seconds: Annotated[
        float,
        Meta(
            description="Pause between records that take refusals and readings up into the log.",
            gt=0,
            le=3_600,
        ),
    ] = 60.0
    checkpoint_seconds: Annotated[
        float,
        Meta(description="Pause between signatures under the end of the log.", gt=0, le=86_400),
    ] = 60.0

    # Account care
    reversal_alone_max_escudos: Annotated[
        int,
        Meta(
            description="The largest entry that one person may reverse; above it, two.",
            ge=0,
            le=1_000_000_000,
        ),
    ] = 50_000
    case_alone_max_escudos: Annotated[
        int,
        Meta(
            description="The largest held transfer that one operator may release; above it, two.",
            ge=0,
            le=1_000_000_000,
        ),
    ] = 50_000
    cash_in_reversal_seconds: Annotated[
        int, Meta(description="For so long an agent may take a cash-in back.", ge=0, le=604_800)
    ] = 900
    cash_in_reversal_operator_seconds: Annotated[
        int, Meta(description="The same for an operator.", ge=0, le=31_536_000)
    ] = 604_800
    claim_window_seconds: Annotated[
        int,
        Meta(
            description="For so long a customer may claim that a machine did not pay.",
            ge=60,
            le=31_536_000,
        ),
    ] = 7_776_000
    release_absences_min: Annotated[
        int,
        Meta(
            description="Settlement dates whose files do not name a withdrawal in doubt, before it"
            " may be released.",
            ge=0,
            le=60,
        ),
    ] = 2
    settlement_bytes_max: Annotated[
        int,
        Meta(description="Longest settlement file.", ge=1_024, le=1_000_000_000),
    ] = 134_217_728
    dormant_after_days: Annotated[
        int, Meta(description="A wallet that rests so long is dormant.", ge=1, le=36_500)
    ] = 365
    dormancy_sweep_seconds: Annotated[
        float, Meta(description="Pause between looks for such wallets.", gt=0, le=86_400)
    ] = 3_600.0
    debt_sweep_seconds: Annotated[
        float, Meta(description="Pause between looks for agents that owe us.", gt=0, le=86_400)
    ] = 60.0

    @property
    def secrets_dir(self) -> Path:
        """Where secrets are made and kept."""
        return self.home / "secrets"

    @property
    def demo_file(self) -> Path:
        """What the simulator and outside tests need to know of a demo."""
        return self.home / "demo.json"

    @property
    def checkpoints_file(self) -> Path:
        """The signed ends of the log, outside the database."""
        return self.home / "checkpoints"

    @property
    def checkpoint_public_file(self) -> Path:
        """What they are checked with: for auditors to take away."""
        return self.home / "checkpoint.pub"

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in {"127.0.0.1", "::1", "localhost"}

    @property
    def tls(self) -> TlsFiles | None:
        """The files of TLS, when we shake hands ourselves."""
        if self.tls_cert is None or self.tls_key is None:
            return None
        return TlsFiles(certificate=self.tls_cert, key=self.tls_key, client_ca=self.tls_client_ca)

    @property
    def proxies(self) -> tuple[str, ...]:
        """Addresses and networks of the proxies that are believed."""
        return tuple(each.strip() for each in self.behind_proxy.split(",") if each.strip())


def from_environment(variables: Mapping[str, str] = os.environ, **flags: Any) -> Settings:
    """The settings, from flags that were given, else the environment, else the defaults.

    Raises BadSetting. An empty variable counts as not set; an unknown one is left alone.
    """
    given = {
        name: variables[PREFIX + name.upper()]
        for name in Settings.__struct_fields__
        if variables.get(PREFIX + name.upper())
    }
    given.update({name: value for name, value in flags.items() if value is not None})
    for name, value in given.items():
        _check(name, value)
    found = msgspec.convert(given, Settings, strict=False, dec_hook=_special)
    _check_together(found)
    return found


def unknown(variables: Mapping[str, str] = os.environ) -> list[str]:
    """Variables that look like settings and are none: most likely a slip of the pen."""
    known = {PREFIX + name.upper() for name in Settings.__struct_fields__}
    return sorted(name for name in variables if name.startswith(PREFIX) and name not in known)


def _check(name: str, value: Any) -> None:
    """Convert one alone, so that the message can name it."""
    try:
        msgspec.convert({name: value}, Settings, strict=False, dec_hook=_special)
    except msgspec.ValidationError as error:
        reason = str(error).split(" - at ")[0]
        sentence = f"{PREFIX}{name.upper()} is not allowed to be {value!r}: {reason}"
        raise BadSetting(sentence) from error


def _check_together(found: Settings) -> None:
    """Raises BadSetting for what does not go together, or would be told to the whole network."""
    if (found.tls_cert is None) != (found.tls_key is None):
        raise BadSetting("MAKEBA_TLS_CERT and MAKEBA_TLS_KEY belong together: give both.")
    if found.tls_client_ca is not None and found.tls_cert is None:
        raise BadSetting("MAKEBA_TLS_CLIENT_CA needs MAKEBA_TLS_CERT and MAKEBA_TLS_KEY.")
    for each in found.proxies:
        try:
            ipaddress.ip_network(each)
        except ValueError as error:
            sentence = f"MAKEBA_BEHIND_PROXY: {each!r} is no address and no network."
            raise BadSetting(sentence) from error


def _special(wanted: type, value: Any) -> Any:
    if wanted is Path:
        return Path(value).expanduser()
    if wanted is Secret:
        return Secret(value)
    raise NotImplementedError(wanted)


def as_table() -> Iterator[str]:
    """The lines of the table in docs/settings.md."""
    yield "| Variable | Default | Allowed | What it is |"
    yield "|---|---|---|---|"
    own_first = sorted(
        msgspec.structs.fields(Settings), key=lambda field: field.name in Budgets.__struct_fields__
    )
    for field in own_first:
        meta = field.type.__metadata__[0]
        name = f"`{PREFIX}{field.name.upper()}`"
        default = "the user's data directory" if field.name == "home" else _shown(field.default)
        yield f"| {name} | {default} | {_range(meta)} | {meta.description} |"


def _shown(default: Any) -> str:
    return "" if default is None else f"`{default}`"


def _range(meta: Meta) -> str:
    if meta.pattern is not None:
        return ", ".join(meta.pattern.strip("^()$").split("|"))
    if meta.le is None:
        return ""
    return f"above {meta.gt} to {meta.le:,}" if meta.gt is not None else f"{meta.ge} to {meta.le:,}"


if __name__ == "__main__":
    print("\n".join(as_table()))
