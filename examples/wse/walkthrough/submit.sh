#!/usr/bin/env bash
# The walk-through as a batch job: sbatch submit.sh [wse2|wse3]
#
# Set WAVETILE to where `make install` put Wavetile, or to the build directory of a checkout. The job compiles and
# runs in a directory of its own, so that jobs side by side do not share an `out`.
#SBATCH --job-name=wse-walkthrough
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
#SBATCH --mem=2G
#SBATCH --time=00:10:00
#SBATCH --output=%x-%j.log
set -eu
export PATH="${WAVETILE:?set WAVETILE to the installation}/bin:$PATH"

# Slurm runs a copy of this script, from the directory that sbatch was called in.
source_dir=${SLURM_SUBMIT_DIR:-$(dirname "$(readlink -f "$0")")}
work=$(mktemp -d "${TMPDIR:-/tmp}/walkthrough.XXXXXX")
trap 'rm -rf "$work"' EXIT
cp "$source_dir"/{layout.csl,pe_program.csl,run.py,commands.sh} "$work"
cd "$work"
bash ./commands.sh "${1:-wse3}"
