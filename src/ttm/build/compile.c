// Running the compiler: what goes in, what is asked of the cache, what its complaints look like.
//
// A program is compiled and linked by one call in a temporary folder, where every generated file
// has a fixed relative name: the command line and the files' texts, with the compiler's identity,
// are the key of the cache. Files that the compiler finds by itself are checked by the cache.
#include "ttm/build/compile.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/vec.h"
#include "ttm/build/build.h"
#include "ttm/build/cache.h"
#include "ttm/build/generate.h"
#include "ttm/build/image.h"
#include "ttm/build/toolchain.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BUILD_VERSION "wavetile kernel 1" // part of every key: change it when images change meaning
enum { NOMINAL_BASE = 0x10000, COMPILE_TIMEOUT_MS = 300000, JOBS = 2 };

typedef struct TempFile {
    const char *name, *text;
    size_t n;
} TempFile;

// One call of the compiler.
typedef struct Job {
    Arena arena;
    Toolchain tools;
    Argv argv;
    Vec(TempFile) files;      // written to the temporary folder; the key covers them
    Vec(const char *) inputs; // read by their own path; the key covers them
    const char *what;         // for messages: "kernel 'reader.cpp' for NCRISC"
} Job;

static void job_free(Job *j) {
    arena_free(&j->arena);
    vec_free(&j->argv);
    vec_free(&j->files);
    vec_free(&j->inputs);
}

static const char *processor_name(int p) {
    static const char *const names[PROC_COUNT] = { "BRISC", "NCRISC", "TRISC0", "TRISC1",
                                                   "TRISC2" };
    return names[p];
}

// ---- The key

static void key_add(StrBuf *b, const char *p, size_t n) {
    sb_printf(b, "%zu:", n); // so that no two lists look the same
    sb_add(b, p, n);
}

static wt_status_t job_key(const Job *j, Hash128 *key) {
    StrBuf b = { 0 };
    wt_status_t s = WT_OK;
    key_add(&b, BUILD_VERSION, strlen(BUILD_VERSION));
    key_add(&b, j->tools.identity, strlen(j->tools.identity));
    for (size_t i = 0; i < j->argv.len; i++) key_add(&b, j->argv.data[i], strlen(j->argv.data[i]));
    for (size_t i = 0; i < j->files.len; i++) {
        key_add(&b, j->files.data[i].name, strlen(j->files.data[i].name));
        key_add(&b, j->files.data[i].text, j->files.data[i].n);
    }
    for (size_t i = 0; i < j->inputs.len && !s; i++) {
        char *data;
        size_t n;
        s = file_read(j->inputs.data[i], &data, &n);
        if (s) break;
        key_add(&b, j->inputs.data[i], strlen(j->inputs.data[i]));
        key_add(&b, data, n);
        free(data);
    }
    *key = hash128(b.p, b.n);
    sb_free(&b);
    return s;
}

// ---- The compiler's output

static bool starts_with(const char *s, const char *with) { return !strncmp(s, with, strlen(with)); }

// Drops the lines that speak of our own unit, so that a message starts in the user's file.
static void diagnostics_clean(const char *text, StrBuf *out) {
    for (const char *line = text, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        size_t n = (size_t)(next - line);
        if (*next) next++;
        bool ours = starts_with(line, "In file included from unit.cc:") ||
                    starts_with(line, "                 from unit.cc:");
        if (ours) {
            // "... from a.h:3," ends a chain that this line would have continued
            if (out->n > 2 && out->p[out->n - 1] == '\n' && out->p[out->n - 2] == ',')
                out->p[out->n - 2] = ':';
            continue;
        }
        sb_add(out, line, n);
        sb_putc(out, '\n');
    }
    while (out->n && out->p[out->n - 1] == '\n') out->p[--out->n] = 0;
}

static bool starts_with_any(const char *s, const char *const *with, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (starts_with(s, with[i])) return true;
    return false;
}

