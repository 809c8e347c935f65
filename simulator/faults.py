"""The catalogue of what can be made to go wrong: each fault by its name, its key and its words.

A fault changes no truth: what must stand in the journal after it is what its help says. Those that
wait strike once, at whichever machine is first; the lasting ones go on until they are ended.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import msgspec

from simulator import breaking, slips
from simulator.town import Town
from simulator.words import Text

WAITS = Text("{what}: espera pela próxima ocasião.", "{what}: waits for its chance.")
BEGUN = Text("{what}: ligada.", "{what}: on.")
ENDED = Text("{what}: acabou.", "{what}: over.")

Begin = Callable[[Town, Random, str], Text | None]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault. `begin` gets the town, dice and the fault's name, and may say what it has done."""

    name: str
    key: str
    title: Text
    help: Text
    begin: Begin
    lasting: bool = False

    def apply(self, town: Town, dice: Random) -> Text:
        """Let it happen; a lasting one that is on ends. Says what is so now."""
        if self.name in town.faults:
            if not self.lasting:
                return WAITS.filled(what=self.title)
            town.mishaps.end(self.name)
            return ENDED.filled(what=self.title)
        said = self.begin(town, dice, self.name)
        return said or (BEGUN if self.lasting else WAITS).filled(what=self.title)


def named(name: str) -> Fault:
    """The fault of this name. Raises KeyError."""
    return BY_NAME[name]


LINES = (
    Fault(
        name="network-down",
        key="n",
        title=Text("Rede em baixo", "Network down"),
        help=Text(
            "O comutador não chega à makeba. A máquina ouve 91 e não paga; as mensagens ficam "
            "guardadas e seguem quando a rede voltar.",
            "The switch cannot reach makeba. The machine hears 91 and pays nothing; advices are "
            "kept, and go out when the network is back.",
        ),
        begin=breaking.network_down,
        lasting=True,
    ),
    Fault(
        name="machines-cut-off",
        key="l",
        title=Text("Máquinas sem linha", "Machines cut off"),
        help=Text(
            "As caixas não chegam ao comutador. Nada é autorizado; o que já foi pago é avisado "
            "quando a linha voltar.",
            "The machines cannot reach the switch. Nothing is authorised; what was paid already is "
            "told when the line is back.",
        ),
        begin=breaking.machines_cut_off,
        lasting=True,
    ),
    Fault(
        name="phones-offline",
        key="f",
        title=Text("Telemóveis sem rede", "Phones offline"),
        help=Text(
            "Os telemóveis perdem a ligação. Um código já mostrado continua a valer na máquina.",
            "The phones lose their connection. A code that is shown already still opens a machine.",
        ),
        begin=breaking.phones_offline,
        lasting=True,
    ),
    Fault(
        name="issuer-slow",
        key="s",
        title=Text("Emissor lento", "Issuer slow"),
        help=Text(
            "A makeba decide logo, mas a resposta demora alguns segundos. Paga-se na mesma, uma "
            "só vez.",
            "makeba decides at once, but its answer takes seconds. It is paid all the same, once.",
        ),
        begin=breaking.issuer_slow,
        lasting=True,
    ),
    Fault(
        name="issuer-silent",
        key="i",
        title=Text("Emissor calado depois de aprovar", "Issuer silent after approval"),
        help=Text(
            "A makeba aprova e a resposta perde-se três vezes. O comutador recusa (91) e estorna "
            "(402): o dinheiro volta à carteira.",
            "makeba approves, and its answer is lost three times. The switch declines (91) and "
            "reverses (402): the money goes back to the wallet.",
        ),
        begin=breaking.issuer_silent,
    ),
    Fault(
        name="reply-lost",
        key="r",
        title=Text("Resposta perdida", "Reply lost"),
        help=Text(
            "Perde-se a próxima resposta da makeba ao comutador. Ele pergunta outra vez com o "
            "mesmo rasto, e tudo acontece uma só vez.",
            "makeba's next answer to the switch is lost. The switch asks again under the same "
            "trace, and everything happens once.",
        ),
        begin=breaking.reply_lost,
    ),
    Fault(
        name="reply-late",
        key="k",
        title=Text("Resposta atrasada", "Reply late"),
        help=Text(
            "A próxima resposta à máquina chega depois de ela desistir. Não sai dinheiro, e a "
            "máquina estorna (402): tudo volta à carteira.",
            "The next answer to a machine arrives after it has given up. No cash comes out and the "
            "machine reverses (402): all of it goes back to the wallet.",
        ),
        begin=breaking.reply_late,
    ),
    Fault(
        name="request-duplicated",
        key="d",
        title=Text("Pedido em duplicado", "Request duplicated"),
        help=Text(
            "O próximo pedido da máquina chega duas vezes ao comutador. Autoriza-se e paga-se uma "
            "só vez.",
            "A machine's next request reaches the switch twice. It is authorised and paid once.",
        ),
        begin=breaking.request_duplicated,
    ),
    Fault(
        name="bad-mac",
        key="m",
        title=Text("MAC errado", "Bad MAC"),
        help=Text(
            "O próximo pedido da máquina é alterado no caminho. O comutador recusa-o sem "
            "perguntar à makeba: o código não se gasta.",
            "A machine's next request is altered on its way. The switch refuses it without asking "
            "makeba: the code is not used up.",
        ),
        begin=breaking.bad_mac,
    ),
    Fault(
        name="clock-skew",
        key="c",
        title=Text("Relógio errado", "Clock skew"),
        help=Text(
            "O relógio do comutador anda cinco minutos atrasado. A makeba não aceita as "
            "assinaturas dele: 91, e nada é pago.",
            "The switch's clock is five minutes slow. makeba does not accept its signatures: 91, "
            "and nothing is paid.",
        ),
        begin=breaking.clock_skew,
        lasting=True,
    ),
    Fault(
        name="tampered-file",
        key="t",
        title=Text("Ficheiro de compensação alterado", "Tampered settlement file"),
        help=Text(
            "O comutador faz o fecho, e alguém acrescenta dinheiro ao ficheiro no caminho. A "
            "assinatura não bate: a makeba recusa-o todo e nada se lança. O comutador traz o seu.",
            "The switch writes its file, and somebody adds money to it on the way. The signature "
            "does not fit: makeba refuses all of it and posts nothing. The switch brings its own.",
        ),
        begin=breaking.tampered_file,
    ),
)

