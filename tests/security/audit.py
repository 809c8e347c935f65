"""The regular audit: what tools and our own rules find in the source, and what nobody could check.

    make audit        # writes docs/security/audit.md; 1 when something was found

Each tool has to catch the faults that are planted for it before its silence counts for anything.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from shutil import which
from typing import Any, NamedTuple

from server.authority import Authority
from tests.durability.served import Served

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
TOOLS = ROOT / ".venv-audit" / "bin"
PAGE = ROOT / "docs" / "security" / "audit.md"
SBOM = ROOT / "docs" / "security" / "sbom.json"
CAMPAIGN = ROOT / "docs" / "security" / "campaign.json"
WALKS = ROOT / "docs" / "security" / "walks.json"
SOURCE = ("ledger", "commands", "queries", "server", "simulator")
RULE = re.compile(r"^ {2}- id: ([a-z-]+)", re.MULTILINE)
PLANTED = HERE / "planted" / "faults.txt"

# What bandit says of lines that a person has read, by file.
READ = {
    ("queries/projection/agents.py", "B608"): "put together from constants of the same module",
    ("queries/exports/reading.py", "B314"): (
        "a sheet that its user exported, and libexpat from 2.4.1 on refuses entities that grow"
    ),
    ("server/vault.py", "B305"): "one block alone, half of which must come out as zeros",
}
# Names of secrets, not secrets; what tests invent is no secret either.
NAMES_ONLY = {
    "benchmarks/books.py", "docs/security/sbom.json", "server/enrolment.py", "server/postgres.py",
    "server/webhooks/sender.py",
}  # fmt: skip
NOT_WITH_US = re.compile(r"(?<!L)GPL|AGPL|UNKNOWN|proprietary", re.IGNORECASE)


# What testssl.sh calls grave.
GRAVE = {"MEDIUM", "HIGH", "CRITICAL", "FATAL"}
# What it says of a certificate that a person has read.
READ_OF_TLS = {
    "cert_revocation": (
        "our own authority keeps no list of what it took back and answers no OCSP: a certificate is"
        " taken back by unbinding it, and the server's by giving it another"
    ),
}


class Verdict(Enum):
    """What came of one part of the audit."""

    HELD = "nothing found"
    FOUND = "FOUND"
    NOT_CHECKED = "not checked"


class Part(NamedTuple):
    """One part, what came of it, and what there is to say."""

    name: str
    verdict: Verdict
    says: tuple[str, ...]


def run(*words: str | Path, good: tuple[int, ...] = (0,), where: Path = ROOT) -> str:
    """What a tool prints. Raises RuntimeError when it did not do its work."""
    environment = {**os.environ, "SEMGREP_ENABLE_VERSION_CHECK": "0", "PYTHONWARNINGS": "ignore"}
    ran = subprocess.run(  # noqa: S603 - our own words
        list(map(str, words)),
        cwd=where,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode not in good:
        sentence = f"{words[0]} ended with {ran.returncode}: {ran.stderr[-500:]}"
        raise RuntimeError(sentence)
    return ran.stdout


def require_caught(missed: Iterable[str]) -> None:
    """Raises RuntimeError: a check that finds nothing where something is proves nothing."""
    if named := sorted(missed):
        sentence = f"planted faults were not caught: {', '.join(named)}"
        raise RuntimeError(sentence)


def rule_ids() -> set[str]:
    """All local rules."""
    return {name for path in HERE.glob("rules/*.yml") for name in RULE.findall(path.read_text())}


def semgrep(*targets: str | Path) -> list[dict[str, Any]]:
    """What our own rules find. Raises RuntimeError when a file could not be read."""
    words = ("scan", "--metrics", "off", "--disable-version-check", "--json", "--quiet")
    said = json.loads(
        run(TOOLS / "semgrep", *words, "--no-git-ignore", "--config", HERE / "rules", *targets)
    )
    if said["errors"]:
        raise RuntimeError(str(said["errors"][:3]))
    found: list[dict[str, Any]] = said["results"]
    return found


def own_rules(planted: Path) -> Part:
    """Our local rules."""
    caught = {each["check_id"].rpartition(".")[2] for each in semgrep(planted.parent)}
    require_caught(rule_ids() - caught)
    found = semgrep(*SOURCE)
    says = [f"{len(rule_ids())} rules, each of which caught the fault that is planted for it."]
    says += [
        f"{each['check_id'].rpartition('.')[2]}: {each['path']}:{each['start']['line']}"
        for each in found
    ]
    return Part("Our own rules (semgrep)", Verdict.FOUND if found else Verdict.HELD, tuple(says))


def bandit(*targets: str | Path) -> list[dict[str, Any]]:
    """What bandit finds of medium severity or above."""
    words = ("-q", "-r", *targets, "-ll", "-f", "json")
    found: list[dict[str, Any]] = json.loads(run(TOOLS / "bandit", *words, good=(0, 1)))["results"]
    return found


def known_mistakes(planted: Path) -> Part:
    """bandit."""
    caught = {each["test_id"] for each in bandit(planted)}
    require_caught({"B324", "B501", "B301", "B602"} - caught)
    all_of_it = bandit(*SOURCE)
    left = [each for each in all_of_it if (each["filename"], each["test_id"]) not in READ]
    says = [
        f"{len(all_of_it) - len(left)} findings were read by a person:"
        f" {'; '.join(sorted(set(READ.values())))}."
    ]
    says += [f"{each['test_id']}: {each['filename']}:{each['line_number']}" for each in left]
    return Part("Known mistakes (bandit)", Verdict.FOUND if left else Verdict.HELD, tuple(says))


def committed_secrets(planted: Path) -> Part:
    """detect-secrets over what git keeps."""
    bait = planted.parent / "bait.py"
    bait.write_text('password = "' + hashlib.sha256(b"bait").hexdigest()[:24] + '"\n')
    require_caught(() if secrets_in([bait.name], bait.parent) else {"a password in the source"})
    kept = run("git", "ls-files").split()
    looked = [
        name for name in kept if not re.search(r"\.(lock|svg|png)$|^benchmarks/results/", name)
    ]
    found = secrets_in(looked)
    left = sorted(
        name for name in found if name not in NAMES_ONLY and not name.startswith("tests/")
    )
    says = [
        f"{len(looked)} files; {len(found) - len(left)} hold names of secrets,"
        " or what a test invents."
    ]
    return Part(
        "Committed secrets (detect-secrets)",
        Verdict.FOUND if left else Verdict.HELD,
        (*says, *left),
    )


def secrets_in(files: list[str], where: Path = ROOT) -> dict[str, Any]:
    """By file. What lies outside of `where` the tool leaves out without a word."""
    said = json.loads(run(TOOLS / "detect-secrets", "scan", "--all-files", *files, where=where))
    found: dict[str, Any] = said["results"]
    return found


def locked_packages() -> set[str]:
    """What the product is installed with."""
    lock = (ROOT / "requirements.lock").read_text()
    return set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", lock, re.MULTILINE))


def materials(_: Path) -> Part:
    """The bill of materials, from the lock that is installed."""
    source = ("requirements.lock", "--pyproject", "pyproject.toml", "--output-reproducible")
    run(TOOLS / "cyclonedx-py", "requirements", *source, "-o", SBOM)
    made = json.loads(SBOM.read_text())
    locked = locked_packages()
    listed = {each["name"].lower().replace("_", "-") for each in made["components"]}
    lacks = sorted(name for name in locked if name.replace("_", "-") not in listed)
    says = [
        f"{len(made['components'])} components, CycloneDX {made['specVersion']}:"
        " [sbom.json](sbom.json)."
    ]
    return Part("Bill of materials", Verdict.FOUND if lacks else Verdict.HELD, (*says, *lacks))


def licences(_: Path) -> Part:
    """Of each package that is installed with the product."""
    bait = ("GPL-3.0-only", "AGPLv3+", "UNKNOWN")
    require_caught(name for name in bait if not NOT_WITH_US.search(name))
    python = ROOT / ".venv" / "bin" / "python"
    listed = json.loads(run(TOOLS / "pip-licenses", "--python", python, "--format", "json"))
    locked = locked_packages()
    ours = [each for each in listed if each["Name"].lower().replace("_", "-") in locked]
    left = [
        f"{each['Name']}: {each['License']}" for each in ours if NOT_WITH_US.search(each["License"])
    ]
    counted = Counter(each["License"] for each in ours)
    says = [
        f"{len(ours)} packages: "
        + ", ".join(f"{name} {many}" for name, many in counted.most_common(8))
        + "."
    ]
    return Part("Licences", Verdict.FOUND if left else Verdict.HELD, (*says, *left))


def campaign(_: Path) -> Part:
    """What the newest long run of the API against its document has found."""
    name = "The API against its document (Schemathesis)"
    again = "`make campaign` runs it."
    if not CAMPAIGN.exists():
        return Part(name, Verdict.NOT_CHECKED, (f"No long run is kept. {again}",))
    said = json.loads(CAMPAIGN.read_text())
    bad = said["server_errors"] + said["schema_breaches"] + (not said["books_proven"])
    says = (
        f"{said['cases']:,} cases, {said['operations']} operations"
        f" as {said['callers']} callers:"
        f" {said['server_errors']} server errors, {said['schema_breaches']} breaches of the"
        f" document. {again}",
        chains(),
    )
    return Part(name, Verdict.FOUND if bad else Verdict.HELD, says)


def chains() -> str:
    """How far the last walks along the links of the document came."""
    if not WALKS.exists():
        return "Chains of calls (stateful links) were not followed."
    said = json.loads(WALKS.read_text())
    return (
        f"Along {said['links']} links of the document: {said['calls']:,} calls in {said['walks']}"
        f" walks of {said['steps_max']} steps at most, which reached"
        f" {len(said['reached_by_a_link'])} operations of something that was made on the way;"
        f" {said['server_errors']} server errors, {said['schema_breaches']} breaches of the"
        " document. `make walks` takes them."
    )


def transport(_: Path) -> Part:
    """testssl.sh on loopback."""
    name = "TLS (testssl.sh)"
    if which("testssl") is None:
        return Part(name, Verdict.NOT_CHECKED, ("testssl.sh is not installed.",))
    with tempfile.TemporaryDirectory() as directory:
        where = Path(directory)
        authority = Authority.begin(where / "ca", "audit")
        issued = authority.for_server(("localhost", "127.0.0.1"), where / "server")
        tls = {"MAKEBA_TLS_CERT": str(issued.certificate), "MAKEBA_TLS_KEY": str(issued.key)}
        served = Served(where / "home", **tls)
        served.start()
        try:
            looked = weaknesses(served.url, where)
        finally:
            served.stop()
    found = [each for each in looked if each["severity"] in GRAVE]
    grave = [each for each in found if each["id"] not in READ_OF_TLS]
    asked = {each["id"] for each in looked}
    require_caught({"SSLv3", "TLS1", "TLS1_2", "PFS", "heartbleed", "ROBOT"} - asked)
    says = [
        f"{len(asked)} questions about protocols, suites, the certificate and known weaknesses,"
        " asked of a server on loopback with a certificate of our own authority."
    ]
    says += [f"Read by a person: {READ_OF_TLS[each['id']]}." for each in found if each not in grave]
    says += [f"{each['severity']}: {each['id']}: {each['finding']}" for each in grave]
    return Part(name, Verdict.FOUND if grave else Verdict.HELD, tuple(says))


def weaknesses(url: str, where: Path) -> list[dict[str, Any]]:
    """What testssl.sh says of an address, one answer for each of its questions."""
    said = where / "testssl.json"
    parts = ("--protocols", "--std", "--fs", "--server-defaults", "--vulnerable")
    trusted = ("--add-ca", where / "ca" / "ca.crt")
    run(
        "testssl", "--quiet", "--warnings", "off", "--color", "0", "--jsonfile", said, *trusted,
        *parts, url, good=tuple(range(64)),
    )  # fmt: skip
    found: list[dict[str, Any]] = json.loads(said.read_text())
    return found


def vulnerabilities(_: Path) -> Part:
    """What this audit cannot know."""
    says = (
        "No vulnerability database can be reached from where this runs. pip-audit would end with 0"
        " and have looked at nothing, so it is not run: look up the components of sbom.json where"
        " there is one.",
    )
    return Part("Known vulnerabilities of packages", Verdict.NOT_CHECKED, says)


PARTS: tuple[Callable[[Path], Part], ...] = (
    own_rules,
    known_mistakes,
    committed_secrets,
    materials,
    licences,
    campaign,
    transport,
    vulnerabilities,
)


def as_page(parts: Iterable[Part]) -> str:
    """The page."""
    today = datetime.now(UTC).date().isoformat()
    lines = [
        "# The audit", "",
        "`make audit` writes this page. Before a tool's silence counts, it has to catch the faults",
        f"that are planted for it (`tests/security/planted`). Last run: {today}.", "",
        "| Part | Result |", "|---|---|",
    ]  # fmt: skip
    parts = list(parts)
    lines += [f"| {part.name} | {part.verdict.value} |" for part in parts]
    for part in parts:
        lines += ["", f"## {part.name}", "", *(f"- {each}" for each in part.says)]
    return "\n".join(lines) + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as where:
        planted = Path(where) / "routes"
        planted.mkdir()
        (planted / "faults.py").write_text(PLANTED.read_text())
        parts = [part(planted) for part in PARTS]
    PAGE.write_text(as_page(parts))
    for part in parts:
        print(f"{part.verdict.value:<14} {part.name}")
        if part.verdict is not Verdict.HELD:
            print("\n".join(f"    {each}" for each in part.says))
    sys.exit(any(part.verdict is Verdict.FOUND for part in parts))


if __name__ == "__main__":
    main()