// What a kernel may use in TT-Metal and cannot here is a gap of ours, not its author's mistake.
static const char *gap_note(const char *text) {
    static const char *const headers[] = {
        "compute_kernel_api/", "experimental/", "llk_",      "ckernel", "sfpi", "tt_metal/",
        "ethernet/",           "api/",          "internal/", "fabric/", "eth_"
    };
    static const char *const tensix[] = { "vFloat", "vInt",  "vUInt", "dst_reg", "v_if",
                                          "sfpi",   "_llk_", "llk_",  "TTI_",    "TT_" };
    static const char *const ethernet[] = { "eth_", "erisc_" };
    const char *p = strstr(text, "fatal error: ");
    if (p && strstr(p, "No such file") &&
        starts_with_any(p + 13, headers, sizeof headers / sizeof *headers))
        return "\nnote: this header of TT-Metal is not supported yet";
    p = strstr(text, " error: '");
    if (p && starts_with_any(p + 9, tensix, sizeof tensix / sizeof *tensix))
        return "\nnote: this belongs to the Tensix engine, which is not supported yet";
    if (p && starts_with_any(p + 9, ethernet, sizeof ethernet / sizeof *ethernet))
        return "\nnote: this belongs to Ethernet cores, which run no kernels yet";
    return "";
}

static wt_status_t compile_failed(const Job *j, const ProcResult *r) {
    if (r->timed_out)
        return fail(WT_COMPILE, "%s: the compiler took more than %d s", j->what,
                    COMPILE_TIMEOUT_MS / 1000);
    if (r->code < 0)
        return fail(WT_TOOL, "%s: the compiler was ended by signal %d", j->what, r->signal);
    StrBuf b = { 0 };
    diagnostics_clean(r->out, &b);
    const char *text = sb_str(&b);
    wt_status_t s;
    if (strstr(text, "No space left on device"))
        s = fail(WT_IO, "%s: no space for temporary files; set TMPDIR to a folder that has some",
                 j->what);
    else if (strstr(text, "cannot execute") && strstr(text, "cc1plus"))
        s = fail(WT_TOOL, "%s: the compiler is not complete: %s", j->what, text);
    else if (strstr(text, "undefined reference to `wt_legacy_main'"))
        s = fail(WT_COMPILE, "%s: it defines no void kernel_main()", j->what);
    else if (strstr(text, "undefined reference to `__cxa_") ||
             strstr(text, "undefined reference to `operator new"))
        s = fail(WT_COMPILE, "%s uses a part of C++ that needs a run-time system:\n%s", j->what,
                 text);
    else
        s = fail(WT_COMPILE, "%s does not compile:\n%s%s", j->what, text, gap_note(text));
    sb_free(&b);
    return s;
}

// ---- Dependencies: the makefile rule that -MMD writes

typedef Vec(char *) Paths;

static void deps_parse(const char *text, Paths *out) {
    const char *p = strchr(text, ':');
    StrBuf word = { 0 };
    for (p = p ? p + 1 : "";; p++) {
        bool end = !*p || *p == ' ' || *p == '\n' || (*p == '\\' && p[1] == '\n');
        if (!end) {
            if (*p == '\\' && (p[1] == ' ' || p[1] == '#'))
                p++;
            else if (*p == '$' && p[1] == '$')
                p++;
            sb_putc(&word, *p);
            continue;
        }
        if (word.n && *sb_str(&word) == '/')
            vec_push(out, strdup(sb_str(&word))); // others are our own
        word.n = 0;
        if (!*p || *p == '\n') break; // further rules name headers as targets
        if (*p == '\\') p++;
    }
    sb_free(&word);
}

static void deps_store(const Cache *cache, Hash128 key, const char *rule, const KernelImage *image,
                       char **path) {
    Paths deps = { 0 };
    deps_parse(rule, &deps);
    *path = cache_put(cache, key, (const char *const *)deps.data, deps.len, image->elf,
                      image->elf_size);
    for (size_t i = 0; i < deps.len; i++) free(deps.data[i]);
    vec_free(&deps);
}

