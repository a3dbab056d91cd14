package org.edgehar.core

/** The C engine with the model that was compiled into libedgehar_jni.so; cpp/edgehar_jni.c is the other side. */
class Engine(hop: Int? = null) : Recogniser, Personal {
    private val about: IntArray
    private val made: IntArray
    private var handle: Long

    init {
        System.loadLibrary("edgehar_jni")
        about = nativeAbout()
        made = IntArray(3 + 2 * about[CLASSES])
        // A decision a second, unless the model was compiled for a hop of its own.
        val usual = if (about[HOP] != 0) about[HOP] else minOf(about[WINDOW], (1_000_000 + periodUs / 2) / periodUs)
        handle = nativeOpen(hop ?: usual)
        if (handle == 0L) throw EngineException(-3, "cannot begin a stream with hop ${hop ?: usual}")
    }

    override val window get() = about[WINDOW]
    override val periodUs get() = about[PERIOD_US]
    override val labels: List<String> = List(about[CLASSES]) { nativeLabel(it) }
    override lateinit var decision: Decision
        private set

    override fun push(timeUs: Long, sample: FloatArray): Int {
        require(sample.size == 3) { "expected x, y, z, got ${sample.size} values" }
        val status = checked(nativePush(open(), timeUs, sample[0], sample[1], sample[2], made), "cannot take a sample")
        if (status == Status.DECISION) {
            val classes = about[CLASSES]
            val scores = made.copyOfRange(3, 3 + classes)
            val p = made.copyOfRange(3 + classes, 3 + 2 * classes)
            decision = Decision(timeUs, made[0], made[1], made[2], scores, p)
        }
        return status
    }

    override fun reset() = nativeReset(open())

    /** A sample that is none: the engine forgets the window, and not what walking has told. */
    override fun flush(timeUs: Long) {
        push(timeUs, FloatArray(3) { Float.NaN })
    }

    override val canAlign get() = about[ALIGNS] != 0

    override fun align(on: Boolean) {
        checked(nativeAlign(open(), on), "cannot align")
    }

    override val aligned get() = nativeAligned(open())

    override fun writeProfile() = nativeWriteProfile(open())

    override fun remember(label: Int) = checked(nativeRemember(open(), label), "cannot keep this window")

    override fun forget() = nativeForget(open())

    override fun adapt() = nativeAdapt(open()) ?: throw EngineException(-1, "cannot learn from what is kept")

    override fun setProfile(bytes: ByteArray?) {
        checked(nativeSetProfile(open(), bytes), "cannot use this profile")
    }

    override fun setRotation(rotation: ShortArray?) {
        checked(nativeSetRotation(open(), rotation), "cannot turn samples")
    }

    override fun close() {
        if (handle != 0L) nativeClose(handle)
        handle = 0
    }

    private fun open(): Long = handle.also { check(it != 0L) { "the engine is closed" } }

    private fun checked(status: Int, doing: String): Int {
        if (status < 0) throw EngineException(status, doing)
        return status
    }

    private external fun nativeAbout(): IntArray
    private external fun nativeLabel(label: Int): String
    private external fun nativeOpen(hop: Int): Long
    private external fun nativeClose(handle: Long)
    private external fun nativePush(handle: Long, timeUs: Long, x: Float, y: Float, z: Float, made: IntArray): Int
    private external fun nativeReset(handle: Long)
    private external fun nativeRemember(handle: Long, label: Int): Int
    private external fun nativeForget(handle: Long)
    private external fun nativeAdapt(handle: Long): ByteArray?
    private external fun nativeSetProfile(handle: Long, bytes: ByteArray?): Int
    private external fun nativeAlign(handle: Long, on: Boolean): Int
    private external fun nativeAligned(handle: Long): ShortArray?
    private external fun nativeWriteProfile(handle: Long): ByteArray?
    private external fun nativeSetRotation(handle: Long, rotation: ShortArray?): Int

    /** Places in what nativeAbout returns. */
    private companion object {
        const val WINDOW = 0
        const val HOP = 1
        const val CLASSES = 2
        const val PERIOD_US = 3
        const val ALIGNS = 4
    }
}
