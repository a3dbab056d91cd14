package android.app;

import android.content.Context;
import android.content.Intent;
import android.os.IBinder;

/** The system's part: one service at most, there while it is started or bound. */
public abstract class Service extends Context {
    public static final int START_NOT_STICKY = 2, STOP_FOREGROUND_REMOVE = 1;
    private static Service only;
    private static boolean started, bound;

    public static Service of(Intent intent) {
        if (only == null) {
            try {
                only = (Service) intent.target.getDeclaredConstructor().newInstance();
            } catch (ReflectiveOperationException error) {
                throw new IllegalStateException(error);
            }
            only.onCreate();
        }
        return only;
    }

    public static void unbound() {
        bound = false;
        goIfUnused();
    }

    private static void goIfUnused() {
        if (only == null || started || bound) return;
        Service gone = only;
        only = null;
        gone.onDestroy();
        System.out.println("destroyed");
    }

    public void onCreate() {
    }

    public int onStartCommand(Intent intent, int flags, int id) {
        return 0;
    }

    public void onDestroy() {
    }

    public abstract IBinder onBind(Intent intent);

    public final void startForeground(int id, Notification notification) {
        foreground("none");
    }

    public final void startForeground(int id, Notification notification, int type) {
        if (type != 256 || !Activity.granted.contains("android.permission.ACTIVITY_RECOGNITION"))
            throw new SecurityException("health needs a permission of sensors");
        foreground("health");
    }

    private void foreground(String type) {
        started = true;
        System.out.println("foreground " + type);
    }

    public final void stopForeground(int flags) {
        System.out.println("background");
    }

    public final void stopSelf() {
        started = false;
        goIfUnused();
    }

    public static void isBound() {
        bound = true;
    }
}