REVERSALS = (
    Fault(
        name="reversal-lost",
        key="v",
        title=Text("Estorno perdido", "Reversal lost"),
        help=Text(
            "A próxima máquina não paga, e o seu estorno perde-se. Ela guarda-o e repete-o (0421): "
            "o dinheiro volta, uma só vez.",
            "The next machine pays nothing, and its reversal is lost. It keeps and repeats it "
            "(0421): the money goes back, once.",
        ),
        begin=breaking.reversal_lost,
    ),
    Fault(
        name="reversal-repeated",
        key="p",
        title=Text("Estorno repetido", "Reversal repeated"),
        help=Text(
            "A próxima máquina não paga, e o seu estorno chega duas vezes. O segundo não muda "
            "nada.",
            "The next machine pays nothing, and its reversal arrives twice. The second one changes "
            "nothing.",
        ),
        begin=breaking.reversal_repeated,
    ),
    Fault(
        name="reversal-first",
        key="b",
        title=Text("Estorno antes do pedido", "Reversal before its original"),
        help=Text(
            "O pedido fica retido na rede, e o estorno passa-lhe à frente. O pedido atrasado já "
            "não autoriza nada: o código fica por usar.",
            "The request is held up in the network and its reversal overtakes it. The late request "
            "authorises nothing any more: the code stays unused.",
        ),
        begin=breaking.reversal_first,
    ),
)

