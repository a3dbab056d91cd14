/* A plugin for QEMU (on the machine that emulates, not in an image): how often each instruction was executed, and how
 * often each was followed by another than the next. `edgehar/benchmark/executed.py` builds, loads and reads it.
 *
 *     low=ADDRESS high=ADDRESS      the code that is counted
 *     start=ADDRESS stop=ADDRESS    counting begins where the one is executed and ends where the other is
 *     skip=NUMBER                   beginnings that pass without counting
 *     out=PATH                      lines "address executed jumps", written at the end
 *
 * QEMU's header is in no package of Debian's: what is used of its interface is declared here. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef EDGEHAR_PLUGIN_VERSION
#define EDGEHAR_PLUGIN_VERSION 1
#endif

#define EDGEHAR_EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block);
typedef void executed(unsigned int processor, void *data);
typedef void ended(qemu_plugin_id_t id, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translated *callback);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, executed *callback, int flags, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, ended *callback, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

EDGEHAR_EXPORT int qemu_plugin_version = EDGEHAR_PLUGIN_VERSION;
EDGEHAR_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

/* One instruction, in halfwords from `low`. */
typedef struct place {
    uint64_t address, next;
    uint64_t executed, jumps;
} place;

static uint64_t low, high, start, stop, skip;
static const char *out;
static place *places;
static int counting;
static place *before; /* the instruction that was executed last, while counting */

static void on_executed(unsigned int processor, void *data)
{
    place *now = data;
    (void)processor;
    if (now->address == start) {
        if (skip > 0) {
            skip--;
        } else {
            counting = 1;
        }
        before = NULL;
    } else if (now->address == stop) {
        counting = 0;
    }
    if (counting) {
        now->executed++;
        if (before && before->next != now->address) {
            before->jumps++;
        }
        before = now;
    }
}

static void on_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t index = 0; index < qemu_plugin_tb_n_insns(block); index++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, index);
        const uint64_t address = qemu_plugin_insn_vaddr(insn);
        if (address >= low && address < high) {
            place *at = &places[(address - low) / 2];
            at->address = address;
            at->next = address + qemu_plugin_insn_size(insn);
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_executed, 0, at);
        }
    }
}

static void on_ended(qemu_plugin_id_t id, void *data)
{
    FILE *file = fopen(out, "w");
    (void)id;
    (void)data;
    if (!file) {
        perror(out);
        return;
    }
    for (const place *at = places; at < places + (high - low) / 2; at++) {
        if (at->executed) {
            fprintf(file, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", at->address, at->executed, at->jumps);
        }
    }
    fclose(file);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    static const char *const names[] = {"low", "high", "start", "stop", "skip"};
    uint64_t *const values[] = {&low, &high, &start, &stop, &skip};
    (void)info;
    for (int index = 0; index < argc; index++) {
        char *value = strchr(argv[index], '=');
        if (!value) {
            return -1;
        }
        *value++ = 0;
        if (strcmp(argv[index], "out") == 0) {
            out = strdup(value);
        }
        for (size_t name = 0; name < sizeof names / sizeof *names; name++) {
            if (strcmp(argv[index], names[name]) == 0) {
                *values[name] = strtoull(value, NULL, 0);
            }
        }
    }
    places = high > low ? calloc((high - low) / 2, sizeof *places) : NULL;
    if (!places || !out) {
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
    qemu_plugin_register_atexit_cb(id, on_ended, NULL);
    return 0;
}
