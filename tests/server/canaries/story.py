"""What the secrets are for: everything that people do with them, and everything that goes wrong."""

from __future__ import annotations

import base64
from typing import Any

from server.secrets import KeyName
from server.vault import Vault
from tests.server.canaries.aviary import Aviary
from tests.server.canaries.drawn import FEW, PAID, digits, word
from tests.server.canaries.house import Written
from tests.server.canaries.misuse import crashed, in_headers, misplaced, refused_by_the_database
from tests.server.conftest import Running
from tests.server.people import Somebody
from tests.server.test_jose import AUTHORISE, encrypted
from tests.server.test_staffing import code_for, decide, reset, two


def keep_the_houses(server: Running, written: Written) -> None:
    """Passwords of the database, all keys, and what the demo's people sign in with."""
    house, aviary = server.installation, written.aviary
    for secret in house.keys.passwords.values():
        aviary.keep("password of a database role", secret.reveal())
    owner = (house.settings.secrets_dir / "owner").read_text().strip()
    aviary.keep("password of the database's owner", owner)
    for name in KeyName:
        for version in house.keys.keyrings[name].now.versions:
            text = base64.b64encode(version.key).decode()
            aviary.keep(f"keyring {name}", text, version.key.hex())
    lines = server.demo.switch.private_key.splitlines()[1:-1]
    aviary.keep("private key of the switch", *lines)
    for user in server.demo.users:
        keep_a_person(aviary, user.phone, user.pin, user.totp_secret)
        inner = Vault(house.keys).pin_input(user.user_id, user.pin)
        aviary.keep("what is hashed of a PIN", inner)
    aviary.keep("hash of a PIN", "$argon2id$")


def keep_a_person(aviary: Aviary, phone: str, pin: str, totp_secret: str) -> None:
    """What they sign in with."""
    aviary.keep("phone number", phone, phone[4:])
    aviary.keep("PIN", pin)
    aviary.keep("authenticator's secret", totp_secret)


FEW_DAYS = 3  # above them what is in the wrong place has two shapes, and comes from two people


class Day:
    """The day of one customer."""

    def __init__(self, server: Running, written: Written, number: int, agent: Somebody) -> None:
        self._server = server
        self._keep = written.aviary.keep
        self._agent = agent
        self._who = server.somebody("customer", number)

    async def live(self) -> Somebody:
        """From signing in to signing out."""
        await self._sign_in()
        await self._cash_at_a_machine()
        await self._cash_at_a_counter()
        await self._other_factors()
        return self._who

    async def _sign_in(self) -> None:
        who, client = self._who, self._server.client
        wrong, wrong_totp, device = digits(12), digits(6), word()
        self._keep("wrong PIN", wrong)
        self._keep("wrong code of an authenticator", wrong_totp)
        body = {"phone": who.who.phone, "pin": wrong}
        assert (await client.post("auth/login", json=body)).status_code == 401
        challenge, totp = await who.challenge(), who.totp()
        self._keep("challenge", challenge)
        self._keep("code of an authenticator", totp)
        taken = {"challengeId": challenge, "totp": wrong_totp}
        assert (await client.post("auth/factor", json=taken)).status_code == 401
        answer = await client.post("auth/factor", json=taken | {"totp": totp, "deviceId": device})
        assert answer.status_code == 200, answer.text
        who.token = answer.json()["accessToken"]
        self._keep("token of a session", who.token)
        self._keep("challenge", f"{challenge}A")
        again = {"challengeId": f"{challenge}A", "totp": totp}
        assert (await client.post("auth/factor", json=again)).status_code in {400, 401}

    async def _cash_at_a_machine(self) -> None:
        who, switch = self._who, self._server.switch
        key, claim, wrong = word(), f"nada saiu {word()}", digits(6)
        self._keep("idempotency key", key)
        self._keep("words of a claim", claim)
        self._keep("wrong withdrawal code", wrong)
        asked = await who.ask_for_code(PAID, key=key)
        assert asked.status_code == 201, asked.text
        issued = asked.json()
        self._keep("withdrawal code", issued["code"])
        assert (await who.ask_for_code(PAID, key=key)).json() == issued
        again = await who.ask_for_code(PAID - FEW, key=key)
        assert again.status_code in {409, 422}, again.text
        body = switch.trace() | {"phone": who.who.phone, "amount": PAID}
        refused = await switch.send(AUTHORISE, body | {"code": wrong})
        assert refused.json()["responseCode"] != "00"
        body = switch.trace() | {"phone": who.who.phone, "amount": PAID}
        typed = {
            "code": issued["code"], "phone": who.who.phone, "terminalId": body["terminalId"],
            "amount": PAID,
        }  # fmt: skip
        keys = (await who.client.get("vinti4/issuer-keys")).json()["keys"]
        for changes, right in (({"amount": "x"}, False), ({}, True)):
            sealed = encrypted(keys, typed | changes)
            answer = await switch.send(AUTHORISE, body | {"encryptedCode": sealed})
            assert (answer.json().get("responseCode") == "00") == right, answer.text
        await who.post(f"withdrawal/{issued['transactionId']}/claim", {"text": claim})

    async def _cash_at_a_counter(self) -> None:
        who = self._who
        body = {"amount": FEW, "userId": who.id, "agentId": who.agents[0]}
        asked = (await who.post("withdrawal/agent", body)).json()["transactionId"]
        pickup = (await who.get(f"withdrawal/{asked}/pickup-code")).json()["pickupCode"]
        wrong = digits(6)
        self._keep("pick-up code", pickup)
        self._keep("wrong pick-up code", wrong)
        for code, status in ((wrong, 401), (pickup, 200)):
            answer = await self._agent.post(f"agent/requests/{asked}/confirm", {"pickupCode": code})
            assert (answer.status_code == 200) == (status == 200), answer.text

    async def _other_factors(self) -> None:
        who = self._who
        totp = who.totp()
        self._keep("code of an authenticator", totp)
        assert (await who.post("auth/step-up", {"totp": totp}, key=None)).status_code == 200
        codes = (await who.post("auth/recovery-codes", key=None)).json()["codes"]
        for code in codes:
            self._keep("recovery code", code)
            self._keep("recovery code without its strokes", code.replace("-", ""))
        used = await who.post("auth/step-up", {"recoveryCode": codes[1]}, key=None)
        assert used.status_code == 200, used.text
        offered = (await who.post("auth/totp", key=None)).json()
        self._keep("authenticator's secret", offered["totpSecret"])
        self._keep("challenge", offered["challengeId"])
        wrong = {"challengeId": offered["challengeId"], "totp": digits(6)}
        self._keep("wrong code of an authenticator", wrong["totp"])
        assert (await who.post("auth/totp/confirm", wrong, key=None)).status_code == 401
        new, bad = digits(12), digits(12)
        self._keep("PIN", new)
        self._keep("wrong PIN", bad)
        for current, status in ((bad, 401), (who.who.pin, 200)):
            answer = await who.post("auth/pin", {"current": current, "new": new}, key=None)
            assert answer.status_code == status, answer.text


