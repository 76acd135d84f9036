// cslc: the CSL compiler's command line. It reads arguments, calls the library and prints what that
// returns.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/vec.h"
#include "wse/build/csl.h"

static const char help[] =
    "usage: cslc [options] LAYOUT.csl\n"
    "\n"
    "Compiles a CSL program into a directory that cs_python and libwavetile run.\n"
    "\n"
    "  -o DIR                      output directory (default: out)\n"
    "  --arch=wse2|wse3            architecture (default: wse2)\n"
    "  --sdk=1.4|2.10              language level (default: 1.4)\n"
    "  --fabric-dims=W,H           size of the fabric\n"
    "  --fabric-offsets=X,Y        where the program's north-west PE stands on it\n"
    "  --params=NAME:VALUE,...     values of the layout's parameters; may be repeated\n"
    "  --colors=NAME:VALUE,...     values of its color parameters; may be repeated\n"
    "  --memcpy                    host copies and launches\n"
    "  --channels=N                memcpy channels, 1 to 16\n"
    "  --width-west-buf=N, --width-east-buf=N\n"
    "                              columns of memcpy buffers (default: 0)\n"
    "  --link-section-start-address-bytes=SECTION:ADDRESS,...\n"
    "                              where the variables of a linksection start\n"
    "  --fp16-format=f16|bf16|cb16 the 16-bit float of the program\n"
    "  --import-path=DIR           where to look for <modules>; may be repeated; then "
    "$CSL_IMPORT_PATH\n"
    "  --output-json[=FILE]        write the resolved parameters (default: stdout)\n"
    "  --out-routes                print the routes of every PE\n"
    "  --max-inlined-iterations=N, --comptime-func-depth-limit=N\n"
    "                              limits of compile-time evaluation\n"
    "  --warnings-as-errors, --error-limit=N\n"
    "  --emit=tokens|ast|ir|bytecode\n"
    "                              print that stage and stop\n"
    "  --verbose                   the memory of every PE program, where to, how long it took\n"
    "  --max-parallelism=N, -g0    accepted: there is one thread, and lines are always kept\n"
    "  --version, -h, --help\n"
    "\n"
    "Exit code: 0 compiled, 1 the program has errors, 2 usage.\n";

typedef Vec(CslBinding) Bindings;
typedef Vec(const char *) Strings;
typedef Vec(CslSection) Sections;

typedef struct Arguments {
    Arena arena; // of the strings
    CslOptions o;
    Bindings params, colors;
    Sections sections;
    Strings paths;
    bool verbose, json_to_stdout;
} Arguments;

static int usage(const char *fmt, const char *what) {
    fprintf(stderr, "cslc: ");
    fprintf(stderr, fmt, what);
    fprintf(stderr, "\ncslc --help lists the options\n");
    return 2;
}

// A decimal integer that is the whole of [s, end). False when it is not.
static bool integer(const char *s, const char *end, int *out) {
    char *stop;
    long v = s < end && s[0] != ' ' ? strtol(s, &stop, 10) : (stop = NULL, 0);
    if (stop != end || v < -1000000000 || v > 1000000000) return false;
    *out = (int)v;
    return true;
}

static bool one(const char *s, int *out) { return integer(s, s + strlen(s), out); }

static bool pair(const char *s, int *a, int *b) {
    const char *comma = strchr(s, ',');
    return comma && integer(s, comma, a) && integer(comma + 1, s + strlen(s), b);
}

// NAME:VALUE,... into `to`.
static bool bindings(Arena *arena, const char *list, Bindings *to) {
    char *rest = arena_str(arena, list, strlen(list));
    for (char *item; (item = strsep(&rest, ","));) {
        if (!*item) continue;
        char *colon = strchr(item, ':');
        if (!colon || colon == item || !colon[1]) return false;
        *colon = '\0';
        vec_push(to, (CslBinding){ item, colon + 1 });
    }
    return true;
}

// SECTION:ADDRESS,... into `to`.
static bool sections(Arena *arena, const char *list, Sections *to) {
    Bindings given = { 0 };
    bool ok = bindings(arena, list, &given);
    for (size_t i = 0; i < given.len && ok; i++) {
        int address = 0;
        ok = one(given.data[i].value, &address) && address >= 0;
        vec_push(to, (CslSection){ given.data[i].name, (uint32_t)address });
    }
    vec_free(&given);
    return ok;
}

static bool word(const char *s, const char *const names[], const int values[], int *out) {
    for (int i = 0; names[i]; i++)
        if (!strcmp(s, names[i])) {
            *out = values[i];
            return true;
        }
    return false;
}
#define WORDS(...)                                                                                 \
    (const char *const[]) { __VA_ARGS__, NULL }
#define VALUES(...)                                                                                \
    (const int[]) { __VA_ARGS__ }

