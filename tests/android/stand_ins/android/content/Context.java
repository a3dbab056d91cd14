package android.content;

import android.content.res.AssetManager;
import android.content.res.Resources;
import java.io.File;

/** A device with the folders that the properties `assets` and `files` name; what it is asked for is printed. */
public class Context {
    public static final int BIND_AUTO_CREATE = 1;
    public static final String SENSOR_SERVICE = "sensor", NOTIFICATION_SERVICE = "notification", POWER_SERVICE = "power";

    public AssetManager getAssets() {
        return new AssetManager();
    }

    public Resources getResources() {
        return new Resources();
    }

    public final String getString(int id, Object... values) {
        return String.format(org.edgehar.app.R.texts[id], values);
    }

    public final String getString(int id) {
        return org.edgehar.app.R.texts[id];
    }

    public File getFilesDir() {
        return new File(System.getProperty("files"));
    }

    public Object getSystemService(String name) {
        return name.equals(SENSOR_SERVICE) ? android.hardware.SensorManager.ONLY
            : name.equals(POWER_SERVICE) ? new android.os.PowerManager() : new android.app.NotificationManager();
    }

    public int checkSelfPermission(String permission) {
        return android.app.Activity.granted.contains(permission) ? 0 : -1;
    }

    public ComponentName startForegroundService(Intent intent) {
        android.app.Service.of(intent).onStartCommand(intent, 0, 1);
        return null;
    }

    public boolean bindService(Intent intent, ServiceConnection connection, int flags) {
        android.os.IBinder binder = android.app.Service.of(intent).onBind(intent);
        android.app.Service.isBound();
        connection.onServiceConnected(null, binder);
        return true;
    }

    public void unbindService(ServiceConnection connection) {
        android.app.Service.unbound();
    }
}