// ---- Compiling

static wt_status_t job_run(Job *j, const char *dir, uint8_t **elf, size_t *size, char **rule) {
    char path[PATH_CAP];
    for (size_t i = 0; i < j->files.len; i++) {
        path_join(path, sizeof path, dir, j->files.data[i].name);
        TRY(file_write(path, j->files.data[i].text, j->files.data[i].n));
    }
    vec_push(&j->argv, arena_printf(&j->arena, "-ffile-prefix-map=%s=.", dir));
    vec_push(&j->argv, "-MMD");
    vec_push(&j->argv, "-MF");
    vec_push(&j->argv, "out.d");
    vec_push(&j->argv, "-o");
    vec_push(&j->argv, "out.elf");
    vec_push(&j->argv, NULL);
    const char *env[] = { "LC_ALL=C", arena_printf(&j->arena, "TMPDIR=%s", dir), NULL };
    ProcResult r;
    TRY(proc_run(
        &(ProcSpec){
            .argv = j->argv.data, .dir = dir, .env = env, .timeout_ms = COMPILE_TIMEOUT_MS },
        &r));
    wt_status_t s = r.code ? compile_failed(j, &r) : WT_OK;
    proc_free(&r);
    TRY(s);
    path_join(path, sizeof path, dir, "out.elf");
    TRY(file_read(path, (char **)elf, size));
    path_join(path, sizeof path, dir, "out.d");
    s = file_read(path, rule, NULL);
    if (s) free(*elf);
    return s;
}

static wt_status_t job_compile(Job *j, const Cache *cache, Hash128 key, bool movable,
                               const MemMap *map, KernelImage *image) {
    char dir[PATH_CAP], *rule;
    uint8_t *elf;
    size_t size;
    TRY(dir_make_temp(dir, "wavetile-kernel"));
    wt_status_t s = job_run(j, dir, &elf, &size, &rule);
    if (dir_remove(dir)) log_at(WT_LOG_WARNING, "%s", "a temporary folder could not be removed");
    if (s) return s;
    s = image_from_elf(image, elf, size, movable, map);
    if (s) {
        free(elf);
        free(rule);
        return err_prefix(s, "%s", j->what);
    }
    deps_store(cache, key, rule, image, &image->elf_path);
    free(rule);
    return WT_OK;
}

static wt_status_t job_build(Job *j, const Cache *cache, bool movable, const MemMap *map,
                             KernelImage *image) {
    Hash128 key;
    TRY(job_key(j, &key));
    uint8_t *elf;
    size_t size;
    char *path;
    if (cache_get(cache, key, &elf, &size, &path)) {
        if (!image_from_elf(image, elf, size, movable, map)) {
            image->elf_path = path;
            image->from_cache = true;
            return WT_OK;
        }
        free(elf);
        free(path);
    }
    return job_compile(j, cache, key, movable, map, image);
}

// ---- Kernels

wt_status_t kernel_path_resolve(const char *path, const char *root_dir, char *out, size_t cap) {
    const char *where[] = { ".", getenv("TT_METAL_KERNEL_PATH"), "/usr/share/tenstorrent/kernels",
                            root_dir };
    char cwd[PATH_CAP];
    if (!path || !*path) return fail(WT_INVALID, "the path of a kernel is empty");
    if (!realpath(".", cwd)) return fail(WT_IO, "the working directory is gone");
    StrBuf tried = { 0 };
    for (size_t i = 0; i < sizeof where / sizeof *where; i++) {
        if (!where[i] || !*where[i]) continue;
        const char *dir = i ? where[i] : cwd;
        if (!path_join(out, cap, dir, path)) continue;
        if (file_exists(out)) {
            sb_free(&tried);
            return WT_OK;
        }
        sb_printf(&tried, "%s'%s'", tried.n ? ", " : "", *path == '/' ? path : dir);
        if (*path == '/') break;
    }
    wt_status_t s = fail(WT_NOTFOUND, "no kernel file '%s' (looked in %s)", path, sb_str(&tried));
    sb_free(&tried);
    return s;
}

