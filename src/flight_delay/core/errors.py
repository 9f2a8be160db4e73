"""Errors of the user; every other exception is a bug and ends in a traceback."""


class UserError(Exception):
    """Invalid input; the message is one line: what, where, and what to do.

    Stages and commands print it and exit with code 2.
    """