enum {
    OPT_ARCH = 256,
    OPT_SDK,
    OPT_DIMS,
    OPT_OFFSETS,
    OPT_PARAMS,
    OPT_COLORS,
    OPT_MEMCPY,
    OPT_CHANNELS,
    OPT_WEST,
    OPT_EAST,
    OPT_FP16,
    OPT_IMPORT,
    OPT_JSON,
    OPT_ROUTES,
    OPT_INLINED,
    OPT_DEPTH,
    OPT_SECTIONS,
    OPT_WERROR,
    OPT_LIMIT,
    OPT_EMIT,
    OPT_PARALLEL,
    OPT_VERBOSE,
    OPT_VERSION,
};

static const struct option options[] = {
    { "arch", required_argument, NULL, OPT_ARCH },
    { "sdk", required_argument, NULL, OPT_SDK },
    { "fabric-dims", required_argument, NULL, OPT_DIMS },
    { "fabric-offsets", required_argument, NULL, OPT_OFFSETS },
    { "params", required_argument, NULL, OPT_PARAMS },
    { "colors", required_argument, NULL, OPT_COLORS },
    { "memcpy", no_argument, NULL, OPT_MEMCPY },
    { "channels", required_argument, NULL, OPT_CHANNELS },
    { "width-west-buf", required_argument, NULL, OPT_WEST },
    { "width-east-buf", required_argument, NULL, OPT_EAST },
    { "fp16-format", required_argument, NULL, OPT_FP16 },
    { "import-path", required_argument, NULL, OPT_IMPORT },
    { "output-json", optional_argument, NULL, OPT_JSON },
    { "out-routes", no_argument, NULL, OPT_ROUTES },
    { "max-inlined-iterations", required_argument, NULL, OPT_INLINED },
    { "comptime-func-depth-limit", required_argument, NULL, OPT_DEPTH },
    { "link-section-start-address-bytes", required_argument, NULL, OPT_SECTIONS },
    { "warnings-as-errors", no_argument, NULL, OPT_WERROR },
    { "error-limit", required_argument, NULL, OPT_LIMIT },
    { "emit", required_argument, NULL, OPT_EMIT },
    { "max-parallelism", required_argument, NULL, OPT_PARALLEL },
    { "verbose", no_argument, NULL, OPT_VERBOSE },
    { "version", no_argument, NULL, OPT_VERSION },
    { "help", no_argument, NULL, 'h' },
    { 0 },
};

// What an option's value looks like.
static const char *takes(int opt) {
    switch (opt) {
    case OPT_ARCH: return "wse2 or wse3";
    case OPT_SDK: return "1.4 or 2.10";
    case OPT_DIMS: return "WIDTH,HEIGHT";
    case OPT_OFFSETS: return "X,Y";
    case OPT_PARAMS:
    case OPT_COLORS: return "NAME:VALUE,...";
    case OPT_SECTIONS: return "SECTION:ADDRESS,...";
    case OPT_FP16: return "f16, bf16 or cb16";
    case OPT_IMPORT: return "a directory";
    case OPT_EMIT: return "tokens, ast, ir or bytecode";
    case OPT_WEST:
    case OPT_EAST: return "a number from 0";
    case OPT_INLINED:
    case OPT_DEPTH:
    case OPT_LIMIT: return "a number from 1";
    default: return "a number";
    }
}

static int bad_value(int opt, const char *option, const char *value) {
    fprintf(stderr, "cslc: --%s takes %s, not '%s'\ncslc --help lists the options\n", option,
            takes(opt), value);
    return 2;
}

static int unknown(const char *given) {
    const char *name = given + strspn(given, "-"), *best = NULL;
    Str typed = { name, strcspn(name, "=") };
    size_t least = typed.n / 3 + 2; // further away it was something else
    for (const struct option *o = options; o->name; o++) {
        size_t d = str_edit_distance(typed, str_of(o->name));
        if (d < least) least = d, best = o->name;
    }
    if (!least) return usage("--%s takes no value", best);
    fprintf(stderr, "cslc: unknown option %.*s", (int)strcspn(given, "="), given);
    if (best && name > given + 1) fprintf(stderr, "; did you mean --%s?", best);
    fputs("\ncslc --help lists the options\n", stderr);
    return 2;
}

