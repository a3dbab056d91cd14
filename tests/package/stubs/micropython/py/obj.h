/* What the module uses of MicroPython's C API (1.24), so that a compiler checks it without the firmware's sources. */
#ifndef OBJ_H
#define OBJ_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
typedef void *mp_obj_t;
typedef const void *mp_const_obj_t;
typedef mp_const_obj_t mp_rom_obj_t;
typedef struct {
    const void *type;
} mp_obj_base_t;
typedef struct {
    mp_obj_base_t base;
} mp_obj_type_t;
typedef struct {
    mp_obj_base_t base;
} mp_obj_dict_t;
typedef struct {
    mp_obj_base_t base;
    mp_obj_dict_t *globals;
} mp_obj_module_t;
typedef struct {
    mp_rom_obj_t key, value;
} mp_rom_map_elem_t;
extern const mp_obj_type_t mp_type_module, mp_type_RuntimeError;
extern const mp_obj_t mp_stub_none;
#define mp_const_none mp_stub_none
double mp_obj_get_float(mp_obj_t value);
intptr_t mp_obj_get_int(mp_obj_t value);
mp_obj_t mp_obj_new_str_from_cstr(const char *text);
mp_obj_t mp_obj_new_list(size_t count, mp_obj_t *items);
mp_obj_t mp_obj_list_append(mp_obj_t list, mp_obj_t item);
#define MP_DEFINE_CONST_FUN_OBJ_0(name, call) \
    const struct {                            \
        mp_obj_base_t base;                   \
        mp_obj_t (*fun)(void);                \
    } name = {{0}, call}
#define MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(name, least, most, call) \
    const struct {                                                   \
        mp_obj_base_t base;                                          \
        mp_obj_t (*fun)(size_t, const mp_obj_t *);                   \
    } name = {{0}, call}
#define MP_DEFINE_CONST_DICT(name, table) \
    const struct {                        \
        mp_obj_base_t base;               \
        const mp_rom_map_elem_t *all;     \
    } name = {{0}, table}
#define MP_QSTR(text) #text
#define MP_ROM_QSTR(name) ((mp_rom_obj_t)(name))
#define MP_ROM_PTR(pointer) ((mp_rom_obj_t)(pointer))
#define MP_ROM_INT(value) ((mp_rom_obj_t)(intptr_t)(value))
#define MP_QSTR___name__ "__name__"
#define MP_QSTR_edgehar "edgehar"
#define MP_QSTR_reset "reset"
#define MP_QSTR_push "push"
#define MP_QSTR_labels "labels"
#define MP_QSTR_CHANNELS "CHANNELS"
#define MP_QSTR_WINDOW "WINDOW"
#define MP_QSTR_PERIOD_US "PERIOD_US"
#endif
