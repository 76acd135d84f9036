"""The vendor's module names, over Wavetile: what a published run.py imports."""