// One option; false when its value is no good.
static bool take_option(Arguments *a, int opt, const char *v) {
    CslOptions *o = &a->o;
    int n = 0;
    bool ok;
    switch (opt) {
    // published scripts write -o=DIR
    case 'o': o->output = v + (*v == '='); return *o->output;
    case 'g': return true;
    case OPT_ARCH:
        ok = word(v, WORDS("wse2", "wse3"), VALUES(CSL_WSE2, CSL_WSE3), &n);
        o->arch = (CslArch)n;
        return ok;
    case OPT_SDK:
        ok = word(v, WORDS("1.4", "2.10"), VALUES(CSL_SDK_1_4, CSL_SDK_2_10), &n);
        o->sdk = (CslSdk)n;
        return ok;
    case OPT_DIMS: o->fabric_dims_given = true; return pair(v, &o->fabric_width, &o->fabric_height);
    case OPT_OFFSETS: o->fabric_offsets_given = true; return pair(v, &o->fabric_x, &o->fabric_y);
    case OPT_PARAMS: return bindings(&a->arena, v, &a->params);
    case OPT_COLORS: return bindings(&a->arena, v, &a->colors);
    case OPT_MEMCPY: o->memcpy = true; return true;
    case OPT_CHANNELS: o->channels_given = true; return one(v, &o->channels);
    case OPT_WEST: return one(v, &o->west_buf) && o->west_buf >= 0;
    case OPT_EAST: return one(v, &o->east_buf) && o->east_buf >= 0;
    case OPT_FP16:
        ok = word(v, WORDS("f16", "bf16", "cb16"), VALUES(CSL_F16, CSL_BF16, CSL_CB16), &n);
        o->fp16 = (CslFp16)n;
        return ok;
    case OPT_IMPORT: vec_push(&a->paths, v); return *v;
    case OPT_JSON:
        o->output_json = v;
        a->json_to_stdout = !v;
        return true;
    case OPT_ROUTES: o->out_routes = true; return true;
    case OPT_INLINED: return one(v, &o->max_inlined_iterations) && o->max_inlined_iterations > 0;
    case OPT_DEPTH: return one(v, &o->comptime_depth) && o->comptime_depth > 0;
    case OPT_SECTIONS: return sections(&a->arena, v, &a->sections);
    case OPT_WERROR: o->warnings_as_errors = true; return true;
    case OPT_LIMIT: return one(v, &o->error_limit) && o->error_limit > 0;
    case OPT_EMIT:
        ok = word(v, WORDS("tokens", "ast", "ir", "bytecode"),
                  VALUES(CSL_EMIT_TOKENS, CSL_EMIT_AST, CSL_EMIT_IR, CSL_EMIT_BYTECODE), &n);
        o->emit = (CslEmit)n;
        return ok;
    case OPT_PARALLEL: return one(v, &n);
    case OPT_VERBOSE: a->verbose = true; return true;
    }
    return false;
}

// $CSL_IMPORT_PATH: directories separated by colons, after those of the command line.
static void environment_paths(Arena *arena, Strings *paths) {
    const char *list = getenv("CSL_IMPORT_PATH");
    char *rest = list ? arena_str(arena, list, strlen(list)) : NULL;
    for (char *dir; rest && (dir = strsep(&rest, ":"));)
        if (*dir) vec_push(paths, dir);
}

static int compile(Arguments *a) {
    CslOptions *o = &a->o;
    o->params = a->params.data, o->nparams = a->params.len;
    o->colors = a->colors.data, o->ncolors = a->colors.len;
    o->sections = a->sections.data, o->nsections = a->sections.len;
    o->import_paths = a->paths.data, o->nimport_paths = a->paths.len;
    CslResult r;
    uint64_t start = clock_ms();
    wt_status_t status = csl_compile(o, &r);
    double seconds = (double)(clock_ms() - start) / 1000;
    fputs(r.output, stdout);
    if (a->json_to_stdout && !status) fputs(r.params_json, stdout);
    fputs(r.rendered, stderr);
    if (status && status != WT_COMPILE) fprintf(stderr, "cslc: %s\n", wt_last_error());
    if (r.errors || r.warnings)
        fprintf(stderr, "%d error%s, %d warning%s\n", r.errors, r.errors == 1 ? "" : "s",
                r.warnings, r.warnings == 1 ? "" : "s");
    if (a->verbose) fputs(r.memory_use, stderr);
    if (a->verbose && !status && !o->emit)
        fprintf(stderr, "%s: compiled for %s into %s in %.2f s\n", o->input,
                o->arch == CSL_WSE3 ? "wse3" : "wse2", o->output ? o->output : "out", seconds);
    csl_result_free(&r);
    return status ? 1 : 0;
}

static int run(Arguments *a, int argc, char **argv) {
    opterr = 0;
    for (int opt, which = 0; (opt = getopt_long(argc, argv, ":ho:g:", options, &which)) != -1;) {
        if (opt == 'h') return fputs(help, stdout) < 0;
        if (opt == OPT_VERSION)
            return printf("cslc %s (CSL of SDK 1.4 and 2.10)\n", wt_version()) < 0;
        if (opt == ':') return usage("%s needs a value", argv[optind - 1]);
        if (opt == '?') return unknown(argv[optind - 1]);
        if (!take_option(a, opt, optarg))
            return opt == 'o' || opt == 'g' ? usage("-o needs a %s", "directory")
                                            : bad_value(opt, options[which].name, optarg);
    }
    if (optind >= argc) return usage("%s", "no input file");
    if (optind + 1 < argc) return usage("one input file, not also %s", argv[optind + 1]);
    a->o.input = argv[optind];
    environment_paths(&a->arena, &a->paths);
    return compile(a);
}

int main(int argc, char **argv) {
    Arguments a = { 0 };
    int code = run(&a, argc, argv);
    vec_free(&a.params);
    vec_free(&a.colors);
    vec_free(&a.sections);
    vec_free(&a.paths);
    arena_free(&a.arena);
    return code;
}
