"""How well the house decides, measured on made-up data whose truth is known."""
