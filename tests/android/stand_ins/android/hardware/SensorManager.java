package android.hardware;

import android.os.Handler;

/** The device's sensors: `listener` is whoever listens now. */
public class SensorManager {
    public static final SensorManager ONLY = new SensorManager();
    public SensorEventListener listener;

    public Sensor getDefaultSensor(int type) {
        return type == Sensor.TYPE_ACCELEROMETER && !Boolean.getBoolean("bare") ? new Sensor() : null;
    }

    public boolean registerListener(SensorEventListener listener, Sensor sensor, int periodUs, int latencyUs, Handler handler) {
        this.listener = listener;
        System.out.println("listens " + periodUs);
        return true;
    }

    public void unregisterListener(SensorEventListener listener) {
        this.listener = null;
        System.out.println("listens not");
    }
}
