package org.edgehar.core

import kotlin.math.floor
import kotlin.math.ln
import kotlin.math.max
import kotlin.math.min

/** A low-pass from one rate to another: up / down, and its taps as far as the middle one. */
class Filter(val up: Int, val down: Int, val half: DoubleArray)

/** What a bundle's model needs of sensors: its rate, and for each rate that a sensor may have, the filter to it. */
class Filters(val modelHz: Double, private val byRate: Map<Double, Filter>) {
    val rates: List<Double> get() = (byRate.keys + modelHz).sorted()

    fun of(rate: Double): Filter? {
        require(rate in rates) { "expected a sensor at ${rates.joinToString()} Hz, got $rate" }
        return byRate[rate]
    }

    /** The rate of the list that is nearest to the median distance of rising times, µs. */
    fun nearestRate(times: List<Long>): Double {
        val steps = times.zipWithNext { before, after -> after - before }.filter { it > 0 }.sorted()
        require(steps.isNotEmpty()) { "expected samples at two times or more" }
        val hz = 1e6 / steps[steps.size / 2]
        return rates.sortedBy { Math.abs(ln(it / hz)) }.first()
    }

    companion object {
        /** The text of assets/resampler.txt: "model HZ", then "HZ UP DOWN TAP TAP …" for each rate of a sensor. */
        fun parse(text: String): Filters {
            val lines = text.trim().lines().map { it.split(' ') }
            require(lines[0].size == 2 && lines[0][0] == "model") { "expected 'model HZ' first in resampler.txt" }
            return Filters(lines[0][1].toDouble(), lines.drop(1).associate { words ->
                val half = DoubleArray(words.size - 3) { words[it + 3].toDouble() }
                words[0].toDouble() to Filter(words[1].toInt(), words[2].toInt(), half)
            })
        }
    }
}

/** A sample of an even grid or of the model's rate. */
internal class Point(val timeUs: Long, val values: DoubleArray)

/** Linear interpolation between the samples that came, at start, start + 1 / rate, …: a sensor delivers when it likes. */
internal class Grid(private val rate: Double) {
    private var last: Point? = null
    private var start = 0L
    private var count = 0L

    fun clear() {
        last = null
        count = 0
    }

    /** Calls [take] for each point of the grid up to this sample. */
    fun push(timeUs: Long, values: DoubleArray, take: (Point) -> Unit) {
        val before = last
        if (before == null) start = timeUs
        while (true) {
            val at = start + floor(count * 1e6 / rate + 0.5).toLong()
            if (at > timeUs) break
            take(if (before == null || at == timeUs) Point(at, values) else between(before, timeUs, values, at))
            count++
        }
        last = Point(timeUs, values)
    }

    private fun between(before: Point, timeUs: Long, values: DoubleArray, at: Long): Point {
        val share = (at - before.timeUs).toDouble() / (timeUs - before.timeUs).toDouble()
        return Point(at, DoubleArray(values.size) { before.values[it] + (values[it] - before.values[it]) * share })
    }
}

/** Samples of an even rate through a [Filter], summed in the order in which Python sums. */
internal class Polyphase(filter: Filter) {
    private val up = filter.up
    private val down = filter.down
    private val reach = (filter.half.size - 1) / up + 1
    private val weights: Array<DoubleArray>
    private val near = ArrayList<Point>()
    private var first = 0L
    private var next = 0L

    init {
        val middle = filter.half.size - 1
        weights = Array(up) { phase ->
            DoubleArray(2 * reach + 1) { column ->
                val tap = middle + phase - (column - reach) * up
                if (tap in 0..2 * middle) filter.half[min(tap, 2 * middle - tap)] else 0.0
            }
        }
        clear()
    }

    fun clear() {
        near.clear()
        first = -reach.toLong()
        next = 0
    }

    /** Calls [take] for each output that can be made now. */
    fun push(point: Point, take: (Long, FloatArray) -> Unit) {
        // The first sample is held before the start: a phone at rest read gravity then as well.
        if (near.isEmpty()) repeat(reach) { near.add(point) }
        near.add(point)
        while (true) {
            val place = next * down
            val phase = (place % up).toInt()
            val row = (place / up - first).toInt()
            if (row + reach >= near.size) break
            val step = near[row + 1].timeUs - near[row].timeUs
            take(near[row].timeUs + step * phase / up, filtered(row, weights[phase]))
            next++
        }
        val done = max(0L, min(next * down / up - first - reach, near.size.toLong())).toInt()
        near.subList(0, done).clear()
        first += done
    }

    private fun filtered(row: Int, weights: DoubleArray): FloatArray {
        val sums = DoubleArray(near[row].values.size) { weights[0] * near[row - reach].values[it] }
        for (index in 1 until weights.size) {
            val values = near[row - reach + index].values
            for (axis in sums.indices) sums[axis] += weights[index] * values[axis]
        }
        return FloatArray(sums.size) { sums[it].toFloat() }
    }
}

/** Takes what a [Resampler] makes. */
interface Sink {
    /** A sample at the model's rate, which the callee may keep. */
    fun take(timeUs: Long, sample: FloatArray)

    /** All samples so far are forgotten: what comes next does not follow them. */
    fun flush(timeUs: Long, reason: String)
}

/**
 * A sensor's samples at the model's rate: the arithmetic of edgehar/streaming/resampler.py in the same order, so that
 * the same events give the same bits. A pause of over two periods of the slower rate, a step back or a value that is
 * not finite begins anew.
 */
class Resampler(fromHz: Double, toHz: Double, filter: Filter?, private val sink: Sink) {
    private val grid = Grid(fromHz)
    private val filter = filter?.let { Polyphase(it) }
    private val longest = 2 * floor(1e6 / min(fromHz, toHz) + 0.5).toLong()
    private var kept: Long? = null

    fun clear() {
        grid.clear()
        filter?.clear()
        kept = null
    }

    fun push(timeUs: Long, x: Float, y: Float, z: Float) {
        val before = kept
        if (!(x.isFinite() && y.isFinite() && z.isFinite())) {
            clear()
            sink.flush(timeUs, "nan")
            return
        }
        if (timeUs == before) return
        if (before != null && (timeUs < before || timeUs - before > longest)) {
            clear()
            sink.flush(timeUs, if (timeUs < before) "backward" else "gap")
        }
        kept = timeUs
        if (filter == null) {
            sink.take(timeUs, floatArrayOf(x, y, z))
            return
        }
        val values = doubleArrayOf(x.toDouble(), y.toDouble(), z.toDouble())
        grid.push(timeUs, values) { point -> filter.push(point, sink::take) }
    }
}
