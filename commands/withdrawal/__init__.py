"""Cash from an ATM without a card."""
