package org.edgehar.core

/** Label of a decision that is none. */
const val UNSURE = -1

/** What became of a sample: enum edgehar_status of edgehar.h. */
object Status {
    const val OK = 0
    const val DECISION = 1
    const val DUPLICATE = 2
    const val ALIGNED = 7
}

/** Why a label is [UNSURE]: enum edgehar_reason of edgehar.h. */
object Reason {
    const val NONE = 0
    const val SCORE = 1
    const val PLACEMENT = 2
}

/**
 * What the model and the smoothing say of the window that ends at [timeUs].
 *
 * [label] is the label in force, or [UNSURE]; [raw] the class of the largest probability; [reason] why it is unsure,
 * of [Reason]. [scores] are smoothed, units of 1/32768; [p] probabilities, units of 1/256.
 */
class Decision(
    val timeUs: Long, val label: Int, val raw: Int, val reason: Int, val scores: IntArray, val p: IntArray
)

/** A model on a stream of samples at its rate: the C engine, or LiteRT. Not for two threads at once. */
interface Recogniser : AutoCloseable {
    val labels: List<String>
    val window: Int
    val periodUs: Int

    /** The newest; valid where [push] returned [Status.DECISION]. */
    val decision: Decision

    /** Takes x, y, z in m/s², gravity included; returns a [Status] or one of the flushes of edgehar.h. */
    fun push(timeUs: Long, sample: FloatArray): Int

    /** Forgets all samples, and the clock; what walking has told, too. */
    fun reset()

    /** Forgets the window: the next sample does not follow the one before. */
    fun flush(timeUs: Long) = reset()

    override fun close()
}

/** A model that learns a person. */
interface Personal {
    /** Keeps the window of the newest decision as one that shows this label; returns how many are kept. */
    fun remember(label: Int): Int

    fun forget()

    /** The bytes of a profile learned from what is kept. */
    fun adapt(): ByteArray

    /** Uses a profile's bytes from now on; null: the model as it ships. */
    fun setProfile(bytes: ByteArray?)

    /** Whether the model knows a direction to align to. */
    val canAlign: Boolean

    /** Waits for 8 s of walking, turns samples by it, and says [Status.ALIGNED] then; false: no longer. */
    fun align(on: Boolean)

    /** The rotation that walking has told; null: not yet. */
    val aligned: ShortArray?

    /** The profile in use with the rotation in use; null of a model that learns nothing. */
    fun writeProfile(): ByteArray?

    /** Turns samples by a 3 × 3 matrix, row by row, units of 1/16384; null: not at all. */
    fun setRotation(rotation: ShortArray?)
}

/** The engine refused: [status] is negative, of enum edgehar_status. */
class EngineException(val status: Int, doing: String) : RuntimeException(
    "$doing: " + when (status) {
        -1 -> "an argument that is none"
        -2 -> "no room"
        -3 -> "a setting out of its range"
        -4 -> "no profile, or a damaged one"
        -5 -> "a profile of another model, or a model that learns nothing"
        else -> "status $status"
    }
)
