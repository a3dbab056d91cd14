import java.io.File
import org.edgehar.core.Decision
import org.edgehar.core.Engine
import org.edgehar.core.EngineException
import org.edgehar.core.Filters
import org.edgehar.core.LiteRtModel
import org.edgehar.core.Recogniser
import org.edgehar.core.Session
import org.edgehar.core.SessionListener
import org.edgehar.core.Status

private object Printed : SessionListener {
    override fun decided(decision: Decision) = decision.run {
        println("decision $timeUs $label $raw $reason ${p.joinToString(" ")} ${scores.joinToString(" ")}")
    }

    override fun flushed(timeUs: Long, reason: String) = println("flush $timeUs $reason")
    override fun remembered(label: Int, count: Int) = println("remembered $label $count")
    override fun aligned(timeUs: Long, profile: ByteArray?) =
        println("aligned $timeUs ${profile?.joinToString("") { String.format("%02x", it) }}")
}

/** Prints the samples that reach a model, as the bits of their values. */
private class Samples : Recogniser {
    override val labels = listOf("none")
    override val window = 80
    override val periodUs = 50_000
    override val decision get() = throw IllegalStateException()
    override fun push(timeUs: Long, sample: FloatArray): Int {
        println("sample $timeUs ${sample.joinToString(" ") { it.toRawBits().toString() }}")
        return Status.OK
    }

    override fun reset() = Unit
    override fun close() = Unit
}

/** assets, engine, litert or samples, the sensor's rate or 0; then a line for each event or button. */
fun main(arguments: Array<String>) {
    val (assets, kind, rate) = arguments
    val filters = Filters.parse(File(assets, "resampler.txt").readText())
    val model = if (kind == "engine") Engine() else if (kind == "samples") Samples() else
        LiteRtModel(File(assets, "model_int8.tflite").readBytes(), File(assets, "labels.txt").readLines(), filters.modelHz)
    val session = Session(model, filters, rate.toDouble().takeIf { it > 0 }, Printed)
    println(session.labels.joinToString(" "))
    while (true) {
        val words = (readLine() ?: break).split(' ')
        when (words[0]) {
            "show" -> session.show(session.labels.indexOf(words[1]))
            "learn" -> File(words[1]).writeBytes(session.learn())
            "begin" -> session.begin()
            "align" -> session.align(words[1] == "on")
            "turn" -> (model as Engine).setRotation(ShortArray(9) { words[it + 1].toShort() })
            "use" -> try {
                session.use(if (words[1] == "none") null else File(words[1]).readBytes())
            } catch (error: EngineException) {
                println("refused ${error.status} ${error.message}")
            }
            else -> session.push(words[0].toLong(), words[1].toFloat(), words[2].toFloat(), words[3].toFloat())
        }
    }
    model.close()
}
