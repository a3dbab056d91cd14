package org.edgehar.app

import android.Manifest
import android.app.Activity
import android.content.ComponentName
import android.content.Context
import android.content.Intent
import android.content.ServiceConnection
import android.content.pm.PackageManager
import android.os.Build
import android.os.Bundle
import android.os.IBinder
import android.view.View
import android.widget.Button
import android.widget.LinearLayout
import android.widget.ScrollView
import android.widget.TextView
import org.edgehar.core.Decision
import org.edgehar.core.Reason

/** Shows what a [MotionService] decides, and has its buttons. The service goes on without it. */
class MainActivity : Activity(), ServiceConnection, Watcher {
    private lateinit var label: TextView
    private lateinit var why: TextView
    private lateinit var probabilities: TextView
    private lateinit var message: TextView
    private lateinit var toggle: Button
    private lateinit var align: Button
    private lateinit var shows: LinearLayout
    private lateinit var learn: Button
    private lateinit var plain: Button
    private var service: MotionService? = null
    private var labels = emptyList<String>()
    private var running = false

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        label = text(32f)
        label.accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
        why = text(16f)
        why.accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
        probabilities = text(16f)
        message = text(16f)
        message.accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
        toggle = button(getString(R.string.start)) { toggle() }
        align = button(getString(R.string.align)) { service?.align() }
        align.visibility = View.GONE
        shows = LinearLayout(this)
        shows.orientation = LinearLayout.VERTICAL
        learn = button(getString(R.string.learn)) { service?.learn() }
        plain = button(getString(R.string.plain)) { service?.forget() }
        learn.isEnabled = false
        val column = LinearLayout(this)
        column.orientation = LinearLayout.VERTICAL
        for (view in listOf(label, why, probabilities, message, toggle, align, shows, learn, plain)) column.addView(view)
        val page = ScrollView(this)
        page.fitsSystemWindows = true
        page.addView(column)
        setContentView(page)
    }

    private fun text(size: Float): TextView {
        val view = TextView(this)
        view.textSize = size
        return view
    }

    private fun button(name: String, pressed: () -> Unit): Button {
        val view = Button(this)
        view.text = name
        view.setOnClickListener { pressed() }
        return view
    }

    override fun onStart() {
        super.onStart()
        bindService(Intent(this, MotionService::class.java), this, Context.BIND_AUTO_CREATE)
    }

    override fun onStop() {
        service?.watch(null)
        service = null
        unbindService(this)
        super.onStop()
    }

    override fun onServiceConnected(name: ComponentName?, binder: IBinder?) {
        service = (binder as MotionService.Local).service
        service?.watch(this)
    }

    override fun onServiceDisconnected(name: ComponentName?) {
        service = null
    }

    private fun toggle() {
        val asked = missing()
        when {
            running -> service?.stop()
            asked.isEmpty() -> startForegroundService(Intent(this, MotionService::class.java))
            else -> requestPermissions(asked.toTypedArray(), PERMISSIONS)
        }
    }

    /** What a person has to allow, and has not: a service of type "health" needs the first, its notification the other. */
    private fun missing(): List<String> {
        val wanted = ArrayList<String>()
        if (Build.VERSION.SDK_INT >= 29) wanted.add(Manifest.permission.ACTIVITY_RECOGNITION)
        if (Build.VERSION.SDK_INT >= 33) wanted.add(Manifest.permission.POST_NOTIFICATIONS)
        return wanted.filter { checkSelfPermission(it) != PackageManager.PERMISSION_GRANTED }
    }

    override fun onRequestPermissionsResult(requestCode: Int, permissions: Array<String>, grantResults: IntArray) {
        // Without a notification to see it runs all the same; without the right to read motion it may not.
        val refused = missing().contains(Manifest.permission.ACTIVITY_RECOGNITION)
        if (refused) said(getString(R.string.refused)) else startForegroundService(Intent(this, MotionService::class.java))
    }

    override fun ready(labels: List<String>, learns: Boolean, running: Boolean) {
        this.labels = labels
        this.running = running
        toggle.text = getString(if (running) R.string.stop else R.string.start)
        if (!running) {
            label.text = ""
            because(Reason.NONE)
        }
        val visible = if (learns) View.VISIBLE else View.GONE
        for (view in listOf(shows, learn, plain)) view.visibility = visible
        shows.removeAllViews()
        labels.forEachIndexed { index, name ->
            val show = button(getString(R.string.show, name)) { service?.show(index) }
            show.isEnabled = running
            shows.addView(show)
        }
    }

    override fun decided(label: String, decision: Decision) {
        this.label.text = label
        because(decision.reason)
        probabilities.text = labels.indices.joinToString("\n") { "${labels[it]} ${decision.p[it] * 100 / 256} %" }
    }

    /** Why it is unsure, in words; said anew only where it changes, for a screen reader. */
    private fun because(reason: Int) {
        val words = when (reason) {
            Reason.PLACEMENT -> getString(if (align.visibility == View.VISIBLE) R.string.why_turned else R.string.why_worn)
            Reason.SCORE -> getString(R.string.why_score)
            else -> ""
        }
        if (why.text.toString() != words) why.text = words
    }

    override fun aligning(possible: Boolean, waiting: Boolean) {
        align.visibility = if (possible) View.VISIBLE else View.GONE
        align.text = getString(if (waiting) R.string.stop_waiting else R.string.align)
    }

    override fun said(message: String) {
        this.message.text = message
    }

    override fun learnable(kept: Int, canLearn: Boolean) {
        learn.isEnabled = canLearn
        learn.text = getString(R.string.learn_from, kept)
    }

    private companion object {
        const val PERMISSIONS = 1
    }
}
