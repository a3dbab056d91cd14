package android.os;

/** Runs what is posted at once: the tests have one thread. */
public class Handler {
    public Handler(Looper looper) {
    }

    public final boolean post(Runnable task) {
        task.run();
        return true;
    }
}
