"""The switch's settlement files against our books and the machines' own journals."""
