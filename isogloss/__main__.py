"""``python -m isogloss``: the command."""

from isogloss.command.cli import main

if __name__ == "__main__":
    main()