static bool is_opt_level(const char *level) {
    static const char *const levels[] = { "O0", "O1", "O2", "O3", "Os", "Oz", "Og", "Ofast" };
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (!strcmp(level, levels[i])) return true;
    return false;
}

static wt_status_t spec_check(const KernelSpec *s) {
    if (s->processor < 0 || s->processor >= PROC_COUNT)
        return fail(WT_INVALID, "processor %d does not exist", s->processor);
    if (!s->facts || !toolchain_mem_map(s->facts->arch))
        return fail(WT_INVALID, "no such chip architecture");
    if (!s->path == !s->text)
        return fail(WT_INVALID, "a kernel needs either a file or a source text");
    if (s->path && strpbrk(s->path, "\"\n"))
        return fail(WT_INVALID, "the path of a kernel holds a quote or a line break");
    if (s->noc > 1 || s->noc_mode > DM_DYNAMIC_NOC)
        return fail(WT_INVALID,
                    "NoC %u, mode %u: there are NoCs 0 and 1, modes 0 (dedicated) and 1 (dynamic)",
                    s->noc, s->noc_mode);
    if (s->opt_level && !is_opt_level(s->opt_level))
        return fail(WT_INVALID, "optimisation level '%s' is none of O0 to O3, Os, Oz, Ofast",
                    s->opt_level);
    for (size_t i = 0; i < s->define_count; i++)
        if (!s->defines[i].name || strpbrk(s->defines[i].name, "\n") ||
            (s->defines[i].value && strpbrk(s->defines[i].value, "\n")))
            return fail(WT_INVALID, "define %zu has no name or holds a line break", i);
    for (size_t i = 0; i < s->named_arg_count; i++)
        if (!s->named_args[i].name)
            return fail(WT_INVALID, "compile-time argument %zu has no name", i);
    return WT_OK;
}

static void job_file(Job *j, const char *name, StrBuf *text) {
    vec_push(&j->files,
             (TempFile){ name, arena_str(&j->arena, text->p ? text->p : "", text->n), text->n });
    sb_free(text);
}

// A file name that a source text can go under: the kernel's name, as far as it is harmless.
static const char *text_file_name(Job *j, const char *name) {
    StrBuf b = { 0 };
    for (const char *p = name; *p && b.n < 64; p++)
        sb_putc(&b, strchr("/\\\"'<>$`| \t\n", *p) || (unsigned char)*p < ' ' ? '_' : *p);
    const char *dot = strrchr(sb_str(&b), '.');
    if (!b.n || b.p[0] == '.') sb_printf(&b, "%s", "kernel");
    const char *r = arena_printf(&j->arena, "%s%s", sb_str(&b), dot && dot[1] ? "" : ".cpp");
    sb_free(&b);
    return r;
}

// The unit: what every kernel gets, then the kernel, by its own path or as a file of its text, then
// the entry point.
static wt_status_t kernel_source(const KernelSpec *spec, const char *name, Job *j) {
    StrBuf unit = { 0 };
    char dir[PATH_CAP], path[PATH_CAP];
    sb_printf(&unit, "#include \"defines_generated.h\"\n#include \"wt/kernel.h\"\n");
    if (!spec->path) {
        const char *file = text_file_name(j, name);
        sb_printf(&unit, "#include \"%s\"\n", file);
        vec_push(&j->files, (TempFile){ file, spec->text, strlen(spec->text) });
    } else if (*spec->path == '/' ? path_join(path, sizeof path, "/", spec->path)
                                  : realpath(spec->path, path) != NULL) {
        path_dir(dir, sizeof dir, path);
        vec_push(&j->argv, arena_printf(&j->arena, "-I%s", dir));
        sb_printf(&unit, "#include \"%s\"\n", path);
        vec_push(&j->inputs, arena_str(&j->arena, path, strlen(path)));
    } else {
        sb_free(&unit);
        return fail(WT_NOTFOUND, "no kernel file '%s'", spec->path);
    }
    sb_printf(&unit, "#include \"wt/start.h\"\n");
    job_file(j, "unit.cc", &unit);
    return WT_OK;
}

