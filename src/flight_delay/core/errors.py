"""The one exception that a user can mend. Everything else is a bug and ends in a traceback."""


class UserError(Exception):
    """Bad input, and what to do about it.

    The message is one line: what is wrong, where, and what to do. Stages and commands print it and exit with code 2.
    """
