"""The rejection workbench: find what was refused, understand it, mend it, send it again. Its commands are `rejected`."""