static wt_status_t kernel_job(const KernelSpec *spec, uint32_t base, const MemMap *map, Job *j) {
    const char *name = spec->name ? spec->name : spec->path ? spec->path : "kernel";
    j->what = arena_printf(&j->arena, "kernel '%s' for %s", name, processor_name(spec->processor));
    toolchain_argv(&j->tools, &j->arena, map, spec->processor, &j->argv);
    bool compute = spec->processor >= PROC_TRISC0;
    const char *level = spec->opt_level ? spec->opt_level : compute ? "O3" : "O2";
    static const char *const cxx[] = {
        "-std=c++17", "-fno-rtti", "-fno-threadsafe-statics", "-fno-use-cxa-atexit", "-w",
        "-g1",        "-gdwarf-4"
    };
    for (size_t i = 0; i < sizeof cxx / sizeof *cxx; i++) vec_push(&j->argv, cxx[i]);
    vec_push(&j->argv, arena_printf(&j->arena, "-%s", level));
    vec_push(&j->argv, "-I.");

    TRY(kernel_source(spec, name, j));
    for (size_t i = 0; spec->include_dirs && spec->include_dirs[i]; i++)
        vec_push(&j->argv, arena_printf(&j->arena, "-I%s", spec->include_dirs[i]));
    // As TT-Metal does, save for its device headers (tt_metal/hw/inc): ours are in their place.
    static const char *const in_root[] = { "", "/ttnn", "/ttnn/cpp", "/tt_metal", "/tt_metal/api" };
    for (size_t i = 0; spec->root_dir && *spec->root_dir && i < sizeof in_root / sizeof *in_root;
         i++)
        vec_push(&j->argv, arena_printf(&j->arena, "-I%s%s", spec->root_dir, in_root[i]));
    StrBuf defines = { 0 }, formats = { 0 };
    generate_defines(spec, &defines);
    job_file(j, "defines_generated.h", &defines);
    wt_status_t s = generate_formats(spec, &formats);
    job_file(j, "chlkc_generated.h", &formats);
    TRY(s);

    const char *script = arena_printf(&j->arena, "%s/ld/kernel.ld", j->tools.lib);
    vec_push(&j->inputs, script);
    vec_push(&j->argv, arena_printf(&j->arena, "-Wl,--emit-relocs,--defsym=WT_BASE=0x%x,-T,%s",
                                    base, script));
    vec_push(&j->argv, "unit.cc");
    vec_push(&j->argv, j->tools.libc ? j->tools.libm : "-lm");
    vec_push(&j->argv, j->tools.libc ? j->tools.libc : "-lc");
    vec_push(&j->argv, j->tools.libgcc ? j->tools.libgcc : "-lgcc");
    return WT_OK;
}

// Variables and the smallest stack must fit above what the firmware keeps.
static wt_status_t stack_check(const MemMap *map, const KernelImage *m, const char *what) {
    const uint32_t local[PROC_COUNT] = { map->BRISC_LOCAL_SIZE, map->NCRISC_LOCAL_SIZE,
                                         map->TRISC_LOCAL_SIZE, map->TRISC_LOCAL_SIZE,
                                         map->TRISC_LOCAL_SIZE };
    const uint32_t stack[PROC_COUNT] = { map->BRISC_STACK_MIN_SIZE, map->NCRISC_STACK_MIN_SIZE,
                                         map->TRISC0_STACK_MIN_SIZE, map->TRISC1_STACK_MIN_SIZE,
                                         map->TRISC2_STACK_MIN_SIZE };
    uint32_t end = map->LOCAL_BASE + local[m->processor] - stack[m->processor];
    if (m->stack_limit <= end) return WT_OK;
    return fail(WT_COMPILE,
                "%s: its variables (%u bytes initialised, %u zero) leave less than %u bytes of "
                "local memory for the stack: %u bytes too many",
                what, m->data_size, m->bss_size, stack[m->processor], m->stack_limit - end);
}

