"""`python -m explainer`."""

from explainer.cli.main import run

if __name__ == "__main__":
    run()
