package org.edgehar.core

/**
 * From rows of probabilities to a label that does not flicker: edgehar/streaming/smoothing.py with its defaults, an
 * exponential mean, in integers. For LiteRT; the C engine has its own.
 */
class Smoothing(private val classes: Int) {
    private var scores: IntArray? = null
    private var label: Int? = null
    private var age = 0

    fun clear() {
        scores = null
        label = null
        age = 0
    }

    /** Takes probabilities in units of 1/256 of the window that ends at [timeUs]. */
    fun push(timeUs: Long, p: IntArray): Decision {
        require(p.size == classes) { "expected $classes probabilities, got ${p.size}" }
        val before = scores
        val fresh = IntArray(classes) { p[it] shl 7 }
        if (before != null) for (index in fresh.indices) {
            fresh[index] = before[index] + ((fresh[index] - before[index]) * ALPHA shr 8)
        }
        scores = fresh
        val decided = decide(fresh)
        return Decision(timeUs, decided, first(p), if (decided == UNSURE) 1 else 0, fresh, p)
    }

    private fun decide(scores: IntArray): Int {
        var choice = first(scores)
        val best = scores[choice]
        val present = label
        if (best < THRESHOLD) {
            choice = UNSURE
        } else if (present != null && present != UNSURE && choice != present && best - scores[present] < HYSTERESIS) {
            choice = present
        }
        if (present != null && (choice == present || (present != UNSURE && age < MIN_DWELL))) {
            age++
            return present
        }
        label = choice
        age = 1
        return choice
    }

    private companion object {
        const val ALPHA = 128
        const val THRESHOLD = 128 shl 7
        const val HYSTERESIS = 13 shl 7
        const val MIN_DWELL = 2

        /** The place of the largest value, the first of equal ones. */
        fun first(values: IntArray): Int {
            var best = 0
            for (index in values.indices) if (values[index] > values[best]) best = index
            return best
        }
    }
}
