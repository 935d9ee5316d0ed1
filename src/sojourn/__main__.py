"""`python -m sojourn`: the command line, where the script `sojourn` is not on the path."""

from sojourn.app.cli import main

if __name__ == "__main__":
    main()
