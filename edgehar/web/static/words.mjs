// What the page says of a decision and of how the phone is turned.

/** A decision's label in a few words. */
export function nameOf({label, reason}, labels) {
    return labels[label] ?? (reason === "placement" ? "unsure (worn otherwise than trained)" : "unsure (nothing likely)");
}

/** Why a decision is unsure, and what to do about it; nothing where it is not. */
export function becauseOf(reason, model) {
    if (reason === "placement") {
        const turn = model.unalignable ? "" : ", or press “Align by walking” and walk a few seconds";
        return `Worn otherwise than this model was trained: choose another model${turn}.`;
    }
    return reason === "score" ? "No activity is likely enough." : "";
}

/** The angle of a rotation of nine integers in units of 1/16384. */
export function degreesOf(rotation) {
    const cosine = ((rotation[0] + rotation[4] + rotation[8]) / 16384 - 1) / 2;
    return Math.round(Math.acos(Math.min(1, Math.max(-1, cosine))) * 180 / Math.PI);
}

/** How the phone's turn stands: session is of session.mjs, model an entry of models.json. */
export function alignmentOf(session, model) {
    if (model.unalignable) {
        return `Not with ${model.name}: ${model.unalignable}.`;
    }
    if (session.alignment === "waiting") {
        return "Waiting for eight seconds of walking …";
    }
    if (!session.rotation) {
        return "Not aligned: samples are taken as they come.";
    }
    const kept = session.stream.canAdapt ? "; kept in the profile" : "";
    return `Aligned: samples are turned by ${degreesOf(session.rotation)}°${kept}.`;
}
