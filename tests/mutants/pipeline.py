"""Mutants of the engine's pipeline."""

from __future__ import annotations

from tests.mutants.mutant import BRANCHES, FRESH, LAYERS, LONG, WINDOWS_ALONE, Mutant, cases

ENGINE = "firmware_ref/src/edgehar_engine.c"
NETWORKS = cases(LAYERS, (0, 1, 3, 4, 6, 7))
STREAMS = cases(LONG, ("3-hop", "7-hop", "21-spread", "39-hop", "80-hop"))
FRESH_STARTS = (FRESH,)
BRANCHED = cases(BRANCHES, ("portable",))
ALONE = cases(WINDOWS_ALONE, ("portable",))

PIPELINE = (
    Mutant(
        "history read one column late",
        ENGINE,
        "column = pipeline->next - now;",
        "column = pipeline->next - now + 1;",
        "off by one in the ring's start",
        STREAMS,
    ),
    Mutant(
        "history wraps to its second column",
        ENGINE,
        "column += column < 0 ? model->history_columns : 0;",
        "column += column < 0 ? model->history_columns : column == 0;",
        "off by one at the ring's end",
        STREAMS,
    ),
    Mutant(
        "input ring one sample short",
        ENGINE,
        "((pipeline->next + 1) % model->history_columns)",
        "((pipeline->next + 1) % (model->history_columns - 1))",
        "a ring of window - 1",
        NETWORKS,
    ),
    Mutant(
        "stride slips by a column",
        ENGINE,
        "consume(model, memory, layer->input, ready * layer->stride,",
        "consume(model, memory, layer->input, ready * layer->stride - (layer->stride > 1),",
        "the phase of a stride moves from block to block",
        NETWORKS,
    ),
    Mutant(
        "second operand a column behind",
        ENGINE,
        "consume(model, memory, layer->second, ready * layer->stride,",
        "consume(model, memory, layer->second, ready * layer->stride - 1,",
        "a residual branch out of step",
        NETWORKS,
    ),
    Mutant(
        "the branch that is ahead decides",
        ENGINE,
        "states[layer->second].count < waiting",
        "states[layer->second].count > waiting",
        "ADD fires before its slower branch has arrived",
        NETWORKS,
    ),
    Mutant(
        "edges keep what is to be passed over",
        ENGINE,
        "        state->skip = edge->lead;\n",
        "",
        "a decision begins with the last one's skip",
        (*NETWORKS, *STREAMS),
    ),
    Mutant(
        "reset leaves the stream's edges",
        ENGINE,
        "clear(model, memory, 0, 0);",
        "clear(model, memory, model->replayed, 0);",
        "old columns behind a reset",
        FRESH_STARTS,
    ),
    Mutant(
        "reset leaves the place in the history",
        ENGINE,
        "memset(memory, 0, sizeof(pipeline_state));",
        ";",
        "memory that is not zero when the stream begins",
        FRESH_STARTS,
    ),
    Mutant(
        "a decision does not start its counts anew",
        ENGINE,
        "(size_t)(model->layer_count - layer) * sizeof(uint16_t)",
        "(size_t)(layer ? 0 : model->layer_count) * sizeof(uint16_t)",
        "the second window's outputs are counted on from the first's",
        STREAMS,
    ),
    Mutant(
        "edges stay as the window before left them",
        ENGINE,
        "clear(model, memory, model->replayed, model->split);",
        "(void)model;",
        "a window in a stream is not as it is alone",
        ALONE,
    ),
    Mutant(
        "blocks that are not full are left",
        ENGINE,
        "while (fire(model, memory, index, 1)) {",
        "while (fire(model, memory, index, 0)) {",
        "the newest columns miss the decision",
        STREAMS,
    ),
    Mutant(
        "last block as wide as all others",
        ENGINE,
        "return layer->outputs != 0 && left < layer->positions ? left : layer->positions;",
        "return layer->outputs != 0 && left < 1 ? left : layer->positions;",
        "the tail block never fires",
        NETWORKS,
    ),
    Mutant(
        "flush begins with the deepest layer",
        ENGINE,
        "for (index = 0; index < model->split; index++) {",
        "for (index = model->split; index-- > 0;) {",
        "flush in the wrong order leaves columns behind",
        STREAMS,
    ),
    Mutant(
        "shallow layers run on",
        ENGINE,
        "index = settled - model->layers[index].settled;",
        "index++;",
        "another order of firing than was planned",
        (*STREAMS, *NETWORKS),
    ),
    Mutant(
        "a layer that took the output is not asked again",
        "edgehar/compile/c/emit.py",
        "settled(index, firing, plan.edges, plan.split, len(plan.firings)),",
        "settled(index, firing, plan.edges, plan.split, len(plan.firings)) + 1,",
        "another order of firing than was planned",
        (*STREAMS, *NETWORKS),
    ),
    Mutant(
        "a column of left padding too few",
        ENGINE,
        "state->count = edge->pad_left;",
        "state->count = (uint16_t)(edge->pad_left - (edge->pad_left > 0));",
        "padding left",
        NETWORKS,
    ),
    Mutant(
        "right padding a column early",
        ENGINE,
        "state->received == edge->inputs",
        "state->received + 1 == edge->inputs",
        "padding right",
        NETWORKS,
    ),
    Mutant(
        "left padding is zero",
        ENGINE,
        "memset(at(memory, edge->offset), edge->pad, EDGEHAR_BYTES((size_t)edge->pad_left",
        "memset(at(memory, edge->offset), 0, EDGEHAR_BYTES((size_t)edge->pad_left",
        "the pad value is the zero point",
        NETWORKS,
    ),
    Mutant(
        "right padding is zero",
        ENGINE,
        "(uint32_t)state->count * edge->channels), edge->pad,",
        "(uint32_t)state->count * edge->channels), 0,",
        "the pad value is the zero point",
        NETWORKS,
    ),
    Mutant(
        "columns between groups stay",
        ENGINE,
        "model->edges[index].drop : 0",
        "0 : 0",
        "what a hop leaves out is not dropped",
        STREAMS,
    ),
    Mutant(
        "what waits is not moved",
        ENGINE,
        "EDGEHAR_COPY(to, to + distance, left);",
        "(void)left;",
        "stale columns at a buffer's front",
        NETWORKS,
    ),
    Mutant(
        "columns yet to come are not passed over",
        ENGINE,
        "state->skip = (uint16_t)(state->skip - passed);",
        "state->skip = 0;",
        "a stride wider than its kernel, or a drop, across blocks",
        (*NETWORKS, *STREAMS),
    ),
    Mutant(
        "the first reader's buffer moves first",
        ENGINE,
        "        spread_out(model, memory, layer->output + 1, layer->output_count - 1, block.out, columns);\n"
        "        deposit(&model->edges[layer->output], &edge_states(memory)[layer->output], memory, columns);\n",
        "        deposit(&model->edges[layer->output], &edge_states(memory)[layer->output], memory, columns);\n"
        "        spread_out(model, memory, layer->output + 1, layer->output_count - 1, block.out, columns);\n",
        "a tensor with two readers is copied after its first copy moved",
        BRANCHED,
    ),
)
