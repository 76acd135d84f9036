"""cslc as a user meets it: options, exit codes, the files it writes."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import tap

BUILD = os.path.abspath(os.environ.get("WT_BUILD", "build"))

LAYOUT = """param size: i16;
param twice: i16 = 2 * size;
param c: color;
param unset: i16;
const memcpy = @import_module("<memcpy/get_params>", .{ .width = 2, .height = 1 });
layout {
  @set_rectangle(2, 1);
  for (@range(i16, 2)) |x| {
    @set_tile_code(x, 0, "pe.csl", .{ .memcpy_params = memcpy.get_params(x), .size = size });
    @set_color_config(x, 0, c, .{ .routes = .{ .rx = .{ RAMP }, .tx = .{ EAST, SOUTH } } });
  }
  @export_name("data", [*]f32, true);
  @export_name("count", i16, false);
  @export_name("compute", fn (i16, f32) void);
  @export_name("reset", fn () void);
}
"""
PE = """param memcpy_params: comptime_struct;
param size: i16;
const sys_mod = @import_module("<memcpy/memcpy>", memcpy_params);
var data: [size]f32;
var data_ptr: [*]f32 = &data;
const count: i16 = size;
fn compute(n: i16, by: f32) void { data[n] = by; reset(); }
fn reset() void { sys_mod.unblock_cmd_stream(); }
comptime {
  @export_symbol(data_ptr, "data");
  @export_symbol(count);
  @export_symbol(compute);
  @export_symbol(reset);
}
"""
GOOD = ["--fabric-dims=9,3", "--fabric-offsets=4,1", "--memcpy", "--channels=1", "--params=size:4", "--colors=c:5"]


class Cslc(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.write("layout.csl", LAYOUT)
        self.write("pe.csl", PE)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)

    def cslc(self, *args, **env):
        done = subprocess.run([f"{BUILD}/bin/cslc", *args], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, env=dict(os.environ, **env), timeout=60)
        return done.returncode, done.stdout, done.stderr

    def good(self, *args, **env):
        code, out, err = self.cslc(*args, **env)
        self.assertEqual((code, err), (0, ""))
        return out

    def read(self, name):
        with open(os.path.join(self.folder, name)) as f:
            return json.load(f)

    def test_help_and_version(self):
        for option in "-h", "--help":
            self.assertIn("usage: cslc", self.good(option))
        self.assertRegex(self.good("--version"), r"^cslc \d")

    def test_usage_errors(self):
        for args in ([], ["a.csl", "b.csl"], ["--no-such-option", "a.csl"], ["layout.csl", "--arch"], ["layout.csl", "--arch=wse4"],
                     ["layout.csl", "--fabric-dims=8"], ["layout.csl", "--fabric-dims=8,x"], ["layout.csl", "--channels=two"],
                     ["layout.csl", "--params=size"], ["layout.csl", "--params=:3"], ["layout.csl", "--emit=tokens,ast"],
                     ["layout.csl", "--width-west-buf=-1"], ["layout.csl", "--sdk=3"], ["layout.csl", "-o"]):
            code, out, err = self.cslc(*args)
            self.assertEqual((code, out), (2, ""), args)
            self.assertRegex(err, r"^cslc: .*\ncslc --help lists the options\n$", args)

    def test_usage_errors_help(self):
        for args, said in ((["--arhc=wse3"], "unknown option --arhc; did you mean --arch?"),
                           (["--memcpy=3"], "--memcpy takes no value"),
                           (["--arch=wse4"], "--arch takes wse2 or wse3, not 'wse4'"),
                           (["--params=size"], "--params takes NAME:VALUE,..., not 'size'"),
                           (["--link-section-start-address-bytes=.data:x"],
                            "--link-section-start-address-bytes takes SECTION:ADDRESS,..., not '.data:x'"),
                           (["--frobnicate"], "unknown option --frobnicate\n"), (["-x"], "unknown option -x\n")):
            self.assertIn(said, self.cslc("layout.csl", *args)[2])

    def test_artifacts(self):
        self.assertEqual(self.good("layout.csl", *GOOD), "")
        out = self.read("out/out.json")
        self.assertEqual(out["params"], {"size": "4", "twice": "8"})
        self.assertEqual(out["colors"], {"c": "5"})
        self.assertEqual((out["fabric_width"], out["width"], out["offset_x"]), ("9", "2", "4"))
        self.assertEqual(self.read("out/bin/out_rpc.json"), {"rpc_symbols": [
            {"id": 0, "kind": "Var", "name": "data", "sym_name": "data", "type": "[*]f32", "immutable": 0},
            {"id": 1, "kind": "Var", "name": "count", "sym_name": "count", "type": "i16", "immutable": 1},
            {"id": 2, "kind": "Func", "name": "compute", "sym_name": "compute", "type": "void",
             "inputs": [{"name": "n", "type": "i16"}, {"name": "by", "type": "f32"}]},
            {"id": 3, "kind": "Func", "name": "reset", "sym_name": "reset", "type": "void"}]})
        self.assertTrue(os.path.getsize(os.path.join(self.folder, "out/bin/program.wse")) > 100)

    def test_the_same_input_gives_the_same_bytes(self):
        files = []
        for name in "one", "two":
            self.good("layout.csl", *GOOD, "-o", name)
            with open(os.path.join(self.folder, name, "bin/program.wse"), "rb") as f:
                files.append(f.read())
        self.assertEqual(files[0], files[1])

    def test_option_spellings(self):
        self.good("--arch", "wse3", "layout.csl", "--fabric-dims", "9,3", "--fabric-offsets", "4,1", "--memcpy", "--channels", "1",
                  "--params", "size:4,unset:1", "--params", "size:4", "--colors", "c:0x5", "-o=here", "--width-west-buf=0", "-g0",
                  "--max-parallelism=4")
        self.assertEqual(self.read("here/out.json")["arch"], "wse3")

    def test_verbose_says_what_was_compiled(self):
        code, out, err = self.cslc("layout.csl", *GOOD, "--verbose", "-o", "there")
        self.assertEqual((code, out), (0, ""))
        self.assertRegex(err, r"^pe\.csl on 2 PEs from \(0,0\): \d+ bytes of data, \d+ of stack, about \d+ of code; 49152 in all\n"
                              r"layout\.csl: compiled for wse[23] into there in \d+\.\d\d s\n$")

    def test_output_json_and_routes(self):
        said = json.loads(self.good("layout.csl", *GOOD, "--output-json"))
        self.assertEqual(said, {"params": {"size": "4", "twice": "8"}, "colors": {"c": "5"}})
        self.assertEqual(self.good("layout.csl", *GOOD, "--output-json=resolved.json"), "")
        self.assertEqual(self.read("resolved.json"), said)
        routes = self.good("layout.csl", *GOOD, "--out-routes")
        self.assertIn("PE 0,0 to 1,0: ", routes)
        self.assertIn("  color  5: RAMP -> EAST,SOUTH\n", routes)

    def test_emit_writes_nothing(self):
        for stage, part in ("tokens", "'layout'"), ("ast", "LAYOUT"), ("ir", "compute"), ("bytecode", "unblock_cmd"):
            self.assertIn(part, self.good("layout.csl", *GOOD, f"--emit={stage}"), stage)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "out")))

    def test_program_errors(self):
        self.write("pe.csl", PE.replace("data[n] = by", "data[n] = buy"))
        code, out, err = self.cslc("layout.csl", *GOOD)
        self.assertEqual((code, out), (1, ""))
        self.assertIn("pe.csl:7:46: error: 'buy' is not defined; did you mean 'by'?\n", err)
        self.assertIn("    7 | fn compute(n: i16, by: f32) void { data[n] = buy; reset(); }\n"
                      "      |                                              ^~~\n", err)
        self.assertTrue(err.endswith("1 error, 0 warnings\n"))
        self.assertFalse(os.path.exists(os.path.join(self.folder, "out")))

    def test_missing_and_unreadable_input(self):
        for name, part in ("nowhere.csl", "there is no file 'nowhere.csl'"), (".", "there is no file '.'"):
            code, _, err = self.cslc(name)
            self.assertEqual(code, 1)
            self.assertIn(part, err)

    def test_output_that_cannot_be_written(self):
        self.write("file", "in the way")
        code, _, err = self.cslc("layout.csl", *GOOD, "-o", "file")
        self.assertEqual(code, 1)
        self.assertIn("file", err)

    def test_warnings(self):
        args = ("layout.csl", *GOOD, "--params=sise:3")
        code, _, err = self.cslc(*args)
        self.assertEqual(code, 0)
        self.assertIn("warning: --params: 'layout.csl' has no parameter 'sise'; did you mean 'size'?", err)
        code, _, err = self.cslc(*args, "--warnings-as-errors")
        self.assertEqual(code, 1)
        self.assertIn("error: ", err)

    def test_import_paths(self):
        self.write("lib/one/name.csl", "const value = 1;")
        self.write("lib2/one/name.csl", "const value = 2;")
        self.write("layout.csl", 'const m = @import_module("<one/name>");\nlayout { @comptime_print(m.value); @set_rectangle(1, 1);'
                   " @set_tile_code(0, 0); }\n")
        self.assertIn("1", self.good("layout.csl", "--import-path=lib"))
        self.assertIn("2", self.good("layout.csl", CSL_IMPORT_PATH="nowhere:lib2"))
        self.assertIn("1", self.good("layout.csl", "--import-path", "lib", CSL_IMPORT_PATH="lib2"))
        code, _, err = self.cslc("layout.csl")
        self.assertEqual(code, 1)
        self.assertIn("there is no library '<one/name>'", err)

    def test_a_path_is_relative_to_its_file_else_to_the_layout(self):
        self.write("top/parts/a.csl", 'const b = @import_module("parts/b.csl");\nconst value = b.value;\n')
        self.write("top/parts/b.csl", "const value = 5;\n")
        self.write("top/layout.csl", 'const a = @import_module("parts/a.csl");\nlayout { @comptime_print(a.value);'
                                     " @set_rectangle(1, 1); @set_tile_code(0, 0); }\n")
        for cwd, path in (("", "top/layout.csl"), ("top", "layout.csl")):
            done = subprocess.run([f"{BUILD}/bin/cslc", path, "-o", "out"], cwd=os.path.join(self.folder, cwd), text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            self.assertIn("5", done.stdout)
            self.assertIn("warning: 'parts/b.csl' is relative to the layout", done.stderr)
            self.assertEqual(done.returncode, 0)
        self.write("top/parts/parts/b.csl", "const value = 6;\n")
        code, out, err = self.cslc("top/layout.csl")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("6", out)

    def test_an_artifact_does_not_tell_where_the_library_lies(self):
        share = os.path.join(self.folder, "elsewhere")
        shutil.copytree(f"{BUILD}/share/wavetile", share, symlinks=True)
        programs = []
        for env in {}, {"WT_SHARE": share}:
            self.good("layout.csl", *GOOD, "-o", "out", **env)
            with open(os.path.join(self.folder, "out/bin/program.wse"), "rb") as f:
                programs.append(f.read())
        self.assertIn(b"<memcpy/memcpy>", programs[0])
        self.assertEqual(*programs)

    def test_near_misses_of_files(self):
        self.write("code.csl", "")
        for path, said in (("<memcpy/memcpi>", "no library '<memcpy/memcpi>'; did you mean '<memcpy/memcpy>'?"),
                           ("<mth>", "no library '<mth>'; did you mean '<math>'?"),
                           ("cod.csl", "no file 'cod.csl'; did you mean 'code.csl'?"),
                           ("<far/from/all>", "no library '<far/from/all>'\n")):
            self.write("layout.csl", f'const m = @import_module("{path}");\nlayout {{ @set_rectangle(1, 1); m; }}\n')
            code, _, err = self.cslc("layout.csl")
            self.assertEqual(code, 1)
            self.assertIn(said, err)

    def test_parameters_without_meaning(self):
        for option, part in ("--params=size:many", "no number"), ("--params=size:3,size:4", "given as 3 and as 4"), ("--colors=c:24", "no color"):
            code, _, err = self.cslc("layout.csl", *GOOD[:4], option)
            self.assertEqual(code, 1, option)
            self.assertIn(part, err, option)


tap.main()
