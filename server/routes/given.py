"""What handlers are given: parts of this process, found by the name of the parameter."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from queries.reader import Reader
from server.auth import Sessions
from server.door import Call, SwitchCall
from server.enrolment import Enrolment
from server.events import Events
from server.metrics import Metrics
from server.primary import Primary
from server.settings import Settings
from server.sign_in import SignIn
from server.vault import Vault
from server.webhooks.desk import Desk

# They are ours: nothing about them has to be validated with each request.
TheCall = NamedDependency[SkipValidation[Call]]
TheDesk = NamedDependency[SkipValidation[Desk]]
TheEnrolment = NamedDependency[SkipValidation[Enrolment]]
TheEvents = NamedDependency[SkipValidation[Events]]
TheMetrics = NamedDependency[SkipValidation[Metrics]]
ThePrimary = NamedDependency[SkipValidation[Primary]]
TheReader = NamedDependency[SkipValidation[Reader]]
TheServerKey = NamedDependency[SkipValidation[Ed25519PrivateKey]]
TheSessions = NamedDependency[SkipValidation[Sessions]]
TheSettings = NamedDependency[SkipValidation[Settings]]
TheSignIn = NamedDependency[SkipValidation[SignIn]]
TheSwitch = NamedDependency[SkipValidation[SwitchCall]]
TheVault = NamedDependency[SkipValidation[Vault]]
