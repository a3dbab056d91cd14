// The signal and the activities, drawn on canvases.

//: Okabe and Ito's colours, which most colour-blind people tell apart.
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8a8a00", "#7a5195"];
const UNSURE = "#999";

/** A context in CSS pixels, cleared. */
function begin(canvas) {
    const scale = devicePixelRatio, width = canvas.clientWidth, height = canvas.clientHeight;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    return {context, width, height, ink: getComputedStyle(canvas).color};
}

/** samples: [[time µs, [x, y, z]], …]; the newest stands at the right edge. */
export function drawSignal(canvas, samples, seconds) {
    const {context, width, height, ink} = begin(canvas);
    if (!samples.length) {
        return;
    }
    const end = samples.at(-1)[0], reach = Math.max(12, ...samples.flatMap(([, values]) => values.map(Math.abs)));
    const x = (time) => width * (1 - (end - time) / (seconds * 1e6));
    const y = (value) => height / 2 * (1 - value / reach);
    context.strokeStyle = "#8888";
    context.beginPath();
    context.moveTo(0, y(0));
    context.lineTo(width, y(0));
    context.stroke();
    ["x", "y", "z"].forEach((name, axis) => {
        context.strokeStyle = context.fillStyle = COLOURS[axis];
        context.setLineDash([[], [6, 3], [2, 2]][axis]);
        context.beginPath();
        samples.forEach(([time, values], index) => context[index ? "lineTo" : "moveTo"](x(time), y(values[axis])));
        context.stroke();
        context.setLineDash([]);
        context.fillText(name, 8 + 16 * axis, 10);
    });
    context.fillStyle = ink;
    context.fillText(`±${reach.toFixed(0)} m/s²`, 64, 10);
}

/** decisions: [{timeUs, label, reason}, …]; a row for each label and reason of none, a bar for each decision. */
export function drawTimeline(canvas, decisions, labels, {hopUs, seconds, placement}) {
    const {context, width, height, ink} = begin(canvas);
    const names = [...labels, "unsure", ...(placement ? ["worn wrong"] : [])];
    const left = 88, step = height / names.length, end = decisions.at(-1)?.timeUs ?? 0;
    names.forEach((name, row) => {
        context.fillStyle = ink;
        context.fillText(name.slice(0, 12), 4, step * (row + 0.5));
    });
    for (const {timeUs, label, reason} of decisions) {
        const to = width - (width - left) * (end - timeUs) / (seconds * 1e6), wide = (width - left) * hopUs / (seconds * 1e6);
        if (to - wide < left) {
            continue;
        }
        const row = label < 0 ? labels.length + (reason === "placement" ? 1 : 0) : label;
        context.fillStyle = label < 0 ? UNSURE : COLOURS[label % COLOURS.length];
        context.fillRect(to - wide, step * row + 1, wide + 0.5, step - 2);
    }
}
