package org.edgehar.app

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.app.Service
import android.content.Context
import android.content.Intent
import android.content.pm.ServiceInfo
import android.hardware.Sensor
import android.hardware.SensorEvent
import android.hardware.SensorEventListener
import android.hardware.SensorManager
import android.os.Binder
import android.os.Build
import android.os.Handler
import android.os.HandlerThread
import android.os.IBinder
import android.os.Looper
import android.os.PowerManager
import java.io.File
import java.io.IOException
import org.edgehar.core.Alignment
import org.edgehar.core.Decision
import org.edgehar.core.Engine
import org.edgehar.core.EngineException
import org.edgehar.core.Filters
import org.edgehar.core.LiteRtModel
import org.edgehar.core.Reason
import org.edgehar.core.Recogniser
import org.edgehar.core.Session
import org.edgehar.core.SessionListener
import org.edgehar.core.UNSURE

/** What a [MotionService] tells on the main thread. */
interface Watcher {
    fun ready(labels: List<String>, learns: Boolean, running: Boolean)
    fun decided(label: String, decision: Decision)
    fun said(message: String)
    fun learnable(kept: Int, canLearn: Boolean)

    /** [possible]: whether the model knows a direction to align to. */
    fun aligning(possible: Boolean, waiting: Boolean)
}

/**
 * Reads the accelerometer and decides, with the screen off as well, from start to stop.
 *
 * Model, resampler and sensor events live on one thread; what an activity asks for is posted to it.
 */
class MotionService : Service(), SensorEventListener, SessionListener {
    inner class Local : Binder() {
        val service get() = this@MotionService
    }

    private val main = Handler(Looper.getMainLooper())
    private val thread = HandlerThread("motion")
    private lateinit var worker: Handler
    private lateinit var sensors: SensorManager
    private lateinit var notifications: NotificationManager
    private lateinit var awake: PowerManager.WakeLock
    private var watcher: Watcher? = null

    // Of the worker alone.
    private lateinit var model: Recogniser
    private lateinit var session: Session
    private var running = false
    private var kept = 0
    private var shownLabel = ""

    /** The newest, for a watcher that comes later. */
    private var message = ""

    private val profile get() = File(filesDir, "profile.ehp")

    override fun onCreate() {
        super.onCreate()
        sensors = getSystemService(Context.SENSOR_SERVICE) as SensorManager
        notifications = getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager
        val power = getSystemService(Context.POWER_SERVICE) as PowerManager
        awake = power.newWakeLock(PowerManager.PARTIAL_WAKE_LOCK, "edgehar:motion")
        val name = getString(R.string.channel)
        notifications.createNotificationChannel(
            NotificationChannel(CHANNEL, name, NotificationManager.IMPORTANCE_LOW)
        )
        thread.start()
        worker = Handler(thread.looper)
        worker.post { open() }
    }

    private fun open() {
        val filters = Filters.parse(asset("resampler.txt").toString(Charsets.UTF_8))
        model = if (resources.getBoolean(R.bool.use_litert)) {
            val labels = asset("labels.txt").toString(Charsets.UTF_8).trim().lines()
            LiteRtModel(asset("model_int8.tflite"), labels, filters.modelHz)
        } else {
            Engine()
        }
        // A sensor gives 50 Hz or what it has near to that: its rate is measured.
        session = Session(model, filters, null, this)
        if (session.learns && profile.exists()) use(profile.readBytes())
    }

    private fun asset(name: String) = assets.open(name).use { it.readBytes() }

    /** A profile of another model, or a damaged one, is told, and left where it is. */
    private fun use(bytes: ByteArray?) = try {
        session.use(bytes)
    } catch (error: EngineException) {
        say(error.message.orEmpty())
    }

    override fun onStartCommand(intent: Intent?, flags: Int, startId: Int): Int {
        val notification = notification(getString(R.string.waiting))
        if (Build.VERSION.SDK_INT >= 34) {
            startForeground(NOTIFICATION, notification, ServiceInfo.FOREGROUND_SERVICE_TYPE_HEALTH)
        } else {
            startForeground(NOTIFICATION, notification)
        }
        worker.post { begin() }
        // What the system stops for want of memory, a person starts again: it may not come back by itself.
        return START_NOT_STICKY
    }

    private fun begin() {
        if (running) return
        val sensor = sensors.getDefaultSensor(Sensor.TYPE_ACCELEROMETER)
        if (sensor == null || !sensors.registerListener(this, sensor, PERIOD_US, LATENCY_US, worker)) {
            say(getString(R.string.no_sensor))
            stopSelf()
            return
        }
        session.begin()
        awake.acquire(LONGEST_MS)
        running = true
        tellReady()
    }

    /** Ends the stream; the service goes when no activity is bound to it. */
    fun stop() {
        worker.post { end() }
        stopForeground(STOP_FOREGROUND_REMOVE)
        stopSelf()
    }

