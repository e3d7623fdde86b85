"""`python -m goldenami` is the same as the `goldenami` command."""

from goldenami.cli import main

if __name__ == "__main__":
    main()
