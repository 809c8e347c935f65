"""What handlers are given: parts of this process, found by the name of the parameter."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from queries.reader import Reader
from server.auth import Sessions
from server.bank.taking_in import BankDesk
from server.closing import ClosingDesk
from server.credentials import CredentialsDesk
from server.door import Call, Door, SwitchCall
from server.enrolment import Enrolment
from server.events import Events
from server.identities import Identities
from server.jose import IssuerKeys
from server.metrics import Metrics
from server.own_factors import OwnFactors
from server.passkeys import Passkeys
from server.primary import Primary
from server.reply_keys import ReplyKeys
from server.resets import Resets
from server.sealing import Sealing
from server.settings import Settings
from server.settlement.taking_in import Clearing
from server.sign_in import SignIn
from server.vault import Vault
from server.webhooks.desk import Desk

# They are ours: nothing about them has to be validated with each request.
TheBankDesk = NamedDependency[SkipValidation[BankDesk]]
TheCall = NamedDependency[SkipValidation[Call]]
TheClosing = NamedDependency[SkipValidation[ClosingDesk]]
TheClearing = NamedDependency[SkipValidation[Clearing]]
TheDesk = NamedDependency[SkipValidation[Desk]]
TheDoor = NamedDependency[SkipValidation[Door]]
TheEnrolment = NamedDependency[SkipValidation[Enrolment]]
TheEvents = NamedDependency[SkipValidation[Events]]
TheIdentities = NamedDependency[SkipValidation[Identities]]
TheCredentials = NamedDependency[SkipValidation[CredentialsDesk]]
TheIssuerKeys = NamedDependency[SkipValidation[IssuerKeys]]
TheMetrics = NamedDependency[SkipValidation[Metrics]]
TheOwnFactors = NamedDependency[SkipValidation[OwnFactors]]
ThePasskeys = NamedDependency[SkipValidation[Passkeys]]
ThePrimary = NamedDependency[SkipValidation[Primary]]
TheReader = NamedDependency[SkipValidation[Reader]]  # asks for the caller, and for nobody else
TheResets = NamedDependency[SkipValidation[Resets]]
TheSealing = NamedDependency[SkipValidation[Sealing]]
TheReplyKeys = NamedDependency[SkipValidation[ReplyKeys]]
TheSessions = NamedDependency[SkipValidation[Sessions]]
TheSettings = NamedDependency[SkipValidation[Settings]]
TheSignIn = NamedDependency[SkipValidation[SignIn]]
TheSwitch = NamedDependency[SkipValidation[SwitchCall]]
TheWholeReader = NamedDependency[SkipValidation[Reader]]  # asks for everybody
TheVault = NamedDependency[SkipValidation[Vault]]
