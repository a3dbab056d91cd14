package org.edgehar.core

import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.truncate
import org.tensorflow.lite.Interpreter

/**
 * The alternative to [Engine]: LiteRT on whole windows of a bundle's model_int8.tflite, with the rules of the stream
 * for samples that a [Resampler] has made. It learns no person, and does not tell how the device is worn.
 */
class LiteRtModel(model: ByteArray, override val labels: List<String>, rateHz: Double, hop: Int? = null) : Recogniser {
    private val interpreter = Interpreter(direct(model), Interpreter.Options().setNumThreads(1))
    private val zeroPoint: Int
    private val reciprocal: Float
    private val newest: ByteArray
    private val input: ByteBuffer
    private val output = Array(1) { ByteArray(labels.size) }
    private val smoothing = Smoothing(labels.size)
    private val hop: Int
    private var due = 0

    override val window: Int
    override val periodUs = Math.round(1e6 / rateHz).toInt()
    override lateinit var decision: Decision
        private set

    init {
        val tensor = interpreter.getInputTensor(0)
        val values = tensor.numBytes()
        require(values % 3 == 0) { "expected a model of x, y and z, got one of $values values" }
        window = values / 3
        this.hop = hop ?: minOf(window, Math.round(rateHz).toInt())
        require(this.hop in 1..window) { "expected a hop of 1 to $window samples, got ${this.hop}" }
        zeroPoint = tensor.quantizationParams().zeroPoint
        reciprocal = 1f / tensor.quantizationParams().scale
        newest = ByteArray(values)
        input = ByteBuffer.allocateDirect(values)
        reset()
    }

    override fun push(timeUs: Long, sample: FloatArray): Int {
        require(sample.size == 3) { "expected x, y, z, got ${sample.size} values" }
        System.arraycopy(newest, 3, newest, 0, newest.size - 3)
        for (axis in 0 until 3) newest[newest.size - 3 + axis] = quantised(sample[axis])
        if (--due > 0) return Status.OK
        due = hop
        input.rewind()
        input.put(newest).rewind()
        interpreter.run(input, output)
        decision = smoothing.push(timeUs, IntArray(labels.size) { output[0][it] + 128 })
        return Status.DECISION
    }

    private fun quantised(value: Float): Byte {
        val steps = (value * reciprocal).coerceIn(-512f, 512f)
        val whole = truncate(steps)
        val rounded = whole + truncate((steps - whole) * 2)  // to the nearest, half away from zero
        return (rounded.toInt() + zeroPoint).coerceIn(-128, 127).toByte()
    }

    override fun reset() {
        due = window
        smoothing.clear()
    }

    override fun close() = interpreter.close()

    private companion object {
        fun direct(content: ByteArray): ByteBuffer {
            val buffer = ByteBuffer.allocateDirect(content.size).order(ByteOrder.nativeOrder())
            buffer.put(content).rewind()
            return buffer
        }
    }
}
