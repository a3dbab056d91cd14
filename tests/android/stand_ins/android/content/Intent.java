package android.content;

public class Intent {
    public final Class<?> target;

    public Intent(Context context, Class<?> target) {
        this.target = target;
    }
}