static wt_status_t build_with(const KernelSpec *spec, uint32_t base, const Cache *cache, Job *j,
                              KernelImage *image) {
    const MemMap *map = toolchain_mem_map(spec->facts->arch);
    TRY(toolchain_find(&j->arena, cache, &j->tools));
    TRY(kernel_job(spec, base, map, j));
    TRY(job_build(j, cache, true, map, image));
    image->processor = spec->processor;
    wt_status_t s = stack_check(map, image, j->what);
    if (s) kernel_image_free(image);
    return s;
}

wt_status_t kernel_build_at(const KernelSpec *spec, uint32_t base, KernelImage *image) {
    *image = (KernelImage){ 0 };
    TRY(spec_check(spec));
    Cache cache;
    Job j = { 0 };
    cache_open(&cache);
    wt_status_t s = build_with(spec, base, &cache, &j, image);
    job_free(&j);
    cache_close(&cache);
    return s;
}

wt_status_t kernel_build(const KernelSpec *spec, KernelImage *image) {
    return kernel_build_at(spec, NOMINAL_BASE, image);
}

// ---- Several at once

typedef struct Batch {
    pthread_mutex_t lock;
    const KernelSpec *specs; // NULL: firmware
    const DeviceFacts *facts;
    KernelImage *images;
    Err *errors;
    size_t n, next;
} Batch;

static void *batch_work(void *arg) {
    Batch *b = arg;
    for (;;) {
        pthread_mutex_lock(&b->lock);
        size_t i = b->next < b->n ? b->next++ : b->n;
        pthread_mutex_unlock(&b->lock);
        if (i == b->n) return NULL;
        wt_status_t s = b->specs ? kernel_build(&b->specs[i], &b->images[i])
                                 : firmware_build(b->facts, (int)i, &b->images[i]);
        if (s) err_save(&b->errors[i]);
    }
}

static wt_status_t batch_run(Batch *b) {
    for (size_t i = 0; i < b->n; i++) b->images[i] = (KernelImage){ 0 };
    b->errors = calloc(b->n ? b->n : 1, sizeof *b->errors);
    if (!b->errors) return fail(WT_NOMEM, "no memory to build %zu kernels", b->n);
    pthread_mutex_init(&b->lock, NULL);
    pthread_t helper[JOBS - 1];
    int helpers = 0;
    while (helpers < JOBS - 1 && b->n > 1 && !pthread_create(&helper[helpers], NULL, batch_work, b))
        helpers++;
    batch_work(b);
    while (helpers) pthread_join(helper[--helpers], NULL);
    pthread_mutex_destroy(&b->lock);
    wt_status_t s = WT_OK;
    for (size_t i = 0; i < b->n; i++) {
        if (!b->errors[i].status) continue;
        if (!s)
            s = err_raise(&b->errors[i]);
        else
            err_drop(&b->errors[i]);
    }
    free(b->errors);
    for (size_t i = 0; s && i < b->n; i++) kernel_image_free(&b->images[i]);
    return s;
}

wt_status_t kernel_build_all(const KernelSpec *specs, size_t n, KernelImage *images) {
    return batch_run(&(Batch){ .specs = specs, .images = images, .n = n });
}

// ---- Firmware

