"""The cases under tests/csl/error; cases.py says what they look like."""
import cases

cases.main("error")
