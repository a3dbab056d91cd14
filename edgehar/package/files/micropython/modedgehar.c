/* MicroPython's module `edgehar`: one stream of the model. */
#include "py/obj.h"
#include "py/runtime.h"

#include "edgehar.h"
#include "model_data.h"

static uint32_t edgehar_module_memory[(EDGEHAR_MODEL_MEMORY_BYTES + 3) / 4];
static edgehar edgehar_module_stream;
static const edgehar_config edgehar_module_config =
    EDGEHAR_CONFIG(&edgehar_model_data, EDGEHAR_MODEL_HOP ? EDGEHAR_MODEL_HOP : 20);
static bool edgehar_module_begun;

/* reset(): a new recording begins. */
static mp_obj_t edgehar_module_reset(void)
{
    if (edgehar_init(&edgehar_module_stream, &edgehar_module_config, edgehar_module_memory,
                     sizeof edgehar_module_memory) != EDGEHAR_OK) {
        mp_raise_msg(&mp_type_RuntimeError, MP_ERROR_TEXT("edgehar cannot start"));
    }
    edgehar_module_begun = true;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(edgehar_module_reset_obj, edgehar_module_reset);

/* push(x, y, z[, time_us]), or a value for each of other channels: the label's name where a decision was due, "unsure"
 * among them, else None. */
static mp_obj_t edgehar_module_push(size_t count, const mp_obj_t *arguments)
{
    edgehar_decision decision;
    float sample[EDGEHAR_MODEL_CHANNELS];
    int channel, status;

    if (!edgehar_module_begun) {
        edgehar_module_reset();
    }
    for (channel = 0; channel < EDGEHAR_MODEL_CHANNELS; channel++) {
        sample[channel] = (float)mp_obj_get_float(arguments[channel]);
    }
    status = edgehar_push(&edgehar_module_stream, sample,
                          count > EDGEHAR_MODEL_CHANNELS ? (uint64_t)mp_obj_get_int(arguments[EDGEHAR_MODEL_CHANNELS])
                                                         : EDGEHAR_NO_TIME,
                          &decision);
    if (status != EDGEHAR_DECISION) {
        return mp_const_none;
    }
    return mp_obj_new_str_from_cstr(edgehar_label_name(&edgehar_model_data, decision.label));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(edgehar_module_push_obj, EDGEHAR_MODEL_CHANNELS, EDGEHAR_MODEL_CHANNELS + 1,
                                           edgehar_module_push);

/* labels(): names in the order of the classes. */
static mp_obj_t edgehar_module_labels(void)
{
    mp_obj_t names = mp_obj_new_list(0, NULL);
    int label;
    for (label = 0; label < EDGEHAR_MODEL_CLASSES; label++) {
        mp_obj_list_append(names, mp_obj_new_str_from_cstr(edgehar_label_name(&edgehar_model_data, label)));
    }
    return names;
}
static MP_DEFINE_CONST_FUN_OBJ_0(edgehar_module_labels_obj, edgehar_module_labels);

static const mp_rom_map_elem_t edgehar_module_globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_edgehar)},
    {MP_ROM_QSTR(MP_QSTR_reset), MP_ROM_PTR(&edgehar_module_reset_obj)},
    {MP_ROM_QSTR(MP_QSTR_push), MP_ROM_PTR(&edgehar_module_push_obj)},
    {MP_ROM_QSTR(MP_QSTR_labels), MP_ROM_PTR(&edgehar_module_labels_obj)},
    {MP_ROM_QSTR(MP_QSTR_CHANNELS), MP_ROM_INT(EDGEHAR_MODEL_CHANNELS)},
    {MP_ROM_QSTR(MP_QSTR_WINDOW), MP_ROM_INT(EDGEHAR_MODEL_WINDOW)},
    {MP_ROM_QSTR(MP_QSTR_PERIOD_US), MP_ROM_INT(EDGEHAR_MODEL_PERIOD_US)},
};
static MP_DEFINE_CONST_DICT(edgehar_module_globals, edgehar_module_globals_table);

const mp_obj_module_t edgehar_user_cmodule = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&edgehar_module_globals,
};
MP_REGISTER_MODULE(MP_QSTR_edgehar, edgehar_user_cmodule);
