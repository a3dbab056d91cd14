"""Kotlin for a bundle's README: whole files with their imports, which a test compiles as they stand."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

#: The artefact whose `Interpreter` the files use; of LiteRT 1.x, whose classes are in `org.tensorflow.lite`.
ARTEFACT = "com.google.ai.edge.litert:litert:1.4.1"

_ANDROID = Template("""
## Android

Put `$file` and `labels.txt` into `app/src/main/assets/`, and add
`implementation("$artefact")` to `app/build.gradle.kts`. Ask the sensor for
`TYPE_ACCELEROMETER` with a period of $period_us µs. It delivers when it likes: resample to $rate Hz by the event's own
timestamp, and start the window anew after a pause of more than two periods. `ActivityModel.kt`, to which your
package's line is added:

```kotlin
$kotlin
```

It uses that artefact's `Interpreter` (2.x of it has no such class: stay with 1.4), Android's `Context` and the JDK,
nothing else. The project's tests compile it with Kotlin 1.3 against stand-ins for `Interpreter` and `Context`, and run
it on the JVM on the golden windows; Gradle, the Android SDK and LiteRT itself were not part of that.

A whole app is `android_ref/` of the project's sources: sensor, resampler, stream, a service that goes on with the
screen off, and what is learned of a person, over the C engine or LiteRT. `python android_ref/take_model.py` with this
folder puts the model in.
""")

_ASSET = """    /** An asset in a buffer of its own, which needs no setting of the packager. */
    private fun asset(context: Context, name: String): ByteBuffer {
        val content = context.assets.open(name).use { it.readBytes() }
        val buffer = ByteBuffer.allocateDirect(content.size).order(ByteOrder.nativeOrder())
        buffer.put(content).rewind()
        return buffer
    }"""

_INT8 = Template("""import android.content.Context
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.truncate
import org.tensorflow.lite.Interpreter

class ActivityModel(context: Context) : AutoCloseable {
    private val interpreter = Interpreter(asset(context, "$file"), Interpreter.Options().setNumThreads(1))
    private val labels = context.assets.open("labels.txt").bufferedReader().use { it.readLines() }
    private val input = ByteBuffer.allocateDirect($values)
    private val output = Array(1) { ByteArray($classes) }

    /** window: $samples samples of $short, oldest first. Returns the label and its probability. */
    fun classify(window: FloatArray): Pair<String, Float> {
        require(window.size == $values) { "expected $values values, got $${window.size}" }
        input.rewind()
        for (value in window) {
            val steps = value * ${reciprocal}f
            val whole = truncate(steps)
            val rounded = whole + truncate((steps - whole) * 2)  // to the nearest, half away from zero
            input.put((rounded.toInt() + ($zero_point)).coerceIn(-128, 127).toByte())
        }
        input.rewind()
        interpreter.run(input, output)
        var best = 0
        for (index in output[0].indices) if (output[0][index] > output[0][best]) best = index
        return labels[best] to (output[0][best] + 128) / 256f
    }

    override fun close() = interpreter.close()

$asset
}""")

_FLOAT = Template("""import android.content.Context
import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.tensorflow.lite.Interpreter

class ActivityModel(context: Context) : AutoCloseable {
    private val interpreter = Interpreter(asset(context, "$file"), Interpreter.Options().setNumThreads(1))
    private val labels = context.assets.open("labels.txt").bufferedReader().use { it.readLines() }
    private val input = ByteBuffer.allocateDirect(4 * $values).order(ByteOrder.nativeOrder())
    private val output = Array(1) { FloatArray($classes) }

    /** window: $samples samples of $short, oldest first. Returns the label and its probability. */
    fun classify(window: FloatArray): Pair<String, Float> {
        require(window.size == $values) { "expected $values values, got $${window.size}" }
        input.rewind()
        for (value in window) input.putFloat(value)
        input.rewind()
        interpreter.run(input, output)
        var best = 0
        for (index in output[0].indices) if (output[0][index] > output[0][best]) best = index
        return labels[best] to output[0][best]
    }

    override fun close() = interpreter.close()

$asset
}""")

_INCREMENTAL = Template("""import android.content.Context
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.truncate
import org.tensorflow.lite.Interpreter

class IncrementalModel(context: Context) : AutoCloseable {
    private val interpreter = Interpreter(asset(context, "$file"), Interpreter.Options().setNumThreads(1))
    private val samples = ByteBuffer.allocateDirect($hop * $channels)
    private var states = buffers()
    private var next = buffers()
    private val output = Array(1) { ByteArray($classes) }
    private var missing = 0

    init { clear() }

    private fun buffers() = Array($count) { ByteBuffer.allocateDirect(interpreter.getInputTensor(it + 1).numBytes()) }

    /** Call after a gap. */
    fun clear() {
        samples.clear()
        repeat($pad * $channels) { samples.put(0) }
        missing = $window
    }

    /** A sample in $unit. Returns the probability of each label, or null where no decision is due. */
    fun push($kotlin_names): FloatArray? {
        for (value in floatArrayOf($names)) {
            val steps = value * ${reciprocal}f
            val whole = truncate(steps)
            val rounded = whole + truncate((steps - whole) * 2)  // to the nearest, half away from zero
            samples.put((rounded.toInt() + ($zero_point)).coerceIn(-128, 127).toByte())
        }
        if (missing > 0) missing--
        if (samples.hasRemaining()) return null
        val outputs = HashMap<Int, Any>()
        outputs[0] = output
        next.forEachIndexed { index, buffer -> outputs[index + 1] = buffer.apply { rewind() } }
        samples.rewind()
        states.forEach { it.rewind() }
        interpreter.runForMultipleInputsOutputs(arrayOf<Any>(samples, *states), outputs)
        states = next.also { next = states }
        samples.clear()
        return if (missing > 0) null else FloatArray($classes) { (output[0][it] + 128) / 256f }
    }

    override fun close() = interpreter.close()

$asset
}""")


def android_section(known: Mapping[str, str], *, int8: bool) -> str:
    """The section on Android of a whole-window model."""
    kotlin = (_INT8 if int8 else _FLOAT).substitute(known, asset=_ASSET)
    return _ANDROID.substitute(known, kotlin=kotlin, artefact=ARTEFACT)


def incremental_kotlin(known: Mapping[str, str]) -> str:
    """A file that carries an incremental model's state from step to step."""
    return _INCREMENTAL.substitute(known, asset=_ASSET)
