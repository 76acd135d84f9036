"""The cases under tests/csl/run; cases.py says what they look like."""
import cases

cases.main("run")
