#ifndef RUNTIME_H
#define RUNTIME_H
#include "py/obj.h"
#define MP_ERROR_TEXT(text) (text)
#define MP_REGISTER_MODULE(name, module) extern const mp_obj_module_t module
_Noreturn void mp_raise_msg(const mp_obj_type_t *type, const char *text);
#endif