    private fun end() {
        if (!running) return
        sensors.unregisterListener(this)
        if (awake.isHeld) awake.release()
        running = false
        shownLabel = ""
        tellReady()
    }

    override fun onDestroy() {
        worker.post {
            end()
            model.close()
        }
        thread.quitSafely()
        super.onDestroy()
    }

    override fun onBind(intent: Intent?): IBinder = Local()

    /** Tell [watcher] from now on; null: nobody. */
    fun watch(watcher: Watcher?) {
        this.watcher = watcher
        if (watcher != null) worker.post {
            tellReady()
            say(message)
        }
    }

    private fun tellReady() {
        val labels = session.labels
        val learns = session.learns
        val now = running
        tell { it.ready(labels, learns, now) }
        tellLearnable()
        tellAligning()
    }

    private fun tellAligning() {
        val possible = session.canAlign
        val waits = session.alignment == Alignment.WAITING
        tell { it.aligning(possible, waits) }
    }

    private fun tellLearnable() {
        val count = kept
        val can = session.canLearn
        tell { it.learnable(count, can) }
    }

    private fun tell(what: (Watcher) -> Unit) {
        main.post { watcher?.let(what) }
    }

    private fun say(text: String) {
        message = text
        tell { it.said(text) }
    }

    override fun onSensorChanged(event: SensorEvent) {
        // Of the events that were on their way when the stream ended, none is taken.
        if (running) session.push(event.timestamp, event.values[0], event.values[1], event.values[2])
    }

    override fun onAccuracyChanged(sensor: Sensor?, accuracy: Int) = Unit

    override fun decided(decision: Decision) {
        val label = if (decision.label == UNSURE) getString(R.string.unsure) else session.labels[decision.label]
        val seen = if (decision.reason == Reason.PLACEMENT) getString(R.string.misplaced) else label
        if (seen != shownLabel) notifications.notify(NOTIFICATION, notification(seen))
        shownLabel = seen
        tell { it.decided(label, decision) }
    }

    override fun flushed(timeUs: Long, reason: String) = say(getString(R.string.flushed, reason))

    override fun remembered(label: Int, count: Int) {
        kept = count
        say(getString(R.string.remembered, session.labels[label]))
        tellLearnable()
    }

    /** Kept at once, for the next time and for a microcontroller. */
    override fun aligned(timeUs: Long, profile: ByteArray?) {
        try {
            if (profile != null) keep(profile)
            say(getString(R.string.aligned))
        } catch (error: RuntimeException) {
            say(error.message.orEmpty())
        } catch (error: IOException) {
            say(error.message.orEmpty())
        }
        kept = 0
        tellLearnable()
        tellAligning()
    }

    /** Beside it first: a profile is there whole, or the one before. */
    private fun keep(bytes: ByteArray) {
        val next = File(filesDir, "profile.new")
        next.writeBytes(bytes)
        check(next.renameTo(profile)) { "cannot write ${profile.name}" }
    }

    /** Waits for walking, to turn samples by it; where it waits already, no longer. */
    fun align() {
        worker.post {
            val on = session.alignment != Alignment.WAITING
            session.align(on)
            say(getString(if (on) R.string.walk else R.string.not_waiting))
            tellAligning()
        }
    }

    /** The next window that lies wholly after now shows this label. */
    fun show(label: Int) {
        worker.post { session.show(label) }
    }

    /** Learns from what was shown, uses it, and keeps it for the next time. */
    fun learn() {
        worker.post {
            try {
                keep(session.learn())
                say(getString(R.string.learned))
            } catch (error: RuntimeException) {
                say(error.message.orEmpty())
            }
            kept = 0
            tellLearnable()
        }
    }

    /** The model as it ships: what was learned is deleted. */
    fun forget() {
        worker.post {
            if (session.canAlign) session.align(false)
            session.use(null)
            session.forget()
            profile.delete()
            kept = 0
            say(getString(R.string.forgotten))
            tellLearnable()
            tellAligning()
        }
    }

    private fun notification(text: String): Notification {
        val open = Intent(this, MainActivity::class.java)
        val tap = PendingIntent.getActivity(this, 0, open, PendingIntent.FLAG_IMMUTABLE)
        return Notification.Builder(this, CHANNEL).setContentTitle(getString(R.string.app_name)).setContentText(text)
            .setSmallIcon(android.R.drawable.ic_menu_compass).setContentIntent(tap).setOngoing(true)
            .setOnlyAlertOnce(true).build()
    }

    private companion object {
        const val CHANNEL = "motion"
        const val NOTIFICATION = 1
        const val PERIOD_US = 20_000

        /** A sensor with a queue may keep samples so long: the processor sleeps in between. */
        const val LATENCY_US = 500_000

        /** A wake lock needs an end: a day. */
        const val LONGEST_MS = 24 * 3_600_000L
    }
}
