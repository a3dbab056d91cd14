package android.os;

public final class PowerManager {
    public static final int PARTIAL_WAKE_LOCK = 1;

    public final class WakeLock {
        private boolean held;

        public void acquire(long milliseconds) {
            held = true;
            System.out.println("awake");
        }

        public void release() {
            if (!held) throw new IllegalStateException("under-locked");
            held = false;
            System.out.println("asleep");
        }

        public boolean isHeld() {
            return held;
        }
    }

    public WakeLock newWakeLock(int level, String tag) {
        return new WakeLock();
    }
}