NOTES = (
    Fault(
        name="nothing-dispensed",
        key="0",
        title=Text("Não sai nada", "Nothing dispensed"),
        help=Text(
            "No próximo pagamento não sai nenhuma nota. A máquina estorna (450): tudo volta à "
            "carteira, a taxa também.",
            "No note comes out at the next payment. The machine reverses (450): all of it goes "
            "back to the wallet, the fee too.",
        ),
        begin=breaking.nothing_dispensed,
    ),
    Fault(
        name="part-dispensed",
        key="1",
        title=Text("Sai só uma parte", "Part dispensed"),
        help=Text(
            "No próximo pagamento de várias notas só sai metade. Cobra-se o que saiu e a taxa "
            "disso (451); o resto volta.",
            "At the next payment of several notes half of them come out. What came out is charged, "
            "with the fee for that (451); the rest goes back.",
        ),
        begin=breaking.part_dispensed,
    ),
    Fault(
        name="note-exhausted",
        key="x",
        title=Text("Acabaram-se umas notas", "Denomination exhausted"),
        help=Text(
            "As caixas ficam sem uma das notas e pagam com as outras. O que não podem pagar é "
            "recusado antes de se perguntar a alguém: o código não se gasta.",
            "The machines run out of one denomination and pay with the others. What they cannot "
            "pay is declined before anybody is asked: no code is used up.",
        ),
        begin=breaking.note_exhausted,
        lasting=True,
    ),
    Fault(
        name="jam",
        key="j",
        title=Text("Notas encravadas", "Jam"),
        help=Text(
            "As caixas estão encravadas: nenhuma paga até se arranjar. Cada levantamento é "
            "estornado (450).",
            "The dispensers are jammed: none pays until it is mended. Each withdrawal is reversed "
            "(450).",
        ),
        begin=breaking.jam,
        lasting=True,
    ),
    Fault(
        name="walks-away",
        key="a",
        title=Text("O cliente vai-se embora", "Customer walks away"),
        help=Text(
            "O próximo cliente não retira as notas. A máquina recolhe-as e estorna (450): o "
            "dinheiro volta à carteira.",
            "The next customer leaves the notes. The machine draws them in and reverses (450): the "
            "money goes back to the wallet.",
        ),
        begin=breaking.walks_away,
    ),
)

CODES = (
    Fault(
        name="wrong-code",
        key="w",
        title=Text("Código errado", "Wrong code"),
        help=Text(
            "Alguém marca um código errado numa caixa. À terceira o código bloqueia, e o dinheiro "
            "volta à carteira.",
            "Somebody types a wrong code at a machine. The third locks the code, and the money "
            "goes back to the wallet.",
        ),
        begin=slips.wrong_code,
    ),
    Fault(
        name="expired-code",
        key="e",
        title=Text("Código expirado", "Expired code"),
        help=Text(
            "Alguém marca um código cujo tempo passou. O ecrã não diz porquê; o dinheiro já "
            "voltou, ou volta agora.",
            "Somebody types a code whose time is over. The screen does not say why; the money is "
            "back already, or goes back now.",
        ),
        begin=slips.expired_code,
    ),
    Fault(
        name="used-code",
        key="u",
        title=Text("Código já usado", "Used code"),
        help=Text(
            "Alguém marca um código com que já se levantou. Não abre nada, e nada se move.",
            "Somebody types a code that was paid already. It opens nothing, and nothing moves.",
        ),
        begin=slips.used_code,
    ),
    Fault(
        name="other-phone",
        key="o",
        title=Text("Código de outro telemóvel", "Another phone's code"),
        help=Text(
            "Alguém marca um código certo com o número de outra pessoa. Não abre nada: o código "
            "vale só com o seu número.",
            "Somebody types a right code with another person's number. It opens nothing: a code "
            "counts with its own number only.",
        ),
        begin=slips.other_phone,
    ),
)

FAULTS: tuple[Fault, ...] = (*LINES, *REVERSALS, *NOTES, *CODES)
BY_NAME = {fault.name: fault for fault in FAULTS}
