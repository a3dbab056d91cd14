package org.edgehar.core

/** Is told what becomes of a [Session]'s events. */
interface SessionListener {
    fun decided(decision: Decision)

    /** Samples are forgotten: the window fills anew. [reason] is "gap", "backward", "nan" or the engine's status. */
    fun flushed(timeUs: Long, reason: String)

    /** A window that shows [label] was kept; [count] are. */
    fun remembered(label: Int, count: Int)

    /** Walking has told how samples are turned, from [timeUs] on; [profile] has it, null of a model that has none. */
    fun aligned(timeUs: Long, profile: ByteArray?)
}

/** What a [Session] knows of how the phone is turned. */
enum class Alignment { NONE, WAITING, ALIGNED }

/**
 * One model on one stream of sensor events: resampling, the model, what is remembered of a person.
 *
 * [rate] is the sensor's, Hz; null: it is measured over the first second. Not for two threads at once.
 */
class Session(
    private val model: Recogniser, private val filters: Filters, private val rate: Double?,
    private val listener: SessionListener
) : Sink {
    private class Event(val timeUs: Long, val x: Float, val y: Float, val z: Float)

    private val personal = model as? Personal
    private val waiting = ArrayList<Event>()
    private val shown = HashSet<Int>()
    private var resampler: Resampler? = null
    private var newestUs = 0L
    private var pending = UNSURE
    private var pendingFrom = 0L
    private var profile: ByteArray? = null

    var alignment = Alignment.NONE
        private set

    init {
        require(Math.abs(filters.modelHz * model.periodUs - 1e6) < 1) {
            "expected resampler.txt for a model of ${model.periodUs} µs, got one for ${filters.modelHz} Hz"
        }
        begin()
    }

    val labels get() = model.labels

    /** Whether buttons that show and learn have an effect. */
    val learns get() = personal != null

    /** Whether there is something to tell apart: two activities were shown. */
    val canLearn get() = shown.size > 1

    val canAlign get() = personal?.canAlign == true

    /** A new stream begins, turned as walking told of the one before. */
    fun begin() {
        waiting.clear()
        resampler = rate?.let { resamplerFrom(it) }
        pending = UNSURE
        if (alignment == Alignment.ALIGNED) settle()
        model.reset()
    }

    /** From now on wait for somebody to walk for 8 s, and turn samples by it; false: no longer. */
    fun align(on: Boolean) {
        if (alignment == Alignment.ALIGNED) settle()
        learner().align(on)
        alignment = if (on) Alignment.WAITING else Alignment.NONE
    }

    /** What walking told stays, without waiting for the next. */
    private fun settle() {
        val found = learner().aligned
        learner().align(false)
        if (profile != null) learner().setProfile(profile) else learner().setRotation(found)
        alignment = Alignment.NONE
    }

    private fun turned(timeUs: Long) {
        alignment = Alignment.ALIGNED
        profile = learner().writeProfile()
        // Windows that were shown before were turned otherwise.
        learner().forget()
        shown.clear()
        listener.aligned(timeUs, profile)
    }

    private fun resamplerFrom(hz: Double) = Resampler(hz, filters.modelHz, filters.of(hz), this)

    /** An event of TYPE_ACCELEROMETER: SensorEvent.timestamp, ns, and its three values, m/s². */
    fun push(timestampNs: Long, x: Float, y: Float, z: Float) {
        val timeUs = timestampNs / 1000
        newestUs = timeUs
        val known = resampler
        if (known != null) {
            known.push(timeUs, x, y, z)
            return
        }
        waiting.add(Event(timeUs, x, y, z))
        if (Math.abs(timeUs - waiting[0].timeUs) < 1_000_000) return
        val measured = resamplerFrom(filters.nearestRate(waiting.map { it.timeUs }))
        resampler = measured
        for (event in waiting) measured.push(event.timeUs, event.x, event.y, event.z)
        waiting.clear()
    }

    override fun take(timeUs: Long, sample: FloatArray) {
        val status = model.push(timeUs, sample)
        if (status == Status.DECISION) {
            val decision = model.decision
            keepShown(decision)
            listener.decided(decision)
        } else if (status == Status.ALIGNED) {
            turned(timeUs)
        } else if (status > Status.DUPLICATE) {
            listener.flushed(timeUs, "status $status")
        }
    }

    override fun flush(timeUs: Long, reason: String) {
        model.flush(timeUs)
        listener.flushed(timeUs, reason)
    }

    /** The next window that lies wholly after now shows this label. */
    fun show(label: Int) {
        require(label in labels.indices) { "expected a label of the model, got $label" }
        pending = label
        pendingFrom = newestUs + (model.window - 1L) * model.periodUs
    }

    private fun keepShown(decision: Decision) {
        val label = pending
        if (label == UNSURE || decision.timeUs < pendingFrom) return
        pending = UNSURE
        val count = learner().remember(label)
        shown.add(label)
        listener.remembered(label, count)
    }

    /** The bytes of a profile learned from what was shown; it is in use from now on. */
    fun learn(): ByteArray {
        check(canLearn) { "expected two activities to be shown first" }
        val profile = learner().adapt()
        use(profile)
        forget()
        return profile
    }

    /** Uses a profile's bytes; null: the model as it ships. */
    fun use(profile: ByteArray?) {
        learner().setProfile(profile)
        this.profile = profile
        if (alignment == Alignment.ALIGNED) align(false)
    }

    fun forget() {
        learner().forget()
        shown.clear()
        pending = UNSURE
    }

    private fun learner() = checkNotNull(personal) { "this model learns nothing" }
}
