"""The same function evaluated at compile time, at run time, and expanded with some arguments known must give the same
bits. The functions are random, well typed and the same every time: the seed is the number of the program. With
WT_SEEDS=FROM,TO other programs are tried.
"""
import os
import random
import subprocess
import tempfile
import unittest

import tap

from wavetile import wse

CSLC = os.path.abspath(f"{os.environ.get('WT_BUILD', 'build')}/bin/cslc")
SEEDS = range(*(int(n) for n in os.environ.get("WT_SEEDS", "0,16").split(",")))
FUNCTIONS = 20
INTS = ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64"]
FLOATS = ["f16", "f32"]
SCALARS = INTS + FLOATS + ["bool"]
LAYOUT = 'layout { @set_rectangle(1, 1); @set_tile_code(0, 0, "pe.csl"); }\n'
START = "comptime { @bind_local_task(main, @get_local_task_id(8)); @activate(@get_local_task_id(8)); }\n"
# What may not be computed at compile time; the function is left out.
REFUSED = "is not a number"


def bits(t):
    return int(t[1:])


class Program:
    """Functions f0, f1, ... of random parameters; each may call those before it."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.functions = []
        for number in range(FUNCTIONS):
            params = [self.random.choice(SCALARS) for _ in range(self.random.randint(1, 5))]
            result = self.random.choice(SCALARS)
            self.names = 0
            env = {f"p{i}": t for i, t in enumerate(params)}
            body = self.body(env, set(), result, 2)
            self.functions.append((f"f{number}_", params, result, body))

    def literal(self, t):
        r = self.random
        if t == "bool":
            return r.choice(["true", "false"])
        if t in FLOATS:
            return f"@as({t}, {r.choice([r.uniform(-4, 4), float(r.randint(-8, 8)), 100.5, -0.0, 0.001]):.9f})"
        low, high = (-(1 << bits(t) - 1), (1 << bits(t) - 1) - 1) if t[0] == "i" else (0, (1 << bits(t)) - 1)
        return f"@as({t}, {r.choice([low, high, high - 1, high // 2, max(low, -3), 1, 7, r.randint(low, high)])})"

    def leaf(self, t, env):
        names = [name for name, type_ in env.items() if type_ == t]
        return self.random.choice(names) if names and self.random.random() < 0.8 else self.literal(t)

    def convert(self, to, of, e):
        """e of type `of` as an integer type, in range whatever its value."""
        if bits(to) < bits(of):
            unsigned = e if of[0] == "u" else f"@bitcast(u{bits(of)}, {e})"
            low = f"@as(u{bits(to)}, {unsigned} & {(1 << bits(to)) - 1})"
            return low if to[0] == "u" else f"@bitcast({to}, {low})"
        if bits(to) == bits(of):
            return f"@bitcast({to}, {e})"
        if of[0] == "i" and to[0] == "u":
            return f"@bitcast({to}, @as(i{bits(to)}, {e}))"
        return f"@as({to}, {e})"

    def condition(self, env, depth):
        r = self.random
        if depth <= 0:
            return self.leaf("bool", env)
        if r.random() < 0.3:
            return f"({self.condition(env, depth - 1)} {r.choice(['and', 'or'])} !{self.condition(env, depth - 1)})"
        t = r.choice(INTS + FLOATS)
        op = r.choice(["==", "!=", "<", "<=", ">", ">="])
        return f"({self.expression(t, env, depth - 1)} {op} {self.expression(t, env, depth - 1)})"

    def choice(self, t, env, depth):
        a, b = self.expression(t, env, depth), self.expression(t, env, depth)
        if self.random.random() < 0.5:
            return f"(if ({self.condition(env, depth)}) {a} else {b})"
        return f"(switch ({self.expression('u16', env, depth)} & 3) {{ 0, 2 => {a}, 1 => {b}, else => {self.leaf(t, env)} }})"

    def call(self, t, env, depth):
        known = [f for f in self.functions if f[2] == t]
        if not known:
            return self.leaf(t, env)
        name, params, _, _ = self.random.choice(known)
        return f"{name}({', '.join(self.expression(p, env, depth - 1) for p in params)})"

    def expression(self, t, env, depth):
        r = self.random
        if t == "bool":
            return self.condition(env, depth)
        if depth <= 0 or r.random() < 0.15:
            return self.leaf(t, env)
        some = lambda type_=t: self.expression(type_, env, depth - 1)
        forms = [lambda: self.choice(t, env, depth - 1), lambda: self.call(t, env, depth), lambda: f"(-{some()})"]
        if t in FLOATS:
            other = r.choice(INTS)
            forms += [lambda: f"({some()} {r.choice('+-*')} {some()})"] * 4
            forms += [lambda: f"({some()} / {r.choice(['3.0', '0.7', '-8.5'])})",
                      lambda: f"@as({t}, {some(r.choice(FLOATS))})",
                      lambda: f"@as({t}, {self.convert('i8', other, some(other))})"]
        else:
            other, amount = r.choice(INTS), r.choice(["u8", "u16", "u32"])
            wider = r.choice([i for i in INTS if bits(i) < bits(t) and i[0] in (t[0], "u")] or [t])
            forms += [lambda: f"({some()} {r.choice('+-*&|^')} {some()})"] * 4
            forms += [lambda: f"({some()} {r.choice('/%')} ({some()} | 1))",
                      lambda: f"({some()} {r.choice('/%')} {r.choice([2, 7, 16])})",
                      lambda: f"({some()} {r.choice('+-*&|^')} {r.choice([1, 8, 100])})",
                      lambda: f"({some()} {r.choice(['<<', '>>'])} ({some(amount)} & {r.choice([7, 63])}))",
                      lambda: f"({some()} {r.choice(['<<', '>>'])} {r.randint(0, bits(t) + 1)})",
                      lambda: f"({some(wider)} {r.choice('+-*')} {some()})",
                      lambda: self.convert(t, other, some(other)), lambda: f"(~{some()})"]
        return r.choice(forms)()

    def body(self, env, variables, result, depth):
        """Statements, and the return of `result`."""
        env, variables = dict(env), set(variables)
        return " ".join(self.statement(env, variables, depth) for _ in range(self.random.randint(0, 4))) + \
            f" return {self.expression(result, env, 3)};"

    def block(self, env, variables, depth):
        env, variables = dict(env), set(variables)
        return "{ " + " ".join(self.statement(env, variables, depth) for _ in range(self.random.randint(1, 3))) + " }"

    def fields(self, env, variables):
        """A struct or a packed struct of up to 64 bits, whose fields are variables from then on."""
        types, left = [], 64
        for t in self.random.choices(SCALARS, k=4):
            width = 1 if t == "bool" else bits(t)
            if width <= left:
                types.append(t)
                left -= width
        kind, n = self.random.choice(["struct", "packed struct", "packed struct"]), self.names
        values = ", ".join(f".x{i} = {self.expression(t, env, 2)}" for i, t in enumerate(types))
        for i, t in enumerate(types):
            env[f"s{n}.x{i}"] = t
            variables.add(f"s{n}.x{i}")
        declared = ", ".join(f"x{i}: {t}" for i, t in enumerate(types))
        return f"const S{n} = {kind} {{ {declared} }}; var s{n} = S{n} {{ {values} }};"

    def statement(self, env, variables, depth):
        r = self.random
        self.names += 1
        name, t = f"v{self.names}", r.choice(SCALARS)
        kind = r.choice(["var", "const", "array", "fields", "assign", "assign"] + ["if", "for", "while"] * (depth > 0))
        if kind == "assign" and variables:
            to = r.choice(sorted(variables))
            if env[to] in INTS and r.random() < 0.5:
                return f"{to} {r.choice(['+=', '-=', '*=', '&=', '|=', '^='])} {self.expression(env[to], env, 2)};"
            return f"{to} = {self.expression(env[to], env, 3)};"
        if kind == "array":
            n, items = r.choice([2, 4]), f"a{self.names}"
            values = ", ".join(self.expression(t, env, 1) for _ in range(n))
            at = f"{self.expression('u16', env, 2)} & {n - 1}"
            text = f"var {items} = [{n}]{t} {{ {values} }}; {items}[{at}] = {self.expression(t, env, 2)}; const {name} = {items}[{at}];"
            env[name] = t
            return text
        if kind == "fields":
            return self.fields(env, variables)
        if kind == "if":
            return f"if ({self.condition(env, 2)}) {self.block(env, variables, depth - 1)} else {self.block(env, variables, depth - 1)}"
        if kind == "for":
            t = r.choice(["u8", "i16", "u32"])
            return f"for (@range({t}, {r.randint(0, 4)})) |{name}| {self.block({**env, name: t}, variables, depth - 1)}"
        if kind == "while":
            inside = self.block({**env, name: "u16"}, variables, depth - 1)
            return f"var {name}: u16 = 0; while ({name} < {r.randint(0, 3)} and {self.condition(env, 1)}) : ({name} += 1) {inside}"
        text = f"{'const' if kind == 'const' else 'var'} {name}: {t} = {self.expression(t, env, 3)};"
        env[name] = t
        if kind != "const":
            variables.add(name)
        return text

    def source(self, left_out):
        """One function, with what calls it, a line: the line of a message is the number of its function."""
        lines, calls = [], []
        for i, (name, params, result, body) in enumerate(self.functions):
            head = ", ".join(f"p{k}: {t}" for k, t in enumerate(params))
            args = random.Random(i)
            values = "".join(f"const c{i}_{k}: {t} = {self.literal_of(args, t)}; var v{i}_{k} = c{i}_{k}; " for k, t in enumerate(params))
            each = lambda letters: ", ".join(f"{args.choice(letters)}{i}_{k}" for k in range(len(params)))
            line = f"fn {name}({head}) {result} {{ {body} }} inline fn {name}inline({head}) {result} {{ {body} }} {values}"
            if i not in left_out:
                line += f"export var known{i}: {result} = {name}({each('c')}); export var run{i}: {result}; export var mixed{i}: {result};"
                calls.append(f"run{i} = {name}({each('v')}); mixed{i} = {name}inline({each('cv')});")
            lines.append(line)
        return "\n".join(lines) + "\ntask main() void {\n" + "\n".join(calls) + "\n}\n" + START

    def literal_of(self, source, t):
        was, self.random = self.random, source
        text = self.literal(t)
        self.random = was
        return text


def compile_program(folder, program, arch):
    """The numbers of the functions that could be compiled."""
    left_out = set()
    while True:
        with open(f"{folder}/pe.csl", "w", encoding="ascii") as f:
            f.write(program.source(left_out))
        done = subprocess.run([CSLC, "layout.csl", f"--arch={arch}", "-o", "out"], cwd=folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
        if done.returncode == 0:
            return [i for i in range(FUNCTIONS) if i not in left_out]
        errors = [line for line in done.stderr.splitlines() if ": error: " in line]
        refused = {i for i, _ in enumerate(program.functions) if i not in left_out and f"known{i}:" in done.stderr}
        if not refused or not all(REFUSED in line for line in errors):
            raise AssertionError(done.stderr[-3000:])
        left_out |= refused


class Differential(unittest.TestCase):
    def compare(self, seed):
        program = Program(seed)
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/layout.csl", "w", encoding="ascii") as f:
                f.write(LAYOUT)
            compiled = compile_program(folder, program, "wse3" if seed % 2 else "wse2")
            self.assertGreater(len(compiled), FUNCTIONS // 2)
            rt = wse.Runtime(f"{folder}/out")
            try:
                rt.load()
                rt.run()
                rt.stop()
                for i in compiled:
                    known, run, mixed = (bytes(rt.read_symbol(0, 0, f"{kind}{i}")).hex() for kind in ("known", "run", "mixed"))
                    self.assertEqual((known, known), (run, mixed), f"WT_SEEDS={seed},{seed + 1}: function {i}:\n{program.functions[i]}")
            finally:
                rt.close()


for number in SEEDS:
    setattr(Differential, f"test_program_{number:04}", lambda self, seed=number: self.compare(seed))

if __name__ == "__main__":
    tap.main()
