"""`python -m nfsanalyze`."""

from nfsanalyze.cli import main

if __name__ == "__main__":
    main()
