"""The examples run as their commands.sh says, on both architectures, from Python and from C."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import program
import tap

EXAMPLES = ("walkthrough", "gemv", "pipeline", "halo")


@tap.needs_shell
class Examples(unittest.TestCase):
    def run_example(self, name, arch):
        work = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}.")) / name
        shutil.copytree(program.ROOT / "examples" / "wse" / name, work)
        for command in (["bash", "./commands.sh", arch], [program.BUILD / "examples" / "wse" / name / name, "out"]):
            done = subprocess.run(command, cwd=work, env=program.environment(), stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
            self.assertEqual((done.returncode, done.stdout.splitlines()[-1:]), (0, ["SUCCESS!"]), done.stdout)

    def test_the_batch_script_runs_without_slurm(self):
        env = dict(program.environment(), WAVETILE=str(program.BUILD))
        done = subprocess.run(["bash", program.ROOT / "examples/wse/walkthrough/submit.sh", "wse2"], env=env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1:]), (0, ["SUCCESS!"]), done.stdout)


for example in EXAMPLES:
    for architecture in program.ARCHS:
        setattr(Examples, f"test_{example}_{architecture}",
                lambda self, e=example, a=architecture: self.run_example(e, a))


if __name__ == "__main__":
    tap.main()
