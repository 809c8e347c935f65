"""What somebody reads who opens the town for the first time: how to have notes in hand."""

from __future__ import annotations

from simulator.words import Text

TITLE = Text("Bem-vindo à cidade", "Welcome to the town")
GUIDE = Text(
    """
Um telemóvel, um caixa automático, um agente, o comutador Vinti4. As pessoas são inventadas; os
livros são a sério. Para ter notas na mão:

1. No **telemóvel**, `v` marca o PIN e, depois, `v` pede um código de 2.000$00.
2. `Shift+F6` (ou o rato) leva ao **caixa automático**: `v` marca o que o telemóvel mostra,
   `Enter` confirma.
3. `Enter` retira as notas. Em baixo aparece cada lançamento, e a lâmpada que prova os livros.

Depois: `F3` faz correr mal alguma coisa, `F1` explica o painel, `F10` sai. Feche isto com `Esc`.
""",
    """
A phone, a cash machine, an agent, the Vinti4 switch. The people are made up; the books are real.
To have notes in your hand:

1. At the **phone**, `v` types the PIN, and then `v` asks for a code for CVE 2,000.
2. `Shift+F6` (or the mouse) leads to the **cash machine**: `v` types what the phone shows,
   `Enter` confirms.
3. `Enter` takes the notes. Each entry appears below, with the lamp that proves the books.

After that: `F3` breaks something, `F1` explains the panel, `F10` leaves. Close this with `Esc`.
""",
)
