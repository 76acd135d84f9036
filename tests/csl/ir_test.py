"""The cases under tests/csl/ir; cases.py says what they look like."""
import cases

cases.main("ir")
