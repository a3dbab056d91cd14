// What is saved and opened: recordings and decisions as CSV, profiles as bytes.

/** Hand a file to the person. */
export function save(name, content, type) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], {type}));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const quoted = (text) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** rows: [[time µs, [x, y, z], label], …]; the first time stands as 0. */
export function recordingCsv(rows) {
    const start = rows.length ? rows[0][0] : 0;
    const lines = rows.map(([time, values, label]) =>
        [((time - start) / 1e6).toFixed(6), ...values.map(String), quoted(label)].join(","));
    return ["time,x,y,z,label", ...lines, ""].join("\n");
}

/** Decisions as they are: integers of the engine. */
export function decisionsCsv(decisions, labels) {
    const head = ["time_us", "label", "raw", "reason", ...labels.map((one) => quoted(`p ${one}`)),
                  ...labels.map((one) => quoted(`score ${one}`))];
    const lines = decisions.map(({timeUs, label, raw, reason, p, scores}) =>
        [timeUs, quoted(labels[label] ?? "unsure"), quoted(labels[raw]), reason ?? "", ...p, ...scores].join(","));
    return [head.join(","), ...lines, ""].join("\n");
}

/** Rows [time µs, [x, y, z], label] of a table with a head; throws an Error that says what is wrong with it. */
export function readRecording(text) {
    const lines = text.split(/\r?\n/).filter((line) => line.trim());
    const head = (lines.shift() ?? "").split(",").map((name) => name.trim().toLowerCase().replaceAll('"', ""));
    const places = ["time", "x", "y", "z"].map((name) => head.indexOf(name));
    if (places.includes(-1)) {
        throw new Error(`expected the columns time, x, y, z in the first line, got ${head.join(", ").slice(0, 80)}`);
    }
    const own = head.indexOf("label");
    return lines.map((line, index) => {
        const cells = line.split(",");
        const [time, ...values] = places.map((place) => Number(cells[place]?.trim() || NaN));
        if (!Number.isFinite(time)) {
            throw new Error(`expected a time in seconds in line ${index + 2}, got ${cells[places[0]] ?? "nothing"}`);
        }
        return [Math.round(time * 1e6), values, own < 0 ? "" : (cells[own] ?? "").trim()];
    });
}