async def resets(
    server: Running, written: Written, operators: tuple[Somebody, Somebody], many: int
) -> None:
    """Two operators set anew what customers have forgotten; two admins let somebody in."""
    keep = written.aviary.keep
    one, other = operators
    for number in range(many):
        who = server.somebody("customer", number)
        await decide(one, other, kind="reset_factor", userId=who.id, factor="totp")
        code = (await code_for(other, who.id))["code"]
        wrong = word()
        keep("code of a reset", code, code.replace("-", ""))
        keep("wrong PIN", wrong)
        answer = await reset(server, phone=who.who.phone, code=code, current=wrong)
        assert answer.status_code == 401, answer.text
    ana, rui = await two(server, "admin")
    for _ in range(max(1, many // 4)):
        phone, name, password = f"+2389{digits(6)}", f"Eva {word()}", f"cavala {word()}"
        keep("phone number", phone)
        keep("name", name)
        keep("password", password)
        proposed = (
            await ana.post("people", {"phone": phone, "name": name, "role": "auditor"})
        ).json()
        answer = await rui.post(
            f"proposals/{proposed['proposalId']}/approve", {"contentHash": proposed["contentHash"]}
        )
        assert answer.status_code == 200, answer.text
        code = (await code_for(ana, proposed["userId"]))["code"]
        keep("code of a reset", code, code.replace("-", ""))
        offered = (await reset(server, phone=phone, code=code, new=password)).json()
        keep("authenticator's secret", offered["totpSecret"])
        keep("challenge", offered["challengeId"])


async def webhooks(operator: Somebody, written: Written, many: int) -> None:
    """Secrets with which events are signed."""
    for number in range(many):
        body = {"url": f"https://bank.example.com/{number}"}
        made = (await operator.post("webhooks", body)).json()
        written.aviary.keep("secret of a webhook", made["secret"].removeprefix("whsec_"))
        again = (await operator.post(f"webhooks/{made['webhookId']}/rotate")).json()
        written.aviary.keep("secret of a webhook", again["secret"].removeprefix("whsec_"))


async def wallets(operator: Somebody, written: Written, many: int) -> None:
    """People who come to the counter with a document."""
    keep = written.aviary.keep
    for _ in range(many):
        body: dict[str, Any] = {
            "phone": f"+2389{digits(6)}", "name": f"Maria {word()}", "pin": digits(6),
        }  # fmt: skip
        opened = await operator.post("wallets", body)
        assert opened.status_code in {201, 400, 409}, opened.text
        if opened.status_code == 201:
            keep_a_person(written.aviary, body["phone"], body["pin"], opened.json()["totpSecret"])
            keep("name", body["name"])


async def told(server: Running, written: Written, days: int) -> None:
    """The whole story, with so many customers."""
    keep_the_houses(server, written)
    agent = await server.somebody("agent").sign_in()
    operators = await two(server, "operator")
    for each in (agent, *operators):
        written.aviary.keep("token of a session", each.token)
    await wallets(operators[0], written, days)
    await webhooks(operators[0], written, min(5, days))
    for number in range(days):
        await Day(server, written, number, agent).live()
    await resets(server, written, operators, days)
    ana = await server.somebody("customer", days).sign_in()
    written.aviary.keep("token of a session", ana.token)
    many = 1 if days < FEW_DAYS else 2
    await misplaced(server, [ana, operators[1]][:many], written, many)
    await in_headers(ana, written)
    await crashed(ana, written)
    await refused_by_the_database(server, ana, written)
