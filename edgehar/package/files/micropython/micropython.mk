EDGEHAR_DIR := $(USERMOD_DIR)/src
SRC_USERMOD_C += $(EDGEHAR_DIR)/modedgehar.c
SRC_USERMOD_LIB_C += $(filter-out $(EDGEHAR_DIR)/modedgehar.c,$(wildcard $(EDGEHAR_DIR)/*.c))
SRC_USERMOD_LIB_ASM += $(wildcard $(EDGEHAR_DIR)/*.S)
CFLAGS_USERMOD += -I$(EDGEHAR_DIR) -D@DEFINES@