static wt_status_t firmware_job(const DeviceFacts *facts, const MemMap *map, int processor,
                                Job *j) {
    static const char *const source[PROC_COUNT] = { "brisc.c", "ncrisc.c", "trisc.c", "trisc.c",
                                                    "trisc.c" };
    const uint32_t base[PROC_COUNT] = { map->BRISC_FIRMWARE_BASE, map->NCRISC_FIRMWARE_BASE,
                                        map->TRISC0_FIRMWARE_BASE, map->TRISC1_FIRMWARE_BASE,
                                        map->TRISC2_FIRMWARE_BASE };
    const uint32_t size[PROC_COUNT] = { map->BRISC_FIRMWARE_SIZE, map->NCRISC_FIRMWARE_SIZE,
                                        map->TRISC0_FIRMWARE_SIZE, map->TRISC1_FIRMWARE_SIZE,
                                        map->TRISC2_FIRMWARE_SIZE };
    j->what = arena_printf(&j->arena, "the firmware of %s", processor_name(processor));
    toolchain_argv(&j->tools, &j->arena, map, processor, &j->argv);
    static const char *const options[] = { "-O2",   "-g1",      "-gdwarf-4",
                                           "-Wall", "-include", "facts_generated.h",
                                           "-I." };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) vec_push(&j->argv, options[i]);
    StrBuf text = { 0 };
    generate_facts(facts, &text);
    job_file(j, "facts_generated.h", &text);
    const char *script = arena_printf(&j->arena, "%s/ld/firmware.ld", j->tools.lib);
    const char *main_c = arena_printf(&j->arena, "%s/fw/%s", j->tools.lib, source[processor]);
    const char *start = arena_printf(&j->arena, "%s/fw/start.S", j->tools.lib);
    vec_push(&j->inputs, script);
    vec_push(&j->inputs, main_c);
    vec_push(&j->inputs, start);
    vec_push(&j->argv,
             arena_printf(&j->arena, "-Wl,--defsym=WT_BASE=0x%x,--defsym=WT_SIZE=0x%x,-T,%s",
                          base[processor], size[processor], script));
    // The last source decides what the list of dependencies says.
    const char *const sources[] = { "-xassembler-with-cpp", start,  "-xc",
                                    "-std=gnu17",           main_c, "-xnone" };
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) vec_push(&j->argv, sources[i]);
    vec_push(&j->argv, j->tools.libgcc ? j->tools.libgcc : "-lgcc");
    return WT_OK;
}

wt_status_t firmware_build(const DeviceFacts *facts, int processor, KernelImage *image) {
    *image = (KernelImage){ 0 };
    if (processor < 0 || processor >= PROC_COUNT)
        return fail(WT_INVALID, "processor %d does not exist", processor);
    const MemMap *map = toolchain_mem_map(facts->arch);
    if (!map) return fail(WT_INVALID, "no such chip architecture");
    Cache cache;
    Job j = { 0 };
    cache_open(&cache);
    wt_status_t s = toolchain_find(&j.arena, &cache, &j.tools);
    if (!s) s = firmware_job(facts, map, processor, &j);
    if (!s) s = job_build(&j, &cache, false, map, image);
    image->processor = processor;
    job_free(&j);
    cache_close(&cache);
    if (s == WT_COMPILE)
        return err_prefix(WT_INTERNAL, "our own source"); // whatever it is, not the user's
    return s;
}

wt_status_t firmware_build_all(const DeviceFacts *facts, KernelImage images[PROC_COUNT]) {
    return batch_run(&(Batch){ .facts = facts, .images = images, .n = PROC_COUNT });
}

// JAL x0, from 0 to the firmware.
uint32_t firmware_boot_word(KernelArch arch) {
    uint32_t to = toolchain_mem_map(arch)->BRISC_FIRMWARE_BASE;
    return 0x6f | (to >> 12 & 0xff) << 12 | (to >> 11 & 1) << 20 | (to >> 1 & 0x3ff) << 21;
}
