package device

import android.app.Activity
import android.hardware.SensorEvent
import android.hardware.SensorManager
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.TextView
import org.edgehar.app.MainActivity

private fun visible(view: View): List<View> = when {
    view.visibility != View.VISIBLE -> emptyList()
    view is ViewGroup -> (0 until view.childCount).flatMap { visible(view.getChildAt(it)) }
    else -> listOf(view)
}

/** A person's hands and the system's: the activity comes and goes, buttons are pressed, the sensor delivers. */
fun main() {
    val screen = MainActivity()
    screen.perform("create")
    while (true) {
        val line = readLine() ?: break
        val words = line.split(' ', limit = 2)
        val views = visible(screen.content).map { it as TextView }
        when (words[0]) {
            "start", "stop" -> screen.perform(words[0])
            "press" -> views.single { it is Button && it.text.toString() == words[1] }.performClick()
            "look" -> println("sees " + views.joinToString("|") { it.text.toString().replace('\n', ',') })
            "allow" -> Activity.granted.add(words[1])
            else -> {
                val (x, y, z) = words[1].split(' ').map { it.toFloat() }
                SensorManager.ONLY.listener?.onSensorChanged(SensorEvent(words[0].toLong(), x, y, z))
            }
        }
    }
}
