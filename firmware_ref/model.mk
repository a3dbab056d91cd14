# The one model of a build, from MODEL into BUILD. A copy is compiled, made anew whenever its text differs: neither another
# folder nor an older file can leave the model before in place. Where the model has a name, model_data.h is an alias.
#
# MODEL, BUILD  as in the Makefile that includes this
# MODEL_SOURCE, MODEL_HEADERS, MODEL_INCLUDES  what it gives
MODEL_HEADER := $(notdir $(wildcard $(MODEL)/*_data.h))
ifneq ($(words $(MODEL_HEADER)),1)
$(error expected one model, NAME_data.h and NAME_data.c, in MODEL=$(MODEL), got $(if $(MODEL_HEADER),$(MODEL_HEADER),none))
endif
MODEL_COPY := $(BUILD)/model
MODEL_SOURCE := $(MODEL_COPY)/$(MODEL_HEADER:.h=.c)
MODEL_HEADERS := $(MODEL_COPY)/$(MODEL_HEADER)
MODEL_INCLUDES := -I$(MODEL_COPY)

.PHONY: FORCE
FORCE:
$(MODEL_COPY)/$(MODEL_HEADER) $(MODEL_SOURCE): $(MODEL_COPY)/%: $(MODEL)/% FORCE
	@mkdir -p $(MODEL_COPY)
	@cmp -s $< $@ || cp $< $@
ifneq ($(MODEL_HEADER),model_data.h)
MODEL_HEADERS += $(MODEL_COPY)/model_data.h
$(MODEL_COPY)/model_data.h: $(MODEL_COPY)/$(MODEL_HEADER)
	@printf '#define EDGEHAR_SOLE_MODEL\n#include "%s"\n' $(MODEL_HEADER) > $@
endif
