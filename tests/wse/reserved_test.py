"""What memcpy reserves, and the streaming colors: refused or warned of where a program takes them."""
import pathlib
import tempfile
import unittest

import program
import tap

LAYOUT = """
const memcpy = @import_module("<memcpy/get_params>", .{ .width = 1, .height = 1%s });
layout {
  @set_rectangle(1, 1);
  @set_tile_code(0, 0, "pe.csl", .{ .memcpy_params = memcpy.get_params(%s) });
  %s
  @export_name("f", fn() void);
}
"""
PE = """
param memcpy_params: comptime_struct;
const sys_mod = @import_module("<memcpy/memcpy>", memcpy_params);
var a = @zeros([4]f32);
const d = @get_dsd(mem1d_dsd, .{ .tensor_access = |i|{4} -> a[i] });
task t() void {}
fn f() void {
  %s
  sys_mod.unblock_cmd_stream();
}
comptime {
  %s
  @export_symbol(f);
}
"""
STREAMS = ", .MEMCPYH2D_1 = @get_color(%d), .MEMCPYD2H_1 = @get_color(%d)"
LOOP = ".{ .routes = .{ .rx = .{RAMP}, .tx = .{RAMP} } }"


class Reserved(unittest.TestCase):
    def compile(self, arch, streams="", column="0", layout="", run="", comptime=""):
        folder = pathlib.Path(tempfile.mkdtemp())
        (folder / "layout.csl").write_text(LAYOUT % (streams, column, layout))
        (folder / "pe.csl").write_text(PE % (run, comptime))
        return program.cslc(folder, "out", f"--arch={arch}", "--fabric-dims=8,3", "--fabric-offsets=4,1", "--memcpy",
                            "--channels=1")

    def refused(self, message, archs=program.ARCHS, **parts):
        for arch in archs:
            said, code = self.compile(arch, **parts)
            self.assertNotEqual(code, 0, f"{arch}: {parts} compiles")
            self.assertIn(message, said)

    def warned(self, message, archs=program.ARCHS, **parts):
        for arch in archs:
            said, code = self.compile(arch, **parts)
            self.assertEqual(code, 0, said)
            self.assertIn(f"warning: {message}", said)

    def accepted(self, archs=program.ARCHS, **parts):
        for arch in archs:
            self.assertEqual(self.compile(arch, **parts), ("", 0))

    def test_colors(self):
        for c in (21, 22, 23):
            self.refused(f"color {c} is reserved by memcpy", layout=f"@set_color_config(0, 0, @get_color({c}), {LOOP});")
            self.refused(f"color {c} is reserved by memcpy", comptime=f"@set_local_color_config(@get_color({c}), {LOOP});")
        self.accepted(layout=f"@set_color_config(0, 0, @get_color(20), {LOOP});")

    def test_task_ids(self):
        for n in (27, 28, 30):
            self.refused(f"local task id {n} is reserved by memcpy", comptime=f"@bind_local_task(t, @get_local_task_id({n}));")
        for n in (33, 34, 35, 36, 37):
            self.refused(f"control task id {n} is reserved by memcpy",
                         comptime=f"@bind_control_task(t, @get_control_task_id({n}));")
        self.accepted(comptime="@bind_local_task(t, @get_local_task_id(26));")
        self.accepted(comptime="@bind_control_task(t, @get_control_task_id(38));")

    def test_queues_of_wse3(self):
        queue = "@initialize_queue(@get_%s_queue(%d), .{ .color = @get_color(1) });"
        for kind, n in (("input", 0), ("input", 1), ("output", 0)):
            self.refused(f"{kind} queue {n} is reserved by memcpy on WSE-3", ("wse3",), comptime=queue % (kind, n))
        self.accepted(("wse3",), comptime=queue % ("output", 1) + queue % ("input", 2))

    def test_queues_of_wse2_only_warn(self):
        self.warned("memcpy uses input queue 0 on WSE-2", ("wse2",),
                    comptime="@initialize_queue(@get_input_queue(0), .{ .color = @get_color(1) });")
        self.warned("memcpy uses output queue 0 on WSE-2", ("wse2",), comptime="@initialize_queue(@get_output_queue(0));")

    def test_microthread(self):
        self.refused("microthread 0 is reserved by memcpy on WSE-3", ("wse3",),
                     comptime="@initialize_queue(@get_output_queue(3), .{ .color = @get_color(1) });",
                     run="const o = @get_dsd(fabout_dsd, .{ .extent = 4, .output_queue = @get_output_queue(3) });"
                         "@fmovs(o, d, .{ .async = true, .ut_id = @get_ut_id(0) });")

    def test_dsrs_only_warn(self):
        self.warned("memcpy uses number 0 of 'dsr_dest'",
                    run="const r = @get_dsr(dsr_dest, 0); @load_to_dsr(r, d); @fmovs(r, 1.0);")
        self.warned("memcpy uses number 0 of 'dsr_src1'",
                    run="const r = @get_dsr(dsr_src1, 0); @load_to_dsr(r, d); @fmovs(d, r);")

    def test_streaming_colors_have_no_other_route(self):
        for c, way in ((4, "from"), (5, "to")):
            message = f"color {c} streams {way} the host on PE (0, 0) and has no other route"
            self.refused(message, streams=STREAMS % (4, 5), layout=f"@set_color_config(0, 0, @get_color({c}), {LOOP});")
            self.refused(message, streams=STREAMS % (4, 5), comptime=f"@set_local_color_config(@get_color({c}), {LOOP});")

    def test_streaming_colors_differ_and_are_free(self):
        self.refused("needs a color of its own", streams=STREAMS % (4, 4))
        self.refused("one of 0 to 20", streams=STREAMS % (21, 4))
        self.accepted(streams=STREAMS % (19, 20))
        self.warned("<memcpy/get_params> has no parameter 'MEMCPYH2D1'; did you mean 'MEMCPYH2D_1'?",
                    streams=", .MEMCPYH2D1 = @get_color(4)")

    def test_columns_of_the_rectangle(self):
        self.refused("get_params() takes a column of the rectangle", column="1")

    def test_libraries_that_are_missing(self):
        import_of = '} const m = @import_module("<%s>"); comptime { m.init();'
        for name in ("collectives_2d/pe", "tile_config", "tile_config/teardown", "kernels/tally/pe", "memcpy/memcpy_switches"):
            self.refused(f"error: the library <{name}> is not supported yet", comptime=import_of % name)
        self.refused("there is no library '<tiles>'", comptime=import_of % "tiles")

    def test_internals_are_not_for_programs(self):
        self.refused("@wt_unblock_cmd_stream", run="@wt_unblock_cmd_stream();")


if __name__ == "__main__":
    tap.main()
